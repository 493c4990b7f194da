"""What can be done with users."""

from dataclasses import dataclass
from typing import TypeVar

from userkit.errors import (
    DuplicateError,
    InvalidInputError,
    StaleError,
    UnauthenticatedError,
    UserNotFoundError,
)
from userkit.features.users.attributes import AttributesRule
from userkit.features.users.enrolment import Enrolment
from userkit.features.users.events import (
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserRegistered,
    UserUpdated,
)
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository, meant
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.email import EmailAddress
from userkit.kernel.events import Event
from userkit.kernel.identity import Identity
from userkit.kernel.ids import NewId
from userkit.kernel.json import JSONObject, is_storable_text
from userkit.kernel.name import clean_name
from userkit.kernel.page import Page
from userkit.storage.capabilities import countable, searchable
from userkit.storage.changes import Add
from userkit.storage.journal import Journal
from userkit.storage.paging import check_page, skip_to
from userkit.storage.port import Store

__all__ = [
    "LONGEST_QUERY",
    "CountUsers",
    "CurrentUser",
    "DeleteUser",
    "DisableUser",
    "EnableUser",
    "GetUser",
    "GetUserByEmail",
    "ListUsers",
    "RegisterUser",
    "SearchUsers",
    "UpdateUser",
]

T = TypeVar("T")

LONGEST_QUERY = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUser:
    """Open an account for somebody."""

    journal: Journal
    now: Clock
    new_id: NewId
    attributes: AttributesRule
    enrolment: Enrolment

    async def __call__(
        self,
        *,
        email: str,
        name: str,
        password: str | None = None,
        attributes: JSONObject | None = None,
    ) -> User:
        """Open an account and return its user.

        Raises InvalidEmailError, InvalidNameError, InvalidAttributesError, WeakPasswordError,
        OverloadedError, and EmailAlreadyExistsError when an account has this address in any spelling.
        """
        now = self.now()
        user = User.register(
            id=self.new_id(),
            address=EmailAddress.parse(email),
            name=clean_name(name),
            attributes=self.attributes.check({} if attributes is None else attributes),
            now=now,
        )
        credential = [] if password is None else await self.enrolment.first_password(user, password)
        try:
            await self.journal.commit(Add(user), *credential, tell=[UserRegistered(at=now, user=user)])
        except DuplicateError as error:
            raise meant(error) from error
        return user


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUser:
    """Return a user by id."""

    store: Store

    async def __call__(self, user_id: str) -> User:
        """Return a user by id. Raises UserNotFoundError."""
        return await UserRepository(self.store).existing(user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUserByEmail:
    """Return the user with an address."""

    store: Store

    async def __call__(self, email: str) -> User:
        """Return the user with an address, however it is spelled. Raises UserNotFoundError."""
        return _found(await UserRepository(self.store).get_by_email(email))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentUser:
    """Return the user whom a credential belongs to."""

    store: Store

    async def __call__(self, identity: Identity) -> User:
        """Return the user as they are now, even if the credential is older.

        Raises UnauthenticatedError when the account is deleted, closed, or has been taken over by the
        owner of its mailbox since.
        """
        user = await self.store.get(User, identity.user_id)
        if user is None or not user.honours(identity.epoch):
            raise UnauthenticatedError
        return user


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsers:
    """List users in the order of their registration."""

    store: Store
    cursors: Cursors

    async def __call__(
        self, *, limit: int = 100, after: str | None = None, skip: int = 0, newest_first: bool = False
    ) -> Page[User]:
        """Return a page of at most ``limit`` users (1 to 1,000).

        ``after`` is the ``next`` of the page before. ``skip``, instead, starts further down, at most
        10,000; it costs more the larger it is. Raises InvalidInputError and InvalidCursorError.
        """
        check_page(limit=limit, skip=skip)
        if after is not None and skip:
            raise InvalidInputError("Page by cursor or by number: give after or skip, not both.")
        listing = "users, newest first" if newest_first else "users"
        if after is None:
            page = await skip_to(self.store, User, skip=skip, limit=limit, newest_first=newest_first)
        else:
            start = self.cursors.open(after, of=listing)
            page = await self.store.find(User, after=start, limit=limit, newest_first=newest_first)
        return self.cursors.sealed(page, of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchUsers:
    """Find users by how their address or the words of their name begin."""

    store: Store
    cursors: Cursors

    async def __call__(self, text: str, *, limit: int = 100, after: str | None = None) -> Page[User]:
        """Return a page of the users that match every word of ``text``, by registration.

        Raises InvalidInputError, InvalidCursorError, and UnsupportedStoreError when the store
        cannot search.
        """
        check_page(limit=limit)
        if not isinstance(text, str) or len(text) > LONGEST_QUERY or not is_storable_text(text):
            raise InvalidInputError(f"A search is text of at most {LONGEST_QUERY} characters.")
        listing = f"users matching {text}"
        start = None if after is None else self.cursors.open(after, of=listing)
        page = await searchable(self.store).search(User, text, after=start, limit=limit)
        return self.cursors.sealed(page, of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountUsers:
    """Count the users."""

    store: Store

    async def __call__(self) -> int:
        """Return how many users there are. Raises UnsupportedStoreError."""
        return await countable(self.store).count(User)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateUser:
    """Give a user another name or other attributes."""

    journal: Journal
    now: Clock
    attributes: AttributesRule

    async def __call__(
        self,
        user_id: str,
        *,
        name: str | None = None,
        attributes: JSONObject | None = None,
        version: int | None = None,
    ) -> User:
        """Change what is given, and return the user as it is now.

        ``attributes`` replace the old ones. With ``version`` the change is made to that revision
        only. Raises InvalidNameError, InvalidAttributesError, UserNotFoundError and StaleError.
        """
        now = self.now()
        clean = None if name is None else clean_name(name)
        checked = None if attributes is None else self.attributes.check(attributes)

        def change(user: User) -> User:
            if version is not None and user.version != version:
                raise StaleError
            return user.changed(now, name=clean, attributes=checked)

        def tell(before: User, after: User) -> list[Event]:
            return [UserUpdated(at=now, before=before, user=after)]

        return _found(await self.journal.rewrite(User, user_id, change, tell=tell))[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableUser:
    """Close an account for its owner, without deleting anything."""

    journal: Journal
    now: Clock

    async def __call__(self, user_id: str) -> User:
        """Close an account; one that is closed stays as it is. Raises UserNotFoundError."""
        now = self.now()

        def tell(_: User, after: User) -> list[Event]:
            return [UserDisabled(at=now, user=after)]

        return _found(await self.journal.rewrite(User, user_id, lambda user: user.disabled(now), tell=tell))[
            1
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableUser:
    """Open a closed account for its owner again."""

    journal: Journal
    now: Clock

    async def __call__(self, user_id: str) -> User:
        """Open an account; one that is open stays as it is. Raises UserNotFoundError."""
        now = self.now()

        def tell(_: User, after: User) -> list[Event]:
            return [UserEnabled(at=now, user=after)]

        return _found(await self.journal.rewrite(User, user_id, lambda user: user.enabled(now), tell=tell))[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteUser:
    """Delete a user."""

    journal: Journal
    now: Clock

    async def __call__(self, user_id: str) -> None:
        """Delete a user, so that the address is free again. Raises UserNotFoundError."""
        now = self.now()
        _found(await self.journal.discard(User, user_id, tell=lambda user: [UserDeleted(at=now, user=user)]))


def _found(user: T | None) -> T:
    if user is None:
        raise UserNotFoundError
    return user
