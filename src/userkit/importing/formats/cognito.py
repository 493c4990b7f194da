"""Cognito: what ``aws cognito-idp list-users`` prints, which has no passwords."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from userkit.importing.person import Person, Record, Row, RowRefusedError
from userkit.importing.reading import Source, people
from userkit.importing.records import json_members
from userkit.importing.values import flag, full_name, moment, text

__all__ = ["read"]

_CUSTOM = "custom:"


def read(source: Source) -> Iterator[Row]:
    """Read the users of a pool."""
    return people(source.through(_members), _person)


def _members(file: IO[bytes]) -> Iterator[Record]:
    return json_members(file, key="Users")


def _person(record: Mapping[str, Any]) -> Person:
    said = _attributes(record)
    custom = {name.removeprefix(_CUSTOM): value for name, value in said.items() if name.startswith(_CUSTOM)}
    return Person(
        email=text(said, "email") or "",
        name=text(said, "name") or full_name(text(said, "given_name"), text(said, "family_name")),
        verified=flag(said, "email_verified", default=False),
        disabled=not flag(record, "Enabled", default=True),
        created_at=moment(record, "UserCreateDate"),
        attributes={"custom": custom} if custom else {},
        source_id=text(said, "sub") or text(record, "Username"),
    )


def _attributes(record: Mapping[str, Any]) -> Mapping[str, Any]:
    pairs = record.get("Attributes")
    if not isinstance(pairs, list) or not all(isinstance(pair, Mapping) for pair in pairs):
        raise RowRefusedError("malformed", "Attributes is not a list of names and values.")
    return {str(pair.get("Name")): pair.get("Value") for pair in pairs}
