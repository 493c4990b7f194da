"""Exports in the documented forms of services, whose people sign in with their passwords."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from argon2.low_level import Type, hash_secret_raw

from tests.importing.importers import PASSWORD, bring, opened, opens, outcomes
from userkit.errors import ConfigurationError

SALT = b"sixteen bytes of"

# The example of Firebase's own library of scrypt, as its console shows parameters.
FIREBASE = """hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}"""


def written(folder: Path, *documents: Any) -> Path:
    path = folder / "export.json"
    path.write_text("\n".join(map(json.dumps, documents)))
    return path


def test_auth0_brings_profiles_and_then_hashes(tmp_path: Path) -> None:
    """The bulk export has no passwords; the export of support is imported afterwards."""
    profile = {
        "user_id": "auth0|60425dc43519d90068f82973",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Lovelace",
        "created_at": "2021-03-05T16:34:12.430Z",
        "user_metadata": {"plan": "pro"},
    }
    blocked = {"user_id": "auth0|2", "email": "b@example.com", "name": "b@example.com", "blocked": True}
    hashes = {
        "_id": {"$oid": "60425dc43519d90068f82973"},
        "email_verified": True,
        "email": "ada@example.com",
        "passwordHash": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
        "password_set_date": {"$date": "2021-03-05T16:34:12.412Z"},
        "connection": "Username-Password-Authentication",
    }
    with opened() as kit:
        assert outcomes(bring(kit, "auth0", written(tmp_path, profile, blocked))) == {"imported": 2}
        assert not opens(kit, "ada@example.com")
        again = bring(kit, "auth0", written(tmp_path, hashes), on_conflict="update")
        assert outcomes(again) == {"updated": 1}
        assert opens(kit, "ada@example.com")
        ada, other = kit.users.get_by_email("ada@example.com"), kit.users.get_by_email("b@example.com")
        assert (ada.name, ada.attributes) == ("Ada Lovelace", {"user_metadata": {"plan": "pro"}})
        assert (other.name, other.is_disabled) == ("b", True)


def test_firebase_needs_the_parameters_of_the_project(tmp_path: Path) -> None:
    """Without them everybody is imported without a password."""
    user = {
        "localId": "x1",
        "email": "ada@example.com",
        "emailVerified": True,
        "displayName": "Ada",
        "passwordHash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SA"
        "yZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        "salt": "42xEC+ixf3L2lw==",
        "createdAt": "1500000000000",
        "customAttributes": '{"admin": true}',
        "providerUserInfo": [],
    }
    path = written(tmp_path, {"users": [user, {"localId": "anonymous", "providerUserInfo": []}]})
    with opened() as kit:
        report = bring(kit, "firebase", path, parameters=FIREBASE)
        assert (outcomes(report), report.reasons) == ({"imported": 1, "refused": 1}, {"no_email": 1})
        assert opens(kit, "ada@example.com", "user1password")
        ada = kit.users.get_by_email("ada@example.com")
        assert (ada.name, ada.attributes) == ("Ada", {"custom_claims": {"admin": True}})
        assert ada.created_at.year == 2017
    with opened() as kit:
        assert bring(kit, "firebase", path).reasons == {"no_email": 1, "unknown_hash": 1}
        with pytest.raises(ConfigurationError, match="base64_signer_key"):
            bring(kit, "firebase", path, parameters="rounds: 8")


def test_cognito_brings_people_without_passwords(tmp_path: Path) -> None:
    """Its attributes are pairs; those of the application are custom."""
    pairs = {
        "sub": "s",
        "email": "ada@example.com",
        "email_verified": "true",
        "name": "Ada",
        "custom:plan": "pro",
    }
    user = {
        "Username": "ada",
        "Attributes": [{"Name": name, "Value": value} for name, value in pairs.items()],
        "UserCreateDate": "2024-05-01T14:30:00.123000+02:00",
        "Enabled": False,
        "UserStatus": "CONFIRMED",
    }
    with opened() as kit:
        report = bring(kit, "cognito", written(tmp_path, {"Users": [user, {"Username": "x"}]}))
        assert report.reasons == {"malformed": 1, "no_hash": 1}
        ada = kit.users.get_by_email("ada@example.com")
        assert (ada.name, ada.attributes, ada.is_disabled) == ("Ada", {"custom": {"plan": "pro"}}, True)
        assert ada.created_at.isoformat() == "2024-05-01T12:30:00.123000+00:00"


def credential(algorithm: str, digest: bytes, rounds: int, **parameters: list[str]) -> dict[str, Any]:
    secret = {
        "value": b64encode(digest).decode(),
        "salt": b64encode(SALT).decode(),
        "additionalParameters": {},
    }
    how = {"hashIterations": rounds, "algorithm": algorithm, "additionalParameters": parameters}
    return {"type": "password", "secretData": json.dumps(secret), "credentialData": json.dumps(how)}


def test_people_of_keycloak_sign_in_as_before(tmp_path: Path) -> None:
    """With argon2 and PBKDF2; other credentials and programs are left out."""
    secret = PASSWORD.encode()
    argon2 = hash_secret_raw(secret, SALT, 5, 7168, 1, 32, Type.ID, 19)
    made = {
        "ada": [
            {"type": "otp"},
            credential(
                "argon2",
                argon2,
                5,
                hashLength=["32"],
                memory=["7168"],
                type=["id"],
                version=["1.3"],
                parallelism=["1"],
            ),
        ],
        "grace": [
            credential("pbkdf2-sha256", hashlib.pbkdf2_hmac("sha256", secret, SALT, 27_500, 64), 27_500)
        ],
        "emmy": [
            credential("pbkdf2-sha512", hashlib.pbkdf2_hmac("sha512", secret, SALT, 30_000, 64), 30_000)
        ],
        "alan": [],
        "barbara": [credential("bcrypt", b"x" * 23, 10)],
        "edsger": [{"type": "password", "secretData": "{", "credentialData": "{}"}],
        "donald": [credential("argon2", argon2, 5, type=["x"])],
    }
    users = [
        {
            "id": name,
            "username": name,
            "email": f"{name}@example.com",
            "emailVerified": True,
            "enabled": True,
            "firstName": name.title(),
            "createdTimestamp": 1_714_566_600_000,
            "attributes": {"phone": ["1"]},
            "credentials": credentials,
        }
        for name, credentials in made.items()
    ]
    program = {"username": "service-account-x", "serviceAccountClientId": "x"}
    realm = {"realm": "shop", "users": [*users, program], "clients": [{"users": []}]}
    with opened() as kit:
        report = bring(kit, "keycloak", written(tmp_path, realm))
        assert (outcomes(report), report.reasons) == ({"imported": 7}, {"no_hash": 1, "unknown_hash": 3})
        for name in ("ada", "grace", "emmy"):
            assert opens(kit, f"{name}@example.com"), name
        ada = kit.users.get_by_email("ada@example.com")
        assert (ada.name, ada.attributes) == ("Ada", {"phone": ["1"], "username": "ada"})
