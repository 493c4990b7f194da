"""Keys are parsed once, checked at the start, and compute what the standards say."""

import base64
import gc
import subprocess
import sys
import traceback
import weakref
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from tests.tokens.world import ALGORITHMS, SHARED, World, key, pem, private_pem, public_pem, shared_key
from userkit.backends.jwt.keys import ReadyKey, ready_keys
from userkit.errors import ConfigurationError, WeakSecretError
from userkit.ports.tokens import KeySet, SigningAlgorithm, SigningKey, TokenSettings


def ready(algorithm: SigningAlgorithm, material: str | bytes) -> ReadyKey:
    (one,) = ready_keys(KeySet(SigningKey(kid="a", algorithm=algorithm, material=material)))
    return one


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_are_parsed_once(algorithm: SigningAlgorithm) -> None:
    """However many realms make a backend of them; an RSA key costs as much as a hundred signatures."""
    settings = TokenSettings(keys=KeySet(key(algorithm)))
    one, other = World(settings, realm="acme"), World(settings, realm="globex")
    assert one.auth.keys is other.auth.keys


def test_parsed_keys_are_gone_with_their_set() -> None:
    """What remembers them does not hold on to a private key."""
    keys = KeySet(key("ES256"))
    ready_keys(keys)
    held = weakref.ref(keys)
    del keys
    gc.collect()
    assert held() is None


@pytest.mark.parametrize(
    ("algorithm", "of", "needs"),
    [
        ("RS256", "ES256", "an RSA key"),
        ("RS256", "EdDSA", "an RSA key"),
        ("ES256", "RS256", "an EC key on P-256"),
        ("ES256", "EdDSA", "an EC key on P-256"),
        ("ES256", "P-384", "an EC key on P-256"),
        ("ES256", "secp256k1", "an EC key on P-256"),
        ("EdDSA", "RS256", "an Ed25519 key"),
        ("EdDSA", "ES256", "an Ed25519 key"),
    ],
)
def test_a_key_fits_its_algorithm(algorithm: SigningAlgorithm, of: str, needs: str) -> None:
    """Private or public."""
    for material in (pem(of), public_pem(pem(of))):
        with pytest.raises(ConfigurationError, match=f"The key a: {algorithm} needs {needs}"):
            ready(algorithm, material)


def test_a_short_rsa_key_is_weak() -> None:
    """Private or public."""
    for material in (pem("RSA-1024"), public_pem(pem("RSA-1024"))):
        with pytest.raises(WeakSecretError, match="has 1024 bits; an RSA key needs at least 2048"):
            ready("RS256", material)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_public_key_cannot_sign(algorithm: SigningAlgorithm) -> None:
    """As the first of a set it would."""
    with pytest.raises(ConfigurationError, match="The key a is public, but the first key of a set signs"):
        ready(algorithm, public_pem(pem(algorithm)))


def encrypted(key: Any) -> bytes:
    value: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    return value


@pytest.mark.parametrize(
    "material",
    [
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----",
        pem("ES256")[:-40],
        pem("ES256")[:100] + "!" + pem("ES256")[101:],
        encrypted(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["private", "public", "certificate", "no end", "cut", "damaged", "encrypted"],
)
def test_what_is_no_key_is_refused_without_repeating_it(material: str | bytes) -> None:
    """The sentence says what is read."""
    with pytest.raises(ConfigurationError, match="The key a cannot be read") as caught:
        ready("ES256", material)
    told = "".join(traceback.format_exception(caught.value))
    assert pem("ES256").splitlines()[1][:16] not in told


def test_an_asymmetric_key_in_another_wrapping_is_no_shared_secret() -> None:
    """DER and JWK are as public as PEM is."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = '{"kty": "oct", "k": "AyM1SysPpbyfgZld3umj1qzKObwVMkoqQ"}'
    for material in (der, jwk):
        with pytest.raises(ConfigurationError, match="no secret for HS256"):
            ready("HS256", material)


def test_a_ready_key_does_not_show_itself() -> None:
    """Neither the bytes of a shared secret nor the numbers of a private key."""
    shown = repr(ready("HS256", SHARED)) + repr(ready("EdDSA", pem("EdDSA")))
    assert repr(SHARED) not in shown
    assert "private" not in shown.lower()


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_hs256_is_what_rfc_7515_shows() -> None:
    """Appendix A.1: the key, what is signed, and the signature."""
    secret = unbase64url(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    )
    message = (
        b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = unbase64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    known = ready("HS256", secret)
    assert known.algorithm.sign(message, known.private) == signature
    assert known.algorithm.verify(message, known.public, signature)
    assert known.jwk is None


def test_eddsa_is_what_rfc_8037_shows() -> None:
    """Appendix A.1 to A.4: the key, its public half as a JWK, what is signed, and the signature."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(
        unbase64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    )
    message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = unbase64url(
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )
    known = ready("EdDSA", private_pem(private))
    assert known.algorithm.sign(message, known.private) == signature
    assert known.algorithm.verify(message, known.public, signature)
    assert known.jwk == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "a",
        "use": "sig",
        "alg": "EdDSA",
    }


_WITHOUT_CRYPTOGRAPHY = """
import sys


class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "cryptography":
            raise ModuleNotFoundError("No module named 'cryptography'", name="cryptography")


sys.meta_path.insert(0, Gone())

from userkit.backends.jwt.keys import ready_keys
from userkit.errors import MissingExtraError
from userkit.ports.tokens import KeySet, SigningKey

ready_keys(KeySet(SigningKey(kid="a", algorithm="HS256", material=bytes(range(32)))))
try:
    ready_keys(KeySet(SigningKey(kid="a", algorithm="ES256", material=sys.stdin.read())))
except MissingExtraError as error:
    print(error)
"""


def test_without_cryptography_shared_secrets_work_and_others_name_their_extra() -> None:
    """Nobody has to guess which package is missing."""
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_CRYPTOGRAPHY],
        check=True,
        input=pem("ES256"),
        capture_output=True,
        text=True,
    )
    expected = "cryptography is not installed, and ES256 needs it: pip install 'userkit-sdk[crypto]'\n"
    assert done.stdout == expected


def test_a_set_of_several_kinds_is_ready_in_its_order() -> None:
    """Public keys may follow the one that signs."""
    keys = KeySet(
        key("ES256", "new"),
        SigningKey(kid="old", algorithm="RS256", material=public_pem(pem("RS256"))),
        shared_key("older"),
    )
    new, old, older = ready_keys(keys)
    assert [new.kid, old.kid, older.kid] == ["new", "old", "older"]
    assert (new.private is not None, old.private) == (True, None)
