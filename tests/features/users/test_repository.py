"""Users as a repository, over any store."""

from typing import Any

import pytest

from tests.features.users.world import World
from userkit.errors import (
    DuplicateError,
    EmailAlreadyExistsError,
    InvalidInputError,
    StaleError,
    UserNotFoundError,
)
from userkit.features.users import User, UserRepository
from userkit.kernel.email import EmailAddress
from userkit.kernel.ids import UUIDv7
from userkit.sync import run


@pytest.fixture
def repository(here: World) -> UserRepository:
    """A repository over the store of the world."""
    return UserRepository(here.store)


def new(here: World, email: str) -> User:
    """Return a user who is not stored."""
    return User.register(
        id=UUIDv7(here.clock)(), address=EmailAddress.parse(email), name="Bo", attributes={}, now=here.clock()
    )


def test_what_is_added_is_found(here: World, repository: UserRepository) -> None:
    """By id, by any spelling of the address, and by the use cases."""
    bo = new(here, "Bo@Example.com")
    assert run(repository.add(bo)) == bo
    assert run(repository.get_by_id(bo.id)) == run(repository.get_by_email("BO@example.com")) == bo
    assert here.users.get(bo.id) == bo


@pytest.mark.parametrize(
    "absent", ["019c9f2f-3d7b-7000-8000-000000000000", "", "nobody@example.com", None, 7, ["x"]]
)
def test_nobody_is_none(here: World, repository: UserRepository, absent: Any) -> None:
    """Whatever is asked for."""
    here.ada()
    assert run(repository.get_by_id(absent)) is None
    assert run(repository.get_by_email(absent)) is None


def test_an_address_is_taken_once(here: World, repository: UserRepository) -> None:
    """In adding and in updating."""
    here.ada()
    bo = run(repository.add(new(here, "bo@example.com")))
    with pytest.raises(EmailAlreadyExistsError):
        run(repository.add(new(here, "ADA@example.com")))
    with pytest.raises(EmailAlreadyExistsError):
        run(repository.update(bo.evolve(email_key="ada@example.com")))
    assert run(repository.get_by_id(bo.id)) == bo


def test_an_id_is_taken_once(here: World, repository: UserRepository) -> None:
    """That is no clash of addresses."""
    bo = run(repository.add(new(here, "bo@example.com")))
    with pytest.raises(DuplicateError) as caught:
        run(repository.add(bo.evolve(email_key="other@example.com")))
    assert (type(caught.value), caught.value.field) == (DuplicateError, "id")


def test_the_next_revision_is_stored(here: World, repository: UserRepository) -> None:
    """With whatever changed."""
    ada = here.ada()
    user = run(
        repository.update(ada.evolve(name="Ada King", email="ada@king.example", email_key="ada@king.example"))
    )
    assert run(repository.get_by_email("ada@king.example")) == user
    assert run(repository.get_by_email("ada@example.com")) is None


def test_only_the_next_revision_is_stored(here: World, repository: UserRepository) -> None:
    """The same, an older one and one that skips are stale."""
    ada = here.ada()
    second = run(repository.update(ada.evolve(name="Ada King")))
    for stale in (ada, second, ada.evolve(name="Ada Byron"), second.evolve().evolve()):
        with pytest.raises(StaleError):
            run(repository.update(stale))
    assert run(repository.get_by_id(ada.id)) == second


def test_a_user_is_deleted_once(here: World, repository: UserRepository) -> None:
    """Whatever the revision; then there is nobody to delete or update."""
    ada = here.users.disable(here.ada().id)
    run(repository.delete(ada.id))
    assert run(repository.get_by_id(ada.id)) is None
    with pytest.raises(UserNotFoundError):
        run(repository.delete(ada.id))
    with pytest.raises(UserNotFoundError):
        run(repository.update(ada.evolve()))


@pytest.mark.parametrize("absent", ["", "ada", None, {"$ne": None}])
def test_nobody_cannot_be_deleted(here: World, repository: UserRepository, absent: Any) -> None:
    """Nor everybody."""
    ada = here.ada()
    with pytest.raises(UserNotFoundError):
        run(repository.delete(absent))
    assert here.stored() == (ada,)


def test_all_are_listed_by_number(here: World, repository: UserRepository) -> None:
    """In the order of registration, within bounds."""
    made = tuple(here.users.register(email=f"{number}@example.com", name="N") for number in range(5))
    assert run(repository.list_all()) == made
    assert run(repository.list_all(skip=1, limit=2)) == made[1:3]
    assert run(repository.list_all(skip=5)) == ()
    for bad in ({"skip": -1}, {"limit": 0}, {"limit": 1001}, {"skip": 10_001}):
        with pytest.raises(InvalidInputError):
            run(repository.list_all(**bad))
