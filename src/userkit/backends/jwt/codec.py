"""Signed text and back: what is not exactly as we write it is not read.

The header is compared, not interpreted. Each key signs tokens with one header of its own, so the
text of the header finds the key and its algorithm, or nothing: a token cannot choose an algorithm,
bring a key, or name an extension. Nothing else is parsed before the signature is verified.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from userkit.backends.jwt.keys import ReadyKey
from userkit.errors import UsageError
from userkit.kernel.json import MAX_DEPTH, fit_json

__all__ = ["MAX_LENGTH", "Codec"]

MAX_LENGTH = 8192
"""The longest token, in characters. Web servers accept no longer headers."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Sign claims with one key, and read what any of the keys has signed."""

    signing: ReadyKey
    by_header: Mapping[bytes, ReadyKey]

    @classmethod
    def of(cls, keys: Sequence[ReadyKey]) -> "Codec":
        """Take the keys: the first signs, all verify."""
        return cls(keys[0], {key.header: key for key in keys})

    def encode(self, claims: Mapping[str, Any]) -> str:
        """Return a token with these claims. Raises UsageError when they make it too long."""
        key = self.signing
        text = json.dumps(claims, separators=(",", ":"), allow_nan=False)
        signed = key.header + b"." + _base64url(text.encode())
        signature = key.algorithm.sign(signed, key.private)
        token = (signed + b"." + _base64url(signature)).decode()
        if len(token) > MAX_LENGTH:
            raise UsageError(
                f"The claims make an access token of {len(token)} characters; at most {MAX_LENGTH} fit."
            )
        return token

    def decode(self, token: str, *, now: float) -> dict[str, Any] | None:
        """Return the claims of a genuine token, or None, whatever the text is, in bounded time."""
        if len(token) > MAX_LENGTH:
            return None
        try:
            return self._decode(token.encode("ascii"), now)
        except (ValueError, RecursionError):
            # Not told from where: such errors carry the text that they are about.
            return None

    def _decode(self, token: bytes, now: float) -> dict[str, Any] | None:
        signed, _, signature = token.rpartition(b".")
        header, _, payload = signed.partition(b".")
        key = self.by_header.get(header)
        if key is None or key.is_over(now):
            return None
        if not key.algorithm.verify(signed, key.public, _unbase64url(signature)):
            return None
        return _json_object(_unbase64url(payload))


def _base64url(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def _unbase64url(text: bytes) -> bytes:
    value = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    # The standard library skips what is not of the alphabet, and ignores bits that are left over.
    if _base64url(value) != text:
        raise ValueError("not base64url as we write it")
    return value


def _json_object(payload: bytes) -> dict[str, Any]:
    claims: object = _DECODER.decode(payload.decode())
    if not isinstance(claims, dict):
        raise ValueError("not a JSON object")
    if payload.count(b"{") + payload.count(b"[") > MAX_DEPTH:
        fit_json(claims)  # raises UnfitJSONError, a ValueError, for what is nested too deep
    return claims


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
