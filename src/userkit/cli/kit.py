"""A kit for a command, made of what the environment says, and what such commands share."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer

from userkit.errors import UserNotFoundError
from userkit.feature import Feature, Parts
from userkit.features.email_verification import EmailVerified
from userkit.features.users import User
from userkit.kernel.clock import Clock
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from
from userkit.kit import SyncUserKit
from userkit.plugins.advice import userkit_version
from userkit.storage.capabilities import Countable, supports
from userkit.storage.journal import Journal
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.sync import run, synced

__all__ = [
    "BEHIND",
    "CONFIRMING",
    "SCHEMA",
    "After",
    "AsJson",
    "Behind",
    "DryRun",
    "Limit",
    "Realm",
    "TakeForConfirmed",
    "moment",
    "opened",
    "say_next",
    "user_of",
]

E = TypeVar("E", bound=Entity)

SCHEMA = 1
"""The number of the form of what ``--json`` prints."""

Realm = Annotated[
    str | None,
    typer.Option(metavar="NAME", show_default=False, help="The tenant, by default what USERKIT_REALM says."),
]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")]
After = Annotated[
    str | None,
    typer.Option(metavar="CURSOR", show_default=False, help="Go on after this page; it is named at its end."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeForConfirmed:
    """Take the address of a user for confirmed, on the word of whoever runs the command."""

    journal: Journal
    now: Clock

    async def __call__(self, user_id: str) -> User:
        """Confirm the address and return the user. Raises UserNotFoundError."""
        now = self.now()

        def tell(_: User, after: User) -> list[Event]:
            return [EmailVerified(at=now, user=after)]

        done = await self.journal.rewrite(User, user_id, lambda user: user.verified(now), tell=tell)
        if done is None:
            raise UserNotFoundError
        return done[1]


def _confirming(parts: Parts) -> TakeForConfirmed:
    return TakeForConfirmed(journal=parts.journal, now=parts.now)


def _mirrored(confirm: TakeForConfirmed) -> Callable[[str], User]:
    return synced(confirm)


CONFIRMING = Feature(name="command_line", requires=("users",), build=_confirming, mirror=_mirrored)
"""What only the command line can do; a kit that it opens has this beside its other features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The store of the realm, for what is counted before it is done."""

    store: Store
    now: Clock

    def count(self, entity: type[Entity], field: str | None = None, value: str | None = None) -> int | None:
        """Return how many there are, or None where the store cannot tell."""
        if not (isinstance(self.store, Countable) and supports(self.store, Countable)):
            return None
        return run(self.store.count(entity, field, value))

    def all(self, entity: type[E], field: str | None = None, value: str | None = None) -> Iterator[E]:
        """Yield everything of a kind, a page at a time."""
        after = None
        while True:
            page = run(self.store.find(entity, field, value, after=after, limit=LARGEST_PAGE))
            yield from page.items
            after = page.next
            if after is None:
                return


def _behind(parts: Parts) -> Behind:
    return Behind(store=parts.store, now=parts.now)


def _same(behind: Behind) -> Behind:
    return behind


BEHIND = Feature(name="command_line_store", build=_behind, mirror=_same)
"""Lets a command see what is stored."""


@contextmanager
def opened(realm: str | None = None, *features: Feature[Any, Any]) -> Generator[SyncUserKit, None, None]:
    """Open the kit of the ``USERKIT_*`` variables, in another realm if one is named.

    What is done inside is recorded as done by the command line. Raises ConfigurationError.
    """
    changes: dict[str, Any] = {} if realm is None else {"realm": realm}
    with (
        SyncUserKit.from_settings(relay=False, features=[CONFIRMING, BEHIND, *features], **changes) as kit,
        coming_from(user_agent=f"userkit-cli/{userkit_version()}"),
    ):
        yield kit


def user_of(kit: SyncUserKit, reference: str) -> User:
    """Return the user whom an id or an address names. Raises UserNotFoundError."""
    return kit.users.get_by_email(reference) if "@" in reference else kit.users.get(reference)


def moment(at: datetime | None) -> str | None:
    """Return a time as RFC 3339, in UTC."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def say_next(cursor: str | None) -> None:
    """Say how to see the next page, if there is one."""
    if cursor is not None:
        typer.echo(f"\nThere is more: --after {cursor}")
