"""Texts that somebody sends who wants in: garbage, a good credential with a change, and far too much."""

import base64
from collections.abc import Iterator

__all__ = ["changed", "endless", "garbage"]

_MUCH = 1 << 20

_GARBAGE = (
    " ",
    "\0",
    "\n",
    "\r\nX-Admin: 1",
    "\x1b[31m",
    "\u202e",
    "é",
    "本",
    "\U0001f600",
    "\ud800",  # half of a surrogate pair, which cannot be encoded
    "٣",  # a digit that is not one of ASCII
    "a",
    "null",
    "undefined",
    "true",
    "0",
    "-1",
    "1e999",
    "9" * 400,
    ".",
    "..",
    "....",
    "===",
    "%00",
    "%2e%2e%2f",
    "../../etc/passwd",
    "' OR '1'='1",
    "*)(uid=*))(|(uid=*",
    "{}",
    "[]",
    '{"alg":"none"}',
    "{{7*7}}",
    "${jndi:ldap://localhost/a}",
    "<script>alert(1)</script>",
    "eyJhbGciOiJub25lIn0.e30.",
    "Bearer a",
    "Basic dTpw",
    "00000000-0000-0000-0000-000000000000",
    base64.b64encode(bytes(range(256))).decode(),
    "".join(map(chr, range(1, 256))),
)


def garbage() -> Iterator[str]:
    """Return texts that are nobody's credential."""
    yield from _GARBAGE


def changed(credential: str) -> Iterator[str]:
    """Return every text that is nearly this credential."""
    yield from _as_a_whole(credential)
    for place, character in enumerate(credential):
        before, after = credential[:place], credential[place + 1 :]
        for other in sorted({character.swapcase(), "0", "A", ".", "_", "\0", "é"} - {character}):
            yield before + other + after
        yield before  # the rest is missing
        if character != after[:1]:  # of two that are alike, the other one goes
            yield before + after
        yield f"{before}{character}-{after}"


def endless(credential: str) -> Iterator[str]:
    """Return texts of a million characters that begin as this credential does."""
    for part in ("a", "0", ".", "=", "-", " ", "{", "[", "%00", "é", "a.", credential):
        for beginning in ("", credential, credential[: len(credential) // 2]):
            yield beginning + part * (_MUCH // len(part))


def _as_a_whole(credential: str) -> Iterator[str]:
    for more in ("=", "==", "\n", " ", "\t", ".", "\0", "\u00a0", "0", "a", "é"):
        yield credential + more
        yield more + credential
    yield credential * 2
    yield f"{credential},{credential}"
    yield f"Bearer {credential}"
    yield f'"{credential}"'
    yield "".join(f"%{ord(each):02x}" for each in credential)
    yield from {credential.upper(), credential.lower(), credential.swapcase(), credential[::-1]} - {
        credential
    }
    # Digits and letters that look like those of ASCII, and that some libraries take for them.
    yield "".join(chr(ord(each) + 0xFEE0) if each.isalnum() else each for each in credential)
    yield credential.replace("-", "+").replace("_", "/") if set(credential) & set("-_") else f"+{credential}"
