"""Checks of what is stored: addresses that collide, and what has expired and is still there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from userkit.cli.doctor.finding import Finding, fail, judged, ok, skipped
from userkit.cli.doctor.patient import Home, Patient
from userkit.cli.progress import watched
from userkit.errors import InvalidEmailError
from userkit.features.users import User
from userkit.kernel.email import EmailAddress
from userkit.kernel.entity import Entity
from userkit.storage.capabilities import Countable, Purgeable, supports
from userkit.storage.collection import Collection
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.sync import run

__all__ = ["address_findings", "expiry_findings"]

_MOST_REMEMBERED = 10_000
_MOST_TOLD = 3
_OLDEST_LOOKED_AT = 1_000
# Whoever purges once a day is not late.
_OVERDUE = timedelta(days=2)


@dataclass(slots=True)
class _Drift:
    """Users whose stored key is not what their address gives today; as few as are worth remembering."""

    seen: int = 0
    unreadable: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    collisions: list[str] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    count: int = 0


def address_findings(patient: Patient, home: Home) -> Iterator[Finding]:
    """Read users one page after the other, and compare their keys with what is computed today."""
    store, drift = home.store.realm(patient.realm), _Drift()
    users = _entities(store, User, patient.sample)
    for user in watched("addresses", users, total=lambda: _total(store, patient.sample), quiet=patient.quiet):
        drift.seen += 1
        _look(store, user, drift)
    said = f"{drift.seen} users of the realm {patient.realm} were looked at"
    if drift.collisions:
        yield fail(
            "addresses: collisions",
            f"{said}: the same address, for our canonical form, have {_some(drift.collisions)}",
            "Ask their owners which account stays, and give the others another address or delete them.",
        )
    else:
        yield ok("addresses: collisions", f"{said}; no two have the same address")
    if drift.count:
        yield fail(
            "addresses: canonical form",
            f"{drift.count} users are stored by another key than their address has today: "
            + _some(drift.unreadable + drift.others),
            "They cannot sign in with what they typed. Change the address of each to another and back.",
        )
    else:
        yield ok("addresses: canonical form", f"{said}; all are stored as we would store them today")


def expiry_findings(patient: Patient, home: Home, *, now: datetime | None = None) -> Iterator[Finding]:
    """Look for what expired a while ago among the oldest of each kind."""
    moment = now or datetime.now(UTC)
    store = home.store.realm(patient.realm)
    for collection in home.collections:
        if collection.expires is not None:
            yield _expired(store, collection, moment)


def _total(store: Store, most: int | None) -> int | None:
    """Return how many there are to look at, at most, where that can be told."""
    if most is not None or not (isinstance(store, Countable) and supports(store, Countable)):
        return most
    return run(store.count(User))


def _look(store: Store, user: User, drift: _Drift) -> None:
    try:
        key = EmailAddress.parse(user.email).key
    except InvalidEmailError:
        drift.count += 1
        _remember(drift.unreadable, user.id)
        return
    if key == user.email_key:
        return
    drift.count += 1
    _remember(drift.others, user.id)
    holder = next(iter(run(store.find(User, "email_key", key)).items), None)
    # What is stored twice under one key cannot be; what two drifted users both come to can.
    rival = holder.id if holder is not None else drift.taken.get(key)
    if rival is not None:
        _remember(drift.collisions, f"{rival} and {user.id}")
    elif len(drift.taken) < _MOST_REMEMBERED:
        drift.taken[key] = user.id


def _remember(names: list[str], name: str) -> None:
    if len(names) <= _MOST_TOLD:
        names.append(name)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST_TOLD]) + (" and others" if len(names) > _MOST_TOLD else "")


def _entities(store: Store, entity: type[Any], most: int | None) -> Iterator[Any]:
    """Yield the oldest entities of a kind, a page at a time."""
    after, left = None, most
    while left is None or left > 0:
        size = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
        page = run(store.find(entity, after=after, limit=size))
        yield from page.items
        after, left = page.next, None if left is None else left - len(page.items)
        if after is None:
            return


def _expired(store: Store, collection: Collection[Any], now: datetime) -> Finding:
    check = f"expired: {collection.name}"
    if not supports(store, Purgeable):
        return skipped(check, "this store cleans up by itself, or cannot")
    found = list(_entities(store, collection.entity, _OLDEST_LOOKED_AT))
    late = [each for each in found if _is_late(each, str(collection.expires), now)]
    return judged(
        check,
        f"{len(late)} of the {len(found)} oldest are over for two days and more",
        well=not late,
        advice=_HOW.get(
            collection.name, "Purge what has expired once a day, as the page of its feature says."
        ),
    )


def _is_late(entity: Entity, field: str, now: datetime) -> bool:
    ends: datetime | None = getattr(entity, field)
    return ends is not None and ends < now - _OVERDUE


_HOW = {
    "audit": "Run `userkit audit purge` once a day.",
    "sessions": "Call kit.sessions.purge() once a day.",
    "links": "Call kit[links()].purge() once a day (from userkit.features.links import links).",
    "api_keys": "Call kit.api_keys.purge() once a day.",
    "rate_limits": "Call kit.throttling.purge() once a day.",
}
