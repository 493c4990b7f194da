"""What can be done with links."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from userkit.errors import InvalidTokenError, StaleError
from userkit.features.links.model import LONGEST_WAIT, Link, link_id
from userkit.features.links.promising import Promise, is_bound_to
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.opaque import OpaqueForm, digest
from userkit.storage.capabilities import purgeable
from userkit.storage.changes import Add, Change, Save
from userkit.storage.port import Store
from userkit.storage.rewriting import anew, anew_or_added

__all__ = ["LINK", "ConsumeLink", "LookUpLink", "MakeLink", "MakePromised", "PurgeLinks"]

T = TypeVar("T")

LINK = OpaqueForm("ukl_")


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePromised:
    """Make the link that a letter was promised: the same one, however often it is delivered."""

    store: Store
    now: Clock
    keys: tuple[bytes, ...]

    async def __call__(self, purpose: str, promise: Promise, *, lifetime: timedelta) -> str | None:
        """Return the token of the link, in the place of the user's older one for this purpose.

        None when the link is not to be had any more: it was spent, a newer one was asked for, it was
        asked for more than a week ago, or the user is gone, disabled or at another address.
        """
        if self.now() - promise.asked_at > LONGEST_WAIT:
            return None
        secret = promise.secret(self.keys[0])

        async def attempt() -> str | None:
            link = self._link(purpose, promise, digest(secret), lifetime)
            change = await self._change(promise, link)
            if change is None:
                return None
            await self.store.commit(change)
            return LINK.write(link.id, secret)

        return await anew_or_added(attempt)

    async def _change(self, promise: Promise, link: Link) -> Change | None:
        user = await self.store.get(User, promise.user_id)
        held = await self.store.get(Link, link.id)
        if user is None or not promise.still_holds(user) or (held and link.is_outdone_by(held)):
            return None
        return Save(held, link.after(held)) if held else Add(link)

    def _link(self, purpose: str, promise: Promise, digest: bytes, lifetime: timedelta) -> Link:
        now = self.now()
        return Link(
            id=link_id(purpose, promise.user_id),
            purpose=purpose,
            user_id=promise.user_id,
            email=promise.email,
            new_email=promise.new_email,
            epoch=promise.epoch,
            digest=digest,
            asked_at=promise.asked_at,
            created_at=now,
            expires_at=now + lifetime,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeLink:
    """Make a one-time link for a user."""

    now: Clock
    make: MakePromised

    async def __call__(
        self,
        purpose: str,
        user: User,
        *,
        lifetime: timedelta,
        new_email: str | None = None,
        bind_epoch: bool = False,
    ) -> str:
        """Return the token of a new link; the user's older one for this purpose is dead from now on.

        The link is bound to the address that the user has, and with ``bind_epoch`` it dies when all
        their sessions are ended. Raises InvalidTokenError when the user has changed in the meantime
        so that it would be dead already, StaleError when others were faster three times.
        """
        promise = Promise.to(user, now=self.now(), new_email=new_email, bind_epoch=bind_epoch)
        token = await self.make(purpose, promise, lifetime=lifetime)
        if token is None:
            raise InvalidTokenError
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpLink:
    """Tell what a token is for, without spending it."""

    store: Store
    now: Clock

    async def __call__(self, token: object, purpose: str) -> tuple[Link, User]:
        """Return the live link of a token and its user.

        Raises InvalidTokenError, alike for everything that is not exactly the newest link of this
        purpose, unspent and in time, of a user who can use it.
        """
        read = LINK.read(token)
        if read is None:
            raise InvalidTokenError
        id, secret = read
        link = await self.store.get(Link, id)
        if link is None or not link.opens(purpose, secret, self.now()):
            raise InvalidTokenError
        user = await self.store.get(User, link.user_id)
        if user is None or not is_bound_to(user, email=link.email, epoch=link.epoch):
            raise InvalidTokenError
        return link, user


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumeLink:
    """Spend a link in the same commit as what it is for."""

    look: LookUpLink
    now: Clock

    async def __call__(
        self, token: object, purpose: str, effect: Callable[[Save[Link], Link, User], Awaitable[T]]
    ) -> T:
        """Call ``effect`` with the change that spends the link, the link and the user; return its result.

        It must put that change into its commit: so one of many callers succeeds, and the others get
        InvalidTokenError. When only the user has changed in the meantime, both are read again, at
        most three times; then it raises StaleError.
        """

        async def attempt() -> T:
            link, user = await self.look(token, purpose)
            return await effect(Save(link, link.spent(self.now())), link, user)

        try:
            return await anew(attempt)
        except StaleError:
            await self.look(token, purpose)  # when it was spent, that is what the caller must hear
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeLinks:
    """Clean up what has expired."""

    store: Store
    now: Clock

    async def __call__(self, *, limit: int = 1000) -> int:
        """Take out at most ``limit`` expired links and return how many. Raises UnsupportedStoreError."""
        return await purgeable(self.store).purge(Link, before=self.now(), limit=limit)
