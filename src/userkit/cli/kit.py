"""A kit for a command, made of what the environment says, and what such commands share."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from userkit.errors import UserNotFoundError
from userkit.feature import Feature, Parts
from userkit.features.email_verification import EmailVerified
from userkit.features.users import User
from userkit.kernel.clock import Clock
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from
from userkit.kit import SyncUserKit
from userkit.plugins.advice import userkit_version
from userkit.storage.journal import Journal
from userkit.sync import synced

__all__ = [
    "CONFIRMING",
    "SCHEMA",
    "After",
    "AsJson",
    "Limit",
    "Realm",
    "TakeForConfirmed",
    "moment",
    "opened",
    "say_next",
    "user_of",
]

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


@contextmanager
def opened(realm: str | None = None) -> Generator[SyncUserKit, None, None]:
    """Open the kit of the ``USERKIT_*`` variables, in another realm if one is named.

    What is done inside is recorded as done by the command line. Raises ConfigurationError.
    """
    changes: dict[str, Any] = {} if realm is None else {"realm": realm}
    with (
        SyncUserKit.from_settings(relay=False, features=[CONFIRMING], **changes) as kit,
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
