"""What can be done about opening accounts."""

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import ClassVar

from userkit.errors import EmailAlreadyExistsError, UnauthenticatedError
from userkit.features.mail.notices import Notices
from userkit.features.outbox.model import OutboxEntry
from userkit.features.outbox.offer import Outbox
from userkit.features.roles.use_cases import AllowsPermission, RequirePermission
from userkit.features.throttling import Guard
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.features.users.use_cases import RegisterUser
from userkit.kernel.address import client_network
from userkit.kernel.email import EmailAddress
from userkit.kernel.identity import Identity
from userkit.kernel.json import JSONObject
from userkit.kernel.origin import coming_from, current_origin
from userkit.ports.rate_limit import Limit, RateLimiter
from userkit.storage.journal import Journal
from userkit.storage.port import Store

__all__ = ["OPENING", "RegistrationMode", "SignUp", "TellOwner"]

OPENING = "users:write"
"""Whoever has this permission may open accounts for others."""


class RegistrationMode(Enum):
    """Who may open an account, and what they learn from it."""

    OPEN = "open"
    CLOSED = "closed"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """Open an account for oneself, as far as the application lets people."""

    register: RegisterUser
    journal: Journal
    outbox: Outbox
    guard: Guard
    allows: AllowsPermission
    require: RequirePermission
    mode: RegistrationMode
    limit: Limit

    async def __call__(
        self,
        *,
        email: str,
        name: str,
        password: str | None = None,
        attributes: JSONObject | None = None,
        by: Identity | None = None,
    ) -> User | None:
        """Open an account and return its user; None where that would tell who has one.

        ``by`` is who asks, if anybody is signed in: whoever has the permission ``users:write`` opens
        accounts for others, always and without limit. Raises as ``kit.users.register``, and
        RateLimitedError, and where registration is closed UnauthenticatedError and ForbiddenError.
        """
        register = partial(self.register, email=email, name=name, password=password, attributes=attributes)
        if await self._is_for_others(by):
            return await register()
        await self.guard([(self.limit, client_network(current_origin().address))])
        if self.mode is RegistrationMode.OPEN:
            return await register()
        try:
            await register()
        except EmailAlreadyExistsError:
            await self._tell_owner(email)
        return None

    async def _is_for_others(self, by: Identity | None) -> bool:
        if self.mode is not RegistrationMode.CLOSED:
            return by is not None and await self.allows(by, OPENING)
        if by is None:
            raise UnauthenticatedError
        await self.require(by, OPENING)
        return True

    async def _tell_owner(self, email: str) -> None:
        origin = current_origin()
        wanted = {
            "email": EmailAddress.parse(email).key,
            "address": origin.address,
            "user_agent": origin.user_agent,
        }
        await self.journal.commit(self.outbox.entry(TellOwner.TOPIC, wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOwner:
    """Tell whoever has an address that somebody wanted to register it again."""

    TOPIC: ClassVar[str] = "registration.repeated"

    store: Store
    journal: Journal
    limiter: RateLimiter
    limit: Limit
    notices: Notices
    letter: str

    async def __call__(self, entry: OutboxEntry) -> None:
        """Look the address up, and put the letter into the outbox."""
        wanted = entry.payload
        user = await UserRepository(self.store).get_by_email(wanted["email"])
        if user is None or user.is_disabled or not (await self.limiter.take(self.limit, user.id)).allowed:
            return
        with coming_from(address=wanted["address"], user_agent=wanted["user_agent"]):
            await self.journal.commit(*await self.notices.to(user.id, self.letter))
