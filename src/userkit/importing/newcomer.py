"""People who are about to be users: everything that can be checked without a store."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from userkit.errors import InvalidAttributesError, InvalidEmailError, InvalidNameError
from userkit.features.passwords.model import PasswordCredential
from userkit.features.users.attributes import AttributesRule
from userkit.features.users.model import User
from userkit.importing.person import Person, RowRefusedError
from userkit.kernel.clock import Clock
from userkit.kernel.email import EmailAddress
from userkit.kernel.ids import text_of_id
from userkit.kernel.json import JSONObject
from userkit.kernel.name import clean_name
from userkit.ports.passwords import PasswordHasher

__all__ = ["Enlisting", "Newcomer", "checked"]

_1970 = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A user who is not stored yet. ``lacks`` is why there is no credential, or None."""

    line: int
    person: Person
    user: User
    credential: PasswordCredential | None = field(repr=False)
    lacks: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlisting:
    """Make users of people, the same ids for the same people.

    The id begins with when the account was made, so that users stay in the order of their registration;
    those of whom nobody knows come first. The rest follows from the address and ``key``, which is
    secret, so that nobody guesses an id.
    """

    now: Clock
    key: bytes = field(repr=False)
    realm: str
    hasher: PasswordHasher
    attributes: AttributesRule
    require_password: bool = False

    def address(self, person: Person) -> EmailAddress:
        """Return the address of a person. Raises RowRefusedError."""
        if not person.email:
            raise _refused("no_email", "There is no e-mail address.", person)
        try:
            return EmailAddress.parse(person.email)
        except InvalidEmailError:
            raise _refused("email", "This is not one e-mail address.", person) from None

    def __call__(self, line: int, person: Person, address: EmailAddress) -> Newcomer:
        """Return the user whom a person becomes. Raises RowRefusedError.

        Raises ConfigurationError when only a package or a setting is missing to read the hash.
        """
        now = self.now()
        known = person.created_at is not None and _1970 <= person.created_at <= now
        created = person.created_at if known else None
        user = User(
            id=self._id(address.key, created),
            email=address.typed,
            email_key=address.key,
            email_verified_at=now if person.verified else None,
            name=_name(person, address),
            disabled_at=now if person.disabled else None,
            attributes=self._attributes(person),
            created_at=created or now,
            updated_at=now,
        )
        encoded, lacks = self._password(person)
        if lacks is not None and self.require_password:
            raise _refused(lacks, "There is no password hash that userkit understands.", person)
        credential = None if encoded is None else PasswordCredential(id=user.id, hash=encoded, changed_at=now)
        return Newcomer(line=line, person=person, user=user, credential=credential, lacks=lacks)

    def _id(self, email_key: str, created: datetime | None) -> str:
        digest = hmac.digest(self.key, f"{self.realm}\0{email_key}".encode(), "sha256")
        milliseconds = 0 if created is None else round(created.timestamp() * 1000)
        bits = milliseconds << 80 | int.from_bytes(digest[:10], "big")
        bits = bits & ~(0xF << 76) | 0x7 << 76
        return text_of_id((bits & ~(0b11 << 62) | 0b10 << 62).to_bytes(16, "big"))

    def _attributes(self, person: Person) -> JSONObject:
        return checked(self.attributes, person.attributes, person)

    def _password(self, person: Person) -> tuple[str | None, str | None]:
        encoded = person.password_hash
        if encoded is None:
            return None, "no_hash"
        return (encoded, None) if self.hasher.recognises(encoded) else (None, "unknown_hash")


def checked(rule: AttributesRule, attributes: Mapping[str, Any], person: Person) -> JSONObject:
    """Return attributes that the application accepts. Raises RowRefusedError."""
    try:
        return rule.check(attributes)
    except InvalidAttributesError as error:
        raise _refused("attributes", error.detail, person) from None


def _name(person: Person, address: EmailAddress) -> str:
    try:
        return clean_name(person.name or address.typed.rpartition("@")[0])
    except InvalidNameError as error:
        raise _refused("name", error.detail, person) from None


def _refused(reason: str, detail: str, person: Person) -> RowRefusedError:
    return RowRefusedError(reason, detail, source_id=person.source_id)
