"""Keycloak: what ``kc.sh export`` writes of a realm, with the hashes of its users."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import IO, Any

from userkit.importing.person import Person, Record, Row, RowRefusedError
from userkit.importing.reading import Source, people
from userkit.importing.records import json_members
from userkit.importing.values import flag, full_name, json_object, of_epoch, text

__all__ = ["read"]

_UNKNOWN = "keycloak"  # which is no hash that anybody understands
_PBKDF2 = {"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}
_ARGON2 = {"id": "argon2id", "i": "argon2i", "d": "argon2d"}
_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_VERSIONS = {"1.3": 19, "1.0": 16}


def read(source: Source) -> Iterator[Row]:
    """Read the users of a realm, or one of the files ``…-users-0.json``."""
    return people(source.through(_members), _person)


def _members(file: IO[bytes]) -> Iterator[Record]:
    return json_members(file, key="users")


def _person(record: Mapping[str, Any]) -> Person | None:
    if text(record, "serviceAccountClientId") is not None:
        return None  # a program
    username, attributes = text(record, "username"), dict(json_object(record, "attributes"))
    return Person(
        email=text(record, "email") or "",
        name=full_name(text(record, "firstName"), text(record, "lastName")),
        verified=flag(record, "emailVerified", default=False),
        disabled=not flag(record, "enabled", default=True),
        password_hash=_password(record.get("credentials")),
        created_at=of_epoch(record, "createdTimestamp"),
        attributes=attributes if username is None else {**attributes, "username": username},
        source_id=text(record, "id"),
    )


def _password(credentials: object) -> str | None:
    """Return the hash among the credentials of a user."""
    if not isinstance(credentials, list):
        return None
    for each in credentials:
        if isinstance(each, Mapping) and each.get("type") == "password":
            try:
                return _hash(json_object(each, "credentialData"), json_object(each, "secretData"))
            except (RowRefusedError, ValueError):
                return _UNKNOWN
    return None


def _hash(how: Mapping[str, Any], secret: Mapping[str, Any]) -> str:
    salt, digest = (_unpadded(text(secret, key)) for key in ("salt", "value"))
    algorithm = text(how, "algorithm")
    rounds = _number(how, "hashIterations")
    if algorithm in _PBKDF2:
        name, length = _PBKDF2[algorithm], len(b64decode(digest + "=="))
        return f"$pbkdf2-{name}$i={rounds},l={length}${salt}${digest}"
    if algorithm == "argon2":
        return _argon2(json_object(how, "additionalParameters"), rounds, salt, digest)
    return _UNKNOWN


def _argon2(parameters: Mapping[str, Any], rounds: str, salt: str, digest: str) -> str:
    # Each parameter is a list of one text.
    said = {
        key: value[0] if isinstance(value, list) and value else value for key, value in parameters.items()
    }
    kind = _ARGON2.get(text(said, "type") or "id")
    version = _VERSIONS.get(text(said, "version") or "1.3")
    if kind is None or version is None:
        return _UNKNOWN
    memory, lanes = _number(said, "memory"), _number(said, "parallelism")
    return f"${kind}$v={version}$m={memory},t={rounds},p={lanes}${salt}${digest}"


def _number(record: Mapping[str, Any], key: str) -> str:
    found = text(record, key) or ""
    if not _NUMBER.fullmatch(found):
        raise ValueError(key)
    return found


def _unpadded(content: str | None) -> str:
    """Return base64 as PHC strings have it. Raises ValueError for anything else."""
    return b64encode(b64decode(content or "", validate=True)).decode().rstrip("=")
