"""Hashes that others made are compared with as their makers do."""

import base64
import hmac
import sys
import unicodedata
from typing import Literal

import pytest
from argon2 import PasswordHasher

from tests.passwords import samples
from tests.passwords.samples import FLASK_SECURITY_SALT, Sample
from userkit.backends.passwords.argon2id import Argon2id, _matches
from userkit.backends.passwords.formats import read
from userkit.backends.passwords.formats.base64 import from_base64
from userkit.errors import ConfigurationError, MissingExtraError
from userkit.ports.passwords import Verification

BCRYPT = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
BCRYPT_PASSWORD = "Kk4DQuMMfZL9o"
FIREBASE = next(each for each, _ in samples.of_kratos() if each.encoded.startswith("$firescrypt$"))


def matches(encoded: str, secret: bytes) -> bool | None:
    """Return whether they match, or None if the hash is not read."""
    known = read(encoded, flask_security_salt=FLASK_SECURITY_SALT)
    return None if known is None else known.matches(secret)


@pytest.mark.parametrize(
    "sample", [*samples.generated(), *samples.of_passlib(), *samples.of_bcrypt()], ids=str
)
def test_a_sample_verifies_and_another_password_does_not(sample: Sample) -> None:
    """72, 73 and 200 bytes, NUL, NFC, NFD and spaces: as those who made the hash did it."""
    assert matches(sample.encoded, sample.secret) is True
    if sample.case in ("ascii", *samples.SUPPORTED):  # the others take the same way, at the same cost
        assert matches(sample.encoded, b"x" + sample.secret) is False


def test_the_samples_are_all_there() -> None:
    """A file that is read wrongly would leave nothing to test."""
    assert (len(samples.generated()), len(samples.of_passlib()), len(samples.of_bcrypt())) == (163, 76, 28)
    assert {each.case for each in samples.of_passlib()} == samples.SUPPORTED


@pytest.mark.parametrize(("sample", "expected"), samples.of_kratos(), ids=str)
def test_kratos_and_userkit_agree(sample: Sample, expected: bool) -> None:
    """What is read here matches when it matches there; what Kratos refuses never matches."""
    answer = matches(sample.encoded, sample.secret)
    if answer is None and expected:
        assert sample.encoded.startswith(("{SSHA", "$sha", "$md5", "$hmac"))  # too fast to be kept
    else:
        assert bool(answer) == expected


@pytest.mark.parametrize("sample", samples.of_argon2(), ids=str)
def test_argon2_of_every_variant_and_version(sample: Sample) -> None:
    """The reference implementation's own hashes, up to the ceiling of 256 MiB."""
    if sample.case == "m=2^20":
        assert read(sample.encoded) is None
        return
    assert matches(sample.encoded, sample.secret) is True
    assert matches(sample.encoded, sample.secret + b"x") is False


@pytest.mark.parametrize("place", [0, 7, -1])
def test_one_changed_character_of_a_hash_is_another_hash(place: int) -> None:
    """Of the digest, whose last character has bits that are not used."""
    head, digest = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    assert matches(head + digest, b"password") is True
    for char in "AQgw08":
        other = [*digest]
        other[place] = char
        if "".join(other) != digest:
            assert not matches(head + "".join(other), b"password")


@pytest.mark.parametrize("encoded", samples.malformed())
def test_what_others_call_malformed_is_not_read(encoded: str) -> None:
    """Also when it is nearly right."""
    assert read(encoded) is None


def b64(size: int) -> str:
    return base64.b64encode(bytes(range(size))).decode().rstrip("=")


@pytest.mark.parametrize(
    "encoded",
    [
        f"$argon2id$v=19$m=262144,t=4,p=1${b64(16)}${b64(32)}",
        f"$argon2d$v=16$m=65536,t=16,p=16${b64(8)}${b64(64)}",
        BCRYPT.replace("$04$", "$15$"),
        f"$scrypt$ln=17,r=8,p=4${b64(16)}${b64(64)}",
        f"$scrypt$ln=14,r=64,p=4${b64(16)}${b64(32)}",
        f"$pbkdf2-sha256$i=5000000,l=32${b64(16)}${b64(32)}",
        f"$pbkdf2-sha1$i=1250000,l=64${b64(16)}${b64(64)}",
        f"$pbkdf2-sha512$i=2500000,l=64${b64(16)}${b64(64)}",
    ],
)
def test_the_dearest_that_is_read(encoded: str) -> None:
    """At the ceiling: a second or two of one processor."""
    assert read(encoded) is not None


