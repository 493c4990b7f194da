"""Firebase: what ``firebase auth:export`` writes as JSON."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import IO, Any

from userkit.errors import ConfigurationError
from userkit.importing.person import Person, Record, Row
from userkit.importing.reading import Source, people
from userkit.importing.records import json_members
from userkit.importing.values import flag, json_object, of_epoch, text

__all__ = ["read"]

_PARAMETER = re.compile(r'"?(\w+)"?\s*:\s*"?([A-Za-z0-9+/=_-]+)"?')
_NEEDED = ("base64_signer_key", "base64_salt_separator", "rounds", "mem_cost")


def read(source: Source) -> Iterator[Row]:
    """Read the users of a project; its parameters make hashes that can be compared with.

    Raises ConfigurationError for parameters that are not whole.
    """
    ending = None if source.parameters is None else _parameters(source.parameters)
    return people(source.through(_members), partial(_person, parameters=ending))


def _members(file: IO[bytes]) -> Iterator[Record]:
    return json_members(file, key="users")


def _parameters(shown: str) -> Mapping[str, str]:
    found = dict(_PARAMETER.findall(shown))
    if found.get("algorithm", "SCRYPT") != "SCRYPT" or not found.keys() >= set(_NEEDED):
        raise ConfigurationError(f"The hash parameters must hold {', '.join(_NEEDED)}, for SCRYPT.")
    return found


def _person(record: Mapping[str, Any], *, parameters: Mapping[str, str] | None) -> Person:
    claims = json_object(record, "customAttributes")
    return Person(
        email=text(record, "email") or "",
        name=text(record, "displayName"),
        verified=flag(record, "emailVerified", default=False),
        disabled=flag(record, "disabled", default=False),
        password_hash=_hash(text(record, "passwordHash"), text(record, "salt"), parameters),
        created_at=of_epoch(record, "createdAt"),
        attributes={"custom_claims": claims} if claims else {},
        source_id=text(record, "localId"),
    )


def _hash(encoded: str | None, salt: str | None, parameters: Mapping[str, str] | None) -> str | None:
    if encoded is None or salt is None:
        return encoded
    if parameters is None:
        return "firebase"  # which nobody understands without its parameters
    key, separator, rounds, cost = (parameters[name] for name in _NEEDED)
    whole = f"$firescrypt$ln={cost},r={rounds},p=1${salt}${encoded}${separator}${key}"
    return whole.replace("-", "+").replace("_", "/")  # the Admin SDK spells base64 as in URLs
