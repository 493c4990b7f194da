"""The letters about passwords, and how the link in one of them is made when it is delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from userkit.features.links import Links, Promise
from userkit.features.mail import LetterKind, Letters
from userkit.features.mail.notices import Notices
from userkit.features.outbox.model import OutboxEntry
from userkit.features.passwords.events import PasswordChanged, PasswordRemoved
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.storage.changes import Change

__all__ = ["REMOVED", "RESET", "PasswordLetters"]

RESET = "reset_password"
REMOVED = LetterKind(
    name="password_removed", may={"address": "192.0.2.1"}, folder=Path(__file__).parent / "templates"
)

# Who brings a hash along from another system has the password that they had before.
_NOTICES = {"change": "password_changed", "set": "password_changed", "reset": "password_reset_done"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLetters:
    """Write the letters of this feature, and make their links."""

    now: Clock
    letters: Letters
    notices: Notices
    links: Links
    lifetime: timedelta

    def reset(self, user: User) -> Change:
        """Send a link to the address of a user. Raises ConfigurationError without a mailer."""
        context = Promise.to(user, now=self.now()).context(user_name=user.name)
        return self.letters.write(RESET, user_id=user.id, to=user.email, context=context, link=RESET)

    async def reset_link(self, letter: OutboxEntry) -> str | None:
        """Make the link of a letter, unless there is no more point in it."""
        return await self.links.promised(RESET, Promise.of(letter), lifetime=self.lifetime)

    async def on_change(self, event: PasswordChanged) -> Sequence[Change]:
        """Tell a user of another password in the commit that keeps it."""
        letter = _NOTICES.get(event.how)
        return () if letter is None else await self.notices.to(event.user_id, letter)

    async def on_removal(self, event: PasswordRemoved) -> Sequence[Change]:
        """Tell a user that the password is gone in the commit that removes it."""
        return await self.notices.to(event.user_id, REMOVED.name)
