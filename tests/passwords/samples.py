"""Hashes that others made, with the passwords behind them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent.parent / "vectors"
FLASK_SECURITY_SALT = "flask-security-password-salt"

# Kinds of which the files hold samples, and which userkit reads.
SUPPORTED = {
    "argon2",
    "bcrypt",
    "bcrypt_sha256",
    "django_argon2",
    "django_bcrypt",
    "django_bcrypt_sha256",
    "django_pbkdf2_sha1",
    "django_pbkdf2_sha256",
    "pbkdf2_sha1",
    "pbkdf2_sha256",
    "pbkdf2_sha512",
    "scrypt",
}


@dataclass(frozen=True)
class Sample:
    """One password as bytes, and its hash."""

    made_with: str
    case: str
    secret: bytes
    encoded: str

    def __str__(self) -> str:
        return f"{self.made_with} {self.case} {self.encoded[:24]}"


def load(*path: str) -> Any:
    return json.loads(VECTORS.joinpath(*path).read_text(encoding="utf-8"))


def generated() -> list[Sample]:
    """Return what Django, Werkzeug, passlib, pwdlib and Flask-Security made, without crypt(3) and '!'."""
    samples = []
    for name in ("generated_bcrypt4_passlib_flasksecurity", "generated_django_werkzeug_argon2_pwdlib"):
        for row in load("password_hash_samples", f"{name}.json"):
            encoded = row["encoded"]
            if encoded is None or encoded.startswith(("$5$", "$6$", "!")):
                continue
            marked = f"flask-security${encoded}" if row["made_with"].startswith("Flask-Security") else encoded
            made_with = f"{row['made_with'].split()[0]} {row['algorithm']}"
            secret = bytes.fromhex(row["password_utf8_hex"]) if row["password_utf8_hex"] else b""
            samples.append(Sample(made_with, row["case"], secret, marked))
    return samples


def of_passlib() -> list[Sample]:
    """Return the hashes that passlib knows to be right, of the kinds that are read."""
    return [
        Sample("passlib", kind, _secret(password), encoded)
        for kind, known in load("password_hash_samples", "passlib_known_hashes.json").items()
        if kind in SUPPORTED
        for password, encoded in known["known_correct_hashes"]
    ]


def of_bcrypt() -> list[Sample]:
    """Return the vectors of bcrypt's own tests."""
    rows = load("password_hash_samples", "bcrypt_vectors.json")
    return [
        Sample("bcrypt", name, _secret(password), encoded)
        for name in rows
        for password, _, encoded in rows[name]
    ]


def of_kratos() -> list[tuple[Sample, bool]]:
    """Return what Kratos compares, and whether it says that they match."""
    rows = load("password_hash_samples", "kratos_compare_cases.json")
    return [
        (Sample("Kratos", expected, password.encode(), encoded), expected == "match")
        for password, encoded, expected in dict.fromkeys(
            (row["password"], row["hash"], row["expected"]) for row in rows
        )
    ]


def of_argon2() -> list[Sample]:
    """Return the encoded hashes of argon2's reference implementation."""
    rows = load("argon2_kat", "encoded_hashes_from_test_c.json")
    return [
        Sample(row["type"], f"m=2^{row['m_log2']}", row["password"].encode(), row["encoded"]) for row in rows
    ]


def malformed() -> list[str]:
    """Return what passlib knows to be no hash of a kind, and argon2 cannot decode."""
    known = load("password_hash_samples", "passlib_known_hashes.json").values()
    of_passlib = [text for each in known for text in each["known_malformed_hashes"]]
    of_argon2 = [
        row["encoded"]
        for row in load("argon2_kat", "malformed_encoded_verify_calls.json")
        if row["expected"] != "ARGON2_VERIFY_MISMATCH"
    ]
    return [*of_passlib, *of_argon2]


def _secret(password: str | dict[str, str]) -> bytes:
    return bytes.fromhex(password["hex"]) if isinstance(password, dict) else password.encode()
