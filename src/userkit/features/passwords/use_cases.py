"""What can be done with passwords."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from userkit.errors import UnknownHashError
from userkit.features.passwords.events import PasswordChanged, PasswordRemoved
from userkit.features.passwords.model import PasswordCredential
from userkit.features.passwords.policy import PasswordPolicy
from userkit.features.passwords.proving import Proven, ProvePassword
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.clock import Clock
from userkit.kernel.ids import is_id
from userkit.ports.passwords import PasswordHasher
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.journal import Journal
from userkit.storage.port import Store
from userkit.storage.rewriting import anew

__all__ = [
    "ChangePassword",
    "HasPassword",
    "ImportHash",
    "NewPassword",
    "RemovePassword",
    "SecondFactors",
    "SetPassword",
]

SecondFactors = list[Callable[[str], Awaitable[bool]]]
"""Each tells whether a user has a second factor on, which lets a password be shorter (PW-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """Check and hash the new password of a user, and say what a commit must hold to keep it."""

    store: Store
    now: Clock
    hasher: PasswordHasher
    policy: PasswordPolicy
    second_factors: SecondFactors = field(default_factory=list)

    async def checked(self, user: User, password: object) -> str:
        """Return the password as it is hashed, or raise WeakPasswordError."""
        second_factor = False
        for has_one in self.second_factors:
            second_factor = second_factor or await has_one(user.id)
        context = (user.email, user.email_key, user.name)
        return self.policy.check(password, context=context, second_factor=second_factor)

    async def first(self, user: User, password: str) -> Sequence[Change]:
        """Return what gives a new user a password. Raises WeakPasswordError and OverloadedError."""
        encoded = await self.hasher.hash(await self.checked(user, password))
        return [Add(PasswordCredential(id=user.id, hash=encoded, changed_at=self.now()))]

    async def stored(self, user_id: str, encoded: str) -> Change:
        """Return what keeps a hash in the place of whatever was there."""
        now = self.now()
        held = await self.store.get(PasswordCredential, user_id)
        if held is None:
            return Add(PasswordCredential(id=user_id, hash=encoded, changed_at=now))
        return Save(held, held.changed(encoded, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """Change a password, for somebody who knows the old one."""

    store: Store
    journal: Journal
    now: Clock
    hasher: PasswordHasher
    new: NewPassword
    prove: ProvePassword

    async def __call__(
        self, user_id: str, *, current_password: str, new_password: str, session_id: str | None = None
    ) -> None:
        """Change the password; every session ends save ``session_id``, and the owner is told.

        Raises WeakPasswordError, InvalidCredentialsError when the current one is wrong (which counts
        as a failed sign-in), RateLimitedError, OverloadedError, UserNotFoundError.
        """
        text = await self.new.checked(await UserRepository(self.store).existing(user_id), new_password)
        encoded: list[str] = []

        async def attempt() -> None:
            # When the hash or the user is another by now, what was proved must be proved again.
            user = await UserRepository(self.store).existing(user_id)
            proven = await self.prove.of_user(user, current_password, purpose="change")
            if not encoded:  # and not before: a wrong guess must not cost a hash of the new one as well
                encoded.append(await self.hasher.hash(text))
            await self._commit(proven, encoded[0], session_id)

        await anew(attempt)

    async def _commit(self, proven: Proven, encoded: str, session_id: str | None) -> None:
        now = self.now()
        await self.journal.commit(
            Save(proven.credential, proven.credential.changed(encoded, now)),
            Save(proven.user, proven.user.signed_out(spare=session_id)),
            tell=[PasswordChanged(at=now, user_id=proven.user.id, how="change")],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPassword:
    """Give a user a password without asking for the old one: for administrators and resets."""

    store: Store
    journal: Journal
    now: Clock
    hasher: PasswordHasher
    new: NewPassword

    async def __call__(self, user_id: str, *, password: str) -> None:
        """Set the password; every session ends.

        Raises WeakPasswordError, OverloadedError and UserNotFoundError.
        """
        user = await UserRepository(self.store).existing(user_id)
        encoded = await self.hasher.hash(await self.new.checked(user, password))
        await self.keep(user_id, encoded, how="set")

    async def keep(self, user_id: str, encoded: str, *, how: str) -> None:
        """Keep a hash, and end every session, in one commit."""

        async def attempt() -> None:
            user = await UserRepository(self.store).existing(user_id)
            told = PasswordChanged(at=self.now(), user_id=user_id, how=how)
            # The user comes first: of two who give somebody a first password, one finds it changed.
            await self.journal.commit(
                Save(user, user.signed_out()), await self.new.stored(user_id, encoded), tell=[told]
            )

        await anew(attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportHash:
    """Take over the password hash of somebody who comes from another system."""

    hasher: PasswordHasher
    set: SetPassword

    async def __call__(self, user_id: str, encoded: str) -> None:
        """Keep a hash that another system made; it is made anew at the first sign-in.

        Raises UnknownHashError when it is malformed, too costly or of a kind that cannot be
        verified, ConfigurationError when only a package or a setting is missing for it, and
        UserNotFoundError.
        """
        if not isinstance(encoded, str) or not self.hasher.recognises(encoded):
            raise UnknownHashError
        await self.set.keep(user_id, encoded, how="import")


@dataclass(frozen=True, slots=True, kw_only=True)
class HasPassword:
    """Tell whether a user has a password."""

    store: Store

    async def __call__(self, user_id: str) -> bool:
        """Tell whether a user has a password; somebody who does not exist has none."""
        return is_id(user_id) and await self.store.get(PasswordCredential, user_id) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePassword:
    """Take a user's password away, so that only other proofs open the account."""

    store: Store
    journal: Journal
    now: Clock

    async def __call__(self, user_id: str) -> None:
        """Remove the password; every session ends. Raises UserNotFoundError."""

        async def attempt() -> None:
            user = await UserRepository(self.store).existing(user_id)
            held = await self.store.get(PasswordCredential, user_id)
            if held is not None:
                told = [PasswordRemoved(at=self.now(), user_id=user_id)]
                await self.journal.commit(Remove(held), Save(user, user.signed_out()), tell=told)

        await anew(attempt)
