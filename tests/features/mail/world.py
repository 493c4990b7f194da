"""A small world for letters: an outbox, a mailer that can fail, and a clock that stands still."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.features.parts import parts_over
from userkit.backends.memory import MemoryStore
from userkit.feature import Feature, Parts
from userkit.features.mail import LetterFailed, Letters, SyncLetters, mail
from userkit.features.outbox import OUTBOX, Outbox, OutboxEntry, SyncOutbox, outbox
from userkit.features.users import USERS, users
from userkit.ports.mail import Message
from userkit.sync import run
from userkit.testing import FrozenClock

HOUR = timedelta(hours=1)
EMAIL = "Ada@Example.com"
USER_ID = "01900000-0000-7000-8000-00000000000a"


class FakeMailer:
    """A mailer that keeps messages, and first raises what it is told to."""

    blocking = True

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.failures: list[Exception] = []

    async def send(self, message: Message) -> None:
        """Keep a message, or fail."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)

    async def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class World:
    """One realm with letters; ``refused`` is what listeners were told."""

    parts: Parts
    clock: FrozenClock
    mailer: FakeMailer
    letters: Letters
    outbox: SyncOutbox
    refused: list[LetterFailed]

    def write(self, letter: str, **changes: Any) -> None:
        """Write a letter to Ada."""
        fields: dict[str, Any] = {"user_id": USER_ID, "to": EMAIL, "context": {"user_name": "Ada"}}
        run(self.parts.store.commit(self.letters.write(letter, **{**fields, **changes})))

    def waiting(self) -> tuple[OutboxEntry, ...]:
        """Return what is in the outbox."""
        return run(self.parts.store.find(OutboxEntry)).items


def world(feature: Feature[Letters, SyncLetters] | None = None, *, app_name: str = "Engine") -> World:
    """Build the feature over a memory store."""
    store, clock, mailer = MemoryStore(), FrozenClock(), FakeMailer()
    run(store.prepare([USERS, OUTBOX]))
    built: dict[str, Any] = {}
    parts = replace(parts_over(store, clock=clock, mailer=mailer, built=built), app_name=app_name)
    built["users"] = users().build(parts)
    box: Outbox = outbox().build(parts)
    built["outbox"] = box
    letters = (feature or mail()).build(parts)
    refused: list[LetterFailed] = []
    parts.listeners.add(LetterFailed, refused.append)
    return World(parts, clock, mailer, letters, SyncOutbox(box), refused)
