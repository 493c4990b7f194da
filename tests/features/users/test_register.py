"""Opening an account."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.features.users.world import SECRET, World, prepared, world
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    DuplicateError,
    EmailAlreadyExistsError,
    InvalidAttributesError,
    InvalidEmailError,
    InvalidInputError,
    InvalidNameError,
    StoreUnavailableError,
    UsageError,
)
from userkit.features.users import User, UserRegistered
from userkit.kernel.ids import is_id
from userkit.storage.port import Store
from userkit.sync import run

SPELLINGS = [
    "Ada@Example.com",
    "ada@example.com",
    "ADA@EXAMPLE.COM",
    "ada@EXAMPLE.com",
    "aDa@eXaMpLe.CoM",
]


def test_an_account_holds_what_was_given(here: World) -> None:
    """The address and the name as they are kept, the time of the clock, the first revision."""
    user = here.users.register(
        email="Ada@Example.com", name="  Ada Lovelace ", attributes={"plan": "pro", "seats": 3}
    )
    then = datetime(2026, 1, 1, tzinfo=UTC)
    assert is_id(user.id)
    assert user == User(
        id=user.id,
        version=1,
        email="Ada@Example.com",
        email_key="ada@example.com",
        email_verified_at=None,
        name="Ada Lovelace",
        disabled_at=None,
        attributes={"plan": "pro", "seats": 3},
        created_at=then,
        updated_at=then,
    )
    assert here.stored() == (user,)
    assert not user.is_disabled
    assert not user.is_email_verified


def test_it_is_told_after_it_is_stored(here: World) -> None:
    """Who listens can read the user."""
    found: list[User] = []
    here.listeners.add(UserRegistered, lambda event: found.append(here.users.get(event.user.id)))
    user = here.users.register(email="ada@example.com", name="Ada")
    assert here.told == [UserRegistered(at=here.clock(), realm="default", user=user)]
    assert found == [user]


def test_attributes_are_empty_unless_given(here: World) -> None:
    """None is not given."""
    assert here.users.register(email="ada@example.com", name="Ada").attributes == {}
    assert here.users.register(email="bo@example.com", name="Bo", attributes=None).attributes == {}


def test_attributes_are_copied(here: World) -> None:
    """Who gave them may go on changing their own."""
    given: dict[str, Any] = {"tags": ["new"]}
    user = here.users.register(email="ada@example.com", name="Ada", attributes=given)
    given["tags"].append("changed")
    assert user.attributes == here.users.get(user.id).attributes == {"tags": ["new"]}


@pytest.mark.parametrize("first", SPELLINGS)
def test_an_address_has_one_account_however_it_is_spelled(here: World, first: str) -> None:
    """The second finds it taken, and nothing changes."""
    user = here.users.register(email=first, name="Ada")
    here.told.clear()
    for spelling in SPELLINGS:
        with pytest.raises(EmailAlreadyExistsError) as caught:
            here.users.register(email=spelling, name="Mallory")
        assert caught.value.field == "email"
        assert spelling not in str(caught.value)
    assert here.stored() == (user,)
    assert here.told == []


def test_a_domain_in_unicode_and_in_ascii_is_one_domain(here: World) -> None:
    """Also in upper case."""
    here.users.register(email="ada@bücher.example", name="Ada")
    for spelling in ("ada@BÜCHER.example", "ada@xn--bcher-kva.example", "Ada@XN--BCHER-KVA.EXAMPLE"):
        with pytest.raises(EmailAlreadyExistsError):
            here.users.register(email=spelling, name="Mallory")


GOOD: dict[str, Any] = {"email": "ada@example.com", "name": "Ada", "attributes": {}}


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"email": "ada"}, InvalidEmailError),
        ({"email": ""}, InvalidEmailError),
        ({"name": ""}, InvalidNameError),
        ({"name": "Ada\r\nBcc: all@example.com"}, InvalidNameError),
        ({"attributes": {"nan": float("nan")}}, InvalidAttributesError),
        ({"attributes": {"blob": "x" * 70_000}}, InvalidAttributesError),
    ],
)
def test_what_is_not_valid_opens_no_account(
    here: World, bad: dict[str, Any], error: type[InvalidInputError]
) -> None:
    """Nothing is stored and nothing is told."""
    with pytest.raises(error):
        here.users.register(**GOOD | bad)
    assert here.stored() == ()
    assert here.told == []


@pytest.mark.parametrize("attributes", [[], "", 0, False, [("plan", "pro")], "plan", 7])
def test_attributes_are_a_mapping(here: World, attributes: Any) -> None:
    """An empty list is no mapping either."""
    with pytest.raises(InvalidAttributesError, match="Attributes are a mapping"):
        here.users.register(email="ada@example.com", name="Ada", attributes=attributes)
    assert here.stored() == ()


@pytest.mark.parametrize("name", ["㌖" * 100, "\ufdfa" * 100, "a-b " * 25, "N" * 100], ids=ascii)
def test_every_valid_name_can_be_stored_and_found(here: World, name: str) -> None:
    """Also one that is six times as long when it is folded for searches."""
    user = here.users.register(email="ada@example.com", name=name)
    assert here.users.search(name[:1]).items == (user,)


def test_a_listener_that_fails_does_not_undo_it(here: World) -> None:
    """What is stored has happened."""

    def fail(_: UserRegistered) -> None:
        raise LookupError

    here.listeners.by_type[UserRegistered].insert(0, fail)
    user = here.users.register(email="ada@example.com", name="Ada")
    assert here.stored() == (user,)
    assert len(here.told) == 1


def test_another_clash_is_not_said_to_be_the_address(here: World) -> None:
    """Such as two users with one id, which only a broken maker of ids makes."""
    ada = here.ada()

    register = replace(here.awaited.register, new_id=lambda: ada.id)
    with pytest.raises(DuplicateError) as caught:
        run(register(email="bo@example.com", name="Bo"))
    assert (type(caught.value), caught.value.field) == (DuplicateError, "id")


def test_a_store_that_fails_is_not_told_as_success() -> None:
    """The error comes through, and nobody hears of an account."""

    def fail(_: Store) -> None:
        raise StoreUnavailableError

    here = world(OvertakenStore(prepared(MemoryStore()), fail))
    with pytest.raises(StoreUnavailableError):
        here.users.register(email="ada@example.com", name="Ada")
    assert here.told == []


def test_nothing_of_the_kit_shows_its_secret(here: World) -> None:
    """Not even the use cases with all their parts."""
    for shown in (repr(here.awaited), repr(here.users), repr(vars(here.users))):
        assert SECRET not in shown


def test_a_password_needs_the_feature_for_it(here: World) -> None:
    """Users know nothing of hashes; without it nobody is registered as if they had a password."""
    with pytest.raises(UsageError, match="without the feature passwords"):
        here.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
    assert here.stored() == ()