@pytest.mark.parametrize(
    "encoded",
    [
        f"$argon2id$v=19$m=262145,t=1,p=1${b64(16)}${b64(32)}",
        f"$argon2id$v=19$m=262144,t=5,p=1${b64(16)}${b64(32)}",
        f"$argon2id$v=19$m=65536,t=17,p=1${b64(16)}${b64(32)}",
        f"$argon2id$v=19$m=65536,t=1,p=17${b64(16)}${b64(32)}",
        f"$argon2id$v=19$m=15,t=1,p=2${b64(16)}${b64(32)}",
        f"$argon2id$v=20$m=65536,t=1,p=1${b64(16)}${b64(32)}",
        f"$argon2id$v=19$m=65536,t=1,p=1${b64(7)}${b64(32)}",
        f"$argon2id$v=19$m=65536,t=1,p=1${b64(16)}${b64(15)}",
        f"$argon2id$v=19$m=65536,t=1,p=1${b64(65)}${b64(32)}",
        f"$argon2id$v=19$m=65536,t=1,p=1${b64(16)}${b64(65)}",
        f"$argon2id$v=19$m=65536,t=1,p=1${b64(16)[:-1]}${b64(32)}",
        f"argon2argon2id$v=19$m=65536,t=1,p=1${b64(16)}${b64(32)}",
        BCRYPT.replace("$04$", "$16$"),
        BCRYPT.replace("$04$", "$31$"),
        BCRYPT.replace("$04$", "$03$"),
        BCRYPT.replace("$2b$", "$2x$"),
        BCRYPT[:-1],
        BCRYPT[:28] + "P" + BCRYPT[29:],
        f"$scrypt$ln=18,r=8,p=1${b64(16)}${b64(32)}",
        f"$scrypt$ln=17,r=8,p=5${b64(16)}${b64(32)}",
        f"$scrypt$ln=14,r=8,p=17${b64(16)}${b64(32)}",
        f"$scrypt$ln=14,r=65,p=1${b64(16)}${b64(32)}",
        f"$scrypt$ln=16,r=1,p=1${b64(16)}${b64(32)}",
        f"$scrypt$ln=31,r=8,p=1${b64(16)}${b64(32)}",
        f"$scrypt$ln=16385,r=8,p=1${b64(16)}${b64(32)}",
        f"$scrypt$ln=14,r=8,p=1${b64(16)}${b64(16)}",
        f"$scrypt$ln=14,r=8,p=1${b64(16)[:-1]}${b64(32)}",
        f"scrypt$16384$salt$8$1${b64(32)}",
        f"$firescrypt$ln=14,r=8,p=1$${b64(64)}$Bw==${b64(64)}",
        f"$firescrypt$ln=14,r=8,p=1${b64(16)}${b64(32)}$Bw==${b64(32)}",
        f"$firescrypt$ln=14,r=8,p=1${b64(16)}${b64(64)}$Bw==${b64(32)}",
        f"$firescrypt$ln=99,r=8,p=1${b64(16)}${b64(64)}$Bw==${b64(64)}",
        f"$pbkdf2-sha256$i=5000001,l=32${b64(16)}${b64(32)}",
        f"$pbkdf2-sha512$i=2500001,l=64${b64(16)}${b64(64)}",
        f"$pbkdf2-sha256$i=1000,l=64${b64(16)}${b64(32)}",
        f"$pbkdf2-sha256$i=1000,l=15${b64(16)}${b64(15)}",
        f"$pbkdf2-sha256$i=1000,l=65${b64(16)}${b64(65)}",
        f"$pbkdf2-sha256$i=1000,l=32${b64(16)[:-1]}${b64(32)}",
        f"pbkdf2_sha256$1000$salt${b64(16)}",
        "pbkdf2_sha256$1000$salt$r1uL",
        "pbkdf2:sha256:1000$salt$d00c",
        "pbkdf2:sha256$salt$" + "d0" * 32,
        "flask-security$",
        "flask-security$!",
        f"flask-security$flask-security${BCRYPT}",
    ],
)
def test_what_is_cut_broken_or_too_dear_is_not_read(encoded: str) -> None:
    """A shorter digest would match too much, and a dearer hash could stop the server."""
    assert read(encoded, flask_security_salt=FLASK_SECURITY_SALT) is None


