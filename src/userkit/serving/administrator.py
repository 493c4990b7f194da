"""The administrator that a server begins with, made in one commit and asked for at every start."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from userkit.errors import ConfigurationError, DuplicateError
from userkit.feature import Feature, Parts
from userkit.features.roles import Roles
from userkit.features.users import User, UserRegistered, Users
from userkit.features.users.repository import UserRepository
from userkit.kernel.clock import Clock
from userkit.kernel.email import EmailAddress
from userkit.kernel.ids import NewId
from userkit.kernel.secret import Secret
from userkit.storage.changes import Add
from userkit.storage.journal import Journal
from userkit.storage.port import Store
from userkit.sync import synced

__all__ = ["ADMINISTRATOR", "EnsureAdministrator"]

_NAME = "Administrator"
_PASSWORD_BYTES = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsureAdministrator:
    """See to it that somebody administers."""

    store: Store
    journal: Journal
    now: Clock
    new_id: NewId
    users: Users
    roles: Roles

    async def __call__(self, email: str) -> Secret | None:
        """Give an account the role of administrators; open it, and return its password, if there is none.

        Whoever has opened an account for themselves must have shown that the address is theirs.
        Raises InvalidEmailError and ConfigurationError.
        """
        address = EmailAddress.parse(email)
        password = Secret(secrets.token_urlsafe(_PASSWORD_BYTES))
        user = await UserRepository(self.store).get_by_email(email)
        made = user is None and await self._open(address, password)
        user = user or await UserRepository(self.store).get_by_email(email)
        await self.roles.assign(_trusted(user).id, self.roles.definitions.administrator)
        return password if made else None

    async def _open(self, address: EmailAddress, password: Secret) -> bool:
        now = self.now()
        new = User.register(id=self.new_id(), address=address, name=_NAME, attributes={}, now=now)
        user = replace(new, email_verified_at=now)
        credential = await self.users.enrolment.first_password(user, password.reveal().decode())
        try:
            await self.journal.commit(Add(user), *credential, tell=[UserRegistered(at=now, user=user)])
        except DuplicateError:
            return False  # another server began at the same moment
        return True


def _trusted(user: User | None) -> User:
    if user is None:
        raise ConfigurationError("The account of the administrator was deleted a moment ago; start again.")
    if user.is_disabled:
        raise ConfigurationError(
            "The account named by --admin is disabled: enable it with `userkit users enable`, or name "
            "another."
        )
    if not user.is_email_verified:
        raise ConfigurationError(
            "Somebody has registered the address named by --admin, and has not confirmed it: anybody may "
            "have done that. Follow the link in the mail to that address first, or name another."
        )
    return user


def _build(parts: Parts) -> EnsureAdministrator:
    return EnsureAdministrator(
        store=parts.store,
        journal=parts.journal,
        now=parts.now,
        new_id=parts.new_id,
        users=parts.offer(Users),
        roles=parts.offer(Roles),
    )


def _mirrored(ensure: EnsureAdministrator) -> Callable[[str], Secret | None]:
    return synced(ensure)


ADMINISTRATOR = Feature(
    name="serving_administrator", requires=("users", "passwords", "roles"), build=_build, mirror=_mirrored
)
"""Only the start of a server has it."""
