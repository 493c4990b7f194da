"""The letters about addresses, and how the links in them are made when they are delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from userkit.features.email_verification.events import EmailChanged
from userkit.features.links import Links, Promise
from userkit.features.mail import Letters
from userkit.features.outbox.model import OutboxEntry
from userkit.features.users.events import UserRegistered
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.clock import Clock
from userkit.kernel.email import EmailAddress
from userkit.storage.changes import Change
from userkit.storage.port import Store

__all__ = ["CHANGE", "VERIFY", "AddressLetters"]

VERIFY = "verify_email"
CHANGE = "change_email"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLetters:
    """Write the letters of this feature, and make their links."""

    store: Store
    now: Clock
    letters: Letters
    links: Links
    lifetime: timedelta
    change_lifetime: timedelta

    def verify(self, user: User) -> Change:
        """Ask the address of a user. Raises ConfigurationError without a mailer."""
        promise = Promise.to(user, now=self.now())
        context = promise.context(user_name=user.name)
        return self.letters.write(VERIFY, user_id=user.id, to=user.email, context=context, link=VERIFY)

    def change(self, user: User, address: EmailAddress) -> Sequence[Change]:
        """Ask the new address of a user, and tell the old one. Raises ConfigurationError."""
        promise = Promise.to(user, now=self.now(), new_email=address.typed, bind_epoch=True)
        asking = promise.context(user_name=user.name)
        telling = {"user_name": user.name, "new_email": address.typed}
        return [
            self.letters.write(CHANGE, user_id=user.id, to=address.typed, context=asking, link=CHANGE),
            self.letters.write("email_change_requested", user_id=user.id, to=user.email, context=telling),
        ]

    async def on_registration(self, event: UserRegistered) -> Sequence[Change]:
        """Ask the address of a new user in the commit that adds them, where mail can be sent."""
        wanted = self.letters.available and not event.user.is_email_verified
        return [self.verify(event.user)] if wanted else []

    async def tell_old_address(self, event: EmailChanged) -> Sequence[Change]:
        """Tell the old address in the commit that changes it."""
        context = {"user_name": event.before.name, "new_email": event.user.email}
        return self.letters.notice(
            "email_changed", user_id=event.user.id, to=event.before.email, context=context
        )

    async def verify_link(self, letter: OutboxEntry) -> str | None:
        """Make the link of a letter, unless the address is verified by now."""
        promise = Promise.of(letter)
        user = await self.store.get(User, promise.user_id)
        if user is None or user.is_email_verified:
            return None
        return await self.links.promised(VERIFY, promise, lifetime=self.lifetime)

    async def change_link(self, letter: OutboxEntry) -> str | None:
        """Make the link of a letter, unless somebody else has the new address by now.

        It is decided here and not in the request, so that nobody learns from the request who has an
        account.
        """
        promise = Promise.of(letter)
        holder = await UserRepository(self.store).get_by_email(promise.new_email or "")
        if holder is not None and holder.id != promise.user_id:
            return None
        return await self.links.promised(CHANGE, promise, lifetime=self.change_lifetime)
