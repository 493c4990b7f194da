"""What can be done with passwords."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from userkit.errors import StaleError, UnknownHashError, UserNotFoundError
from userkit.features.passwords.events import PasswordChanged, PasswordRemoved
from userkit.features.passwords.model import PasswordCredential
from userkit.features.passwords.policy import PasswordPolicy
from userkit.features.passwords.proving import Proven, ProvePassword
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.events import Event
from userkit.kernel.ids import is_id
from userkit.ports.passwords import PasswordHasher
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.journal import Journal
from userkit.storage.port import Store
from userkit.storage.rewriting import ATTEMPTS

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
        user = await _user(self.store, user_id)
        text = await self.new.checked(user, new_password)
        encoded = None
        for attempt in range(ATTEMPTS):
            proven = await self.prove.of_user(user, current_password, purpose="change")
            # Not before: a guess at the old password must not cost a hash of the new one as well.
            encoded = encoded or await self.hasher.hash(text)
            try:
                await self._commit(proven, encoded, session_id)
            except StaleError:
                # The hash or the user is another now: what was proved must be proved again.
                if attempt == ATTEMPTS - 1:
                    raise
                user = await _user(self.store, user_id)
            else:
                return

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
        """Set the password; every session ends. Raises WeakPasswordError, OverloadedError, UserNotFoundError."""
        user = await _user(self.store, user_id)
        encoded = await self.hasher.hash(await self.new.checked(user, password))
        await self.keep(user_id, encoded, how="set")

    async def keep(
        self,
        user_id: str,
        encoded: str,
        *,
        how: str,
        change: Callable[[User], User] = lambda user: user.signed_out(),
        also: Callable[[User], Awaitable[Iterable[Change]]] | None = None,
        tell: Iterable[Event] = (),
    ) -> User:
        """Keep a hash and change the user in one commit, with what else belongs to it."""
        for attempt in range(ATTEMPTS):
            user = await _user(self.store, user_id)
            more = [] if also is None else await also(user)
            after, now = change(user), self.now()
            try:
                await self.journal.commit(
                    await self.new.stored(user_id, encoded),
                    Save(user, after),
                    *more,
                    tell=[PasswordChanged(at=now, user_id=user_id, how=how), *tell],
                )
            except StaleError:
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return after
        raise AssertionError  # the last attempt returns or raises


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportHash:
    """Take over the password hash of somebody who comes from another system."""

    hasher: PasswordHasher
    set: SetPassword

    async def __call__(self, user_id: str, encoded: str) -> None:
        """Keep a hash that another system made; it is made anew at the first sign-in.

        Raises UnknownHashError when it is malformed, too costly or of a kind that cannot be
        verified, and UserNotFoundError.
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

        async def credential() -> Sequence[Change]:
            held = await self.store.get(PasswordCredential, user_id)
            return [] if held is None else [Remove(held)]

        for attempt in range(ATTEMPTS):
            user = await _user(self.store, user_id)
            removal = await credential()
            if not removal:
                return
            told = [PasswordRemoved(at=self.now(), user_id=user_id)]
            try:
                await self.journal.commit(*removal, Save(user, user.signed_out()), tell=told)
            except StaleError:
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return


async def _user(store: Store, user_id: str) -> User:
    user = await store.get(User, user_id) if is_id(user_id) else None
    if user is None:
        raise UserNotFoundError
    return user