def test_base64_has_one_spelling() -> None:
    """With its padding or without, and no bit set that means nothing."""
    assert from_base64("QQ==") == from_base64("QQ") == b"A"
    assert from_base64("QR==") is from_base64("QQ=") is from_base64("Q") is from_base64("Q Q=") is None
    assert from_base64("..8", plus=".") == b"\xfb\xef"


def test_a_password_typed_in_nfc_opens_what_was_hashed_in_nfd() -> None:
    """Others hashed the bytes as a browser sent them; the sign-in knows only NFC."""
    nfd = next(
        each
        for each in samples.generated()
        if each.case == "unicode_nfd" and each.encoded.startswith("$pbkdf2-sha256$")
    )
    plain = Argon2id()

    typed = unicodedata.normalize("NFC", nfd.secret.decode())
    assert typed.encode() != nfd.secret
    assert plain.verify(typed, nfd.encoded) == Verification(matches=True, outdated=True)


def test_bcrypt_without_bcrypt_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """To the importer as an error, at a sign-in to the log: the person is not let in, nothing breaks."""
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    plain = Argon2id()
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[bcrypt\]"):
        plain.recognises(BCRYPT)
    assert plain.verify(BCRYPT_PASSWORD, BCRYPT) == Verification(matches=False)
    assert "userkit-sdk[bcrypt]" in caplog.text
    assert BCRYPT_PASSWORD not in caplog.text
    assert BCRYPT not in caplog.text


def test_firebase_without_cryptography_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the encryption that Firebase puts on top of scrypt."""
    assert Argon2id().recognises(FIREBASE.encoded)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[crypto\]"):
        Argon2id().recognises(FIREBASE.encoded)


def test_flask_security_without_its_salt_says_what_to_set(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing in such a hash tells the salt."""
    plain = Argon2id()
    with pytest.raises(ConfigurationError, match="USERKIT_ARGON2_FLASK_SECURITY_SALT"):
        plain.recognises(f"flask-security${BCRYPT}")
    assert not plain.verify(BCRYPT_PASSWORD, f"flask-security${BCRYPT}").matches
    assert "SECURITY_PASSWORD_SALT" in caplog.text


def test_flask_security_with_its_salt() -> None:
    """The prefix and the setting together."""
    known = next(each for each in samples.generated() if each.encoded.startswith("flask-security$"))
    plain = Argon2id(flask_security_salt=FLASK_SECURITY_SALT)
    assert plain.recognises(known.encoded)
    assert plain.verify(known.secret.decode(), known.encoded) == Verification(matches=True, outdated=True)
    other = Argon2id(flask_security_salt="another")
    assert not other.verify(known.secret.decode(), known.encoded).matches


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_flask_security_hashed_another_form_of_the_text(form: Literal["NFC", "NFD", "NFKD"]) -> None:
    """NFKD unless it was told otherwise: what was typed in full width was hashed as plain letters."""
    typed = "\N{LATIN SMALL LIGATURE FI}ve e\N{COMBINING ACUTE ACCENT} \N{FULLWIDTH LATIN CAPITAL LETTER A}"
    hashed = unicodedata.normalize(form, typed)
    secret = base64.b64encode(hmac.digest(FLASK_SECURITY_SALT.encode(), hashed.encode(), "sha512"))
    encoded = f"flask-security${PasswordHasher(1, 8, 1).hash(secret)}"
    hasher = Argon2id(flask_security_salt=FLASK_SECURITY_SALT)
    assert hasher.verify(unicodedata.normalize("NFC", typed), encoded).matches
    assert not hasher.verify("five e A", encoded).matches


def test_a_hash_says_nothing_of_itself() -> None:
    """Neither digest nor salt, in a log or a traceback."""
    for sample in (*samples.generated(), FIREBASE):
        shown = repr(read(sample.encoded, flask_security_salt=FLASK_SECURITY_SALT))
        assert sample.encoded[-12:] not in shown
        assert FLASK_SECURITY_SALT not in shown
        assert "b'" not in shown


def test_a_library_that_refuses_a_hash_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    """As a build of OpenSSL without a digest would: it is told to the log, and nothing breaks."""

    class Refused:
        def matches(self, secret: bytes) -> bool:
            raise ValueError("unsupported hash type")

        def prepare(self) -> None:
            pass

    assert not _matches(Refused(), "password")
    assert "a library refuses it" in caplog.text
