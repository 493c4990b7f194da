"""Users as a collection, for those who think in repositories."""

from dataclasses import dataclass

from userkit.errors import (
    DuplicateError,
    EmailAlreadyExistsError,
    InvalidEmailError,
    StaleError,
    UserNotFoundError,
)
from userkit.features.users.model import User
from userkit.kernel.email import EmailAddress
from userkit.kernel.ids import is_id
from userkit.storage.changes import Add, Save
from userkit.storage.paging import check_page, skip_to
from userkit.storage.port import Store
from userkit.storage.rewriting import discard

__all__ = ["UserRepository", "meant"]


@dataclass(frozen=True, slots=True)
class UserRepository:
    """Read and write users in any store that is prepared for them.

    Over ``SQLAlchemyStore.from_session`` users and the application's own rows commit together.
    """

    store: Store

    async def get_by_id(self, user_id: str) -> User | None:
        """Return a user by id, or None."""
        return await self.store.get(User, user_id) if is_id(user_id) else None

    async def existing(self, user_id: str) -> User:
        """Return a user by id. Raises UserNotFoundError."""
        user = await self.get_by_id(user_id)
        if user is None:
            raise UserNotFoundError
        return user

    async def get_by_email(self, email: str) -> User | None:
        """Return the user with an address, however it is spelled, or None."""
        try:
            key = EmailAddress.parse(email).key
        except InvalidEmailError:
            return None
        page = await self.store.find(User, "email_key", key, limit=1)
        return page.items[0] if page.items else None

    async def list_all(self, *, skip: int = 0, limit: int = 100) -> tuple[User, ...]:
        """Return users in the order of their registration.

        ``skip`` is at most 10,000 and costs more the larger it is, ``limit`` at most 1,000; page
        by cursor with ``kit.users.list`` to go further. Raises InvalidInputError beyond that.
        """
        check_page(limit=limit, skip=skip)
        return (await skip_to(self.store, User, skip=skip, limit=limit)).items

    async def add(self, user: User) -> User:
        """Store a new user. Raises EmailAlreadyExistsError."""
        try:
            await self.store.commit(Add(user))
        except DuplicateError as error:
            raise meant(error) from error
        return user

    async def update(self, user: User) -> User:
        """Store the next revision of a user: ``repository.update(user.evolve(name="Ada"))``.

        Raises UserNotFoundError, EmailAlreadyExistsError, and StaleError when the stored revision
        is not the one before.
        """
        before = await self.existing(user.id)
        if user.version != before.version + 1:
            raise StaleError
        try:
            await self.store.commit(Save(before, user))
        except DuplicateError as error:
            raise meant(error) from error
        return user

    async def delete(self, user_id: str) -> None:
        """Take out a user, whatever the revision. Raises UserNotFoundError."""
        if await discard(self.store, User, user_id) is None:
            raise UserNotFoundError


def meant(error: DuplicateError) -> DuplicateError:
    """Return the error that a caller knows the clash by."""
    return EmailAlreadyExistsError() if error.field == "email_key" else error
