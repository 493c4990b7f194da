"""A store full of people, quickly: users with passwords, sessions, roles, keys, links and a trail."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from userkit.features.api_keys.model import ApiKey
from userkit.features.audit import AuditEntry
from userkit.features.built_in import built_in
from userkit.features.links.model import Link, link_id
from userkit.features.outbox.model import OutboxEntry
from userkit.features.passwords.model import PasswordCredential
from userkit.features.roles.model import Administrators, RoleAssignment
from userkit.features.sessions.model import Session, SessionKind
from userkit.features.throttling.model import Attempts
from userkit.features.users import User
from userkit.kernel.email import EmailAddress
from userkit.kernel.entity import Entity
from userkit.kernel.ids import UUIDv7, derived_id
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.collection import Collection
from userkit.storage.port import Store

COLLECTIONS: tuple[Collection[Any], ...] = tuple(
    collection for feature in built_in() for collection in feature.collections
)
"""What a kit stores without features of others."""

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_LATER = datetime(2036, 1, 1, tzinfo=UTC)
_NAMES = ("Ada Lovelace", "Grace Hopper", "Edsger Dijkstra", "Åsa Öberg", "Ὑπατία", "李 清照", "O'Neill 🦊")


async def fill(store: Store, users: int, *, realms: Sequence[str] = ("default",)) -> None:
    """Fill a prepared store with this many users, dealt out to the realms in turn."""
    for place, realm in enumerate(realms):
        share = range(place, users, len(realms))
        for kind in (_person, _belongings, _trail):
            rows = (each for number in share for each in kind(realm, number))
            await bulk_loadable(store.realm(realm)).load(rows)
        holders = frozenset({_id(realm, 0, "user")})
        record = Administrators(id=Administrators.id_for(realm, "admin"), holders=holders)
        await bulk_loadable(store.realm(realm)).load([record])


def _person(realm: str, number: int) -> Iterator[Entity]:
    at = _BEGIN + timedelta(seconds=number, milliseconds=number % 1000)
    id = _id(realm, number, "user")
    address = f"person{number}@{realm}.example.com"
    attributes = {"plan": "pro", "number": number, "share": number / 7, "tags": ["ä", None, True, {}]}
    user = User.register(
        id=id,
        address=EmailAddress(typed=address.title(), key=address),
        name=_NAMES[number % len(_NAMES)],
        attributes=attributes,
        now=at,
    )
    claimed = {"email_verified_at": at, "session_epoch": number, "claimed_epoch": number // 2}
    yield user if number % 3 else user.evolve(**claimed)
    yield PasswordCredential(id=id, hash=f"$argon2id${number}", changed_at=at)


def _belongings(realm: str, number: int) -> Iterator[Entity]:
    at = _BEGIN + timedelta(seconds=number)
    id, digest = _id(realm, number, "user"), hashlib.sha256(str(number).encode()).digest()
    yield Session(
        id=_id(realm, number, "session"),
        version=number % 9 + 1,
        user_id=id,
        epoch=number % 5,
        kind=SessionKind.BEARER if number % 2 else SessionKind.OPAQUE,
        methods=frozenset({"password", "totp"} if number % 4 else {"password"}),
        digest=digest,
        created_at=at,
        authenticated_at=at,
        last_used_at=at,
        expires_at=_LATER,
        ends_at=_LATER,
        user_agent="Mozilla/5.0" if number % 2 else None,
        address="192.0.2.7",
    )
    if number % 5 == 0:
        yield RoleAssignment(id=id, roles=frozenset({"editor", "reader"}), active=number % 10 == 0)
        yield ApiKey(
            id=_id(realm, number, "key"),
            user_id=id,
            epoch=number % 5,
            name="build",
            digest=digest,
            scopes=frozenset({"users:read"}),
            created_at=at,
        )
    if number % 7 == 0:
        yield Link(
            id=link_id("email_verification", id),
            purpose="email_verification",
            user_id=id,
            email=f"person{number}@{realm}.example.com",
            digest=digest,
            asked_at=at,
            created_at=at,
            expires_at=_LATER,
        )
    if number % 11 == 0:
        yield Attempts(
            id=derived_id("limit", realm, str(number)),
            limit_name="sign_in",
            since=at,
            count=number,
            delays=0,
            until=None,
            expires_at=_LATER,
        )


def _trail(realm: str, number: int) -> Iterator[Entity]:
    at = _BEGIN + timedelta(seconds=number)
    id = _id(realm, number, "user")
    for event in ("user_registered", "signed_in"):
        facts = {"method": "password", "number": number}
        entry = _id(realm, number, event)
        yield AuditEntry(id=entry, at=at, event=event, user_id=id, address="2001:db8::1", facts=facts)
    if number % 13 == 0:
        payload = {"user_id": id, "deep": [[number]]}
        yield OutboxEntry(
            id=_id(realm, number, "outbox"), topic="mail", payload=payload, created_at=at, due_at=_LATER
        )


def _id(realm: str, number: int, kind: str) -> str:
    """Return an id in the order of the numbers; the same arguments, the same id."""
    moment = _BEGIN + timedelta(seconds=number)
    head = UUIDv7(lambda: moment)()[:13]
    return f"{head}-7{derived_id(realm, str(number), kind)[15:]}"
