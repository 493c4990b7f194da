"""Changing, disabling, enabling and deleting."""

from datetime import timedelta
from typing import Any

import pytest

from tests.features.users.world import World, prepared, world
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    InvalidAttributesError,
    InvalidNameError,
    StaleError,
    UserNotFoundError,
)
from userkit.features.users import (
    User,
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserRegistered,
    UserUpdated,
)
from userkit.kernel.events import Event
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.sync import run

NOBODY = "019c9f2f-3d7b-7000-8000-000000000000"


def test_a_user_gets_another_name_and_other_attributes(here: World) -> None:
    """The next revision, with the time of the change; what listens gets both revisions."""
    ada = here.ada()
    later = here.clock.advance(hours=1)
    user = here.users.update(ada.id, name=" Ada King ", attributes={"plan": "pro"})
    assert user == ada.evolve(name="Ada King", attributes={"plan": "pro"}, updated_at=later)
    assert here.users.get(ada.id) == user
    assert here.told == [UserUpdated(at=later, realm="default", before=ada, user=user)]


def test_what_is_not_given_stays(here: World) -> None:
    """Attributes are replaced as a whole."""
    ada = here.ada()
    assert here.users.update(ada.id, name="Ada King").attributes == {"plan": "free"}
    assert here.users.update(ada.id, attributes={"seats": 3}).attributes == {"seats": 3}
    assert here.users.update(ada.id, attributes={}).name == "Ada King"
    assert here.users.get(ada.id).attributes == {}


def test_one_and_true_are_two_attributes(here: World) -> None:
    """Python calls them equal; JSON does not, and neither do databases."""
    ada = here.users.register(email="ada@example.com", name="Ada", attributes={"seats": 1})
    here.users.update(ada.id, attributes={"seats": True})
    assert here.users.get(ada.id).attributes["seats"] is True
    here.users.update(ada.id, attributes={"seats": 1.0})
    assert isinstance(here.users.get(ada.id).attributes["seats"], float)


@pytest.mark.parametrize(
    "change",
    [{}, {"name": "Ada Lovelace "}, {"attributes": {"plan": "free"}}, {"name": None, "attributes": None}],
)
def test_a_change_that_changes_nothing_is_none(here: World, change: dict[str, Any]) -> None:
    """No new revision, and nothing is told."""
    ada = here.ada()
    here.clock.advance(hours=1)
    assert here.users.update(ada.id, **change) == ada
    assert here.users.get(ada.id) == ada
    assert here.told == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": ""}, InvalidNameError),
        ({"name": "\u202eadA"}, InvalidNameError),
        ({"name": 7}, InvalidNameError),
        ({"attributes": []}, InvalidAttributesError),
        ({"attributes": {"nul": "\0"}}, InvalidAttributesError),
        ({"name": "Ada King", "attributes": {1: 2}}, InvalidAttributesError),
    ],
)
def test_a_change_that_is_not_valid_changes_nothing(
    here: World, change: dict[str, Any], error: type[Exception]
) -> None:
    """All of it, or nothing."""
    ada = here.ada()
    with pytest.raises(error):
        here.users.update(ada.id, **change)
    assert here.users.get(ada.id) == ada
    assert here.told == []


def test_a_change_may_be_bound_to_a_revision(here: World) -> None:
    """The one that somebody looked at when they decided."""
    ada = here.ada()
    second = here.users.update(ada.id, name="Ada King", version=1)
    here.told.clear()
    changes: list[dict[str, Any]] = [{"name": "Ada Byron"}, {}, {"name": "Ada King"}]
    for change in changes:
        with pytest.raises(StaleError):
            here.users.update(ada.id, version=1, **change)
    assert here.users.get(ada.id) == second
    assert here.told == []
    assert here.users.update(ada.id, version=2, name="Ada Byron").version == 3


def rival(user: User) -> Any:
    """Return somebody who disables a user just before our first commit, and then does nothing."""
    once = iter([True])

    def act(store: Store) -> None:
        if next(once, False):
            run(store.commit(Save(user, user.disabled(user.created_at + timedelta(hours=1)))))

    return act


def test_a_new_name_does_not_undo_what_somebody_else_did_meanwhile() -> None:
    """The change is made again on the newer revision; bound to a revision, it is refused."""
    memory = prepared(MemoryStore())
    ada = world(memory).ada()
    here = world(OvertakenStore(memory, rival(ada)))
    user = here.users.update(ada.id, name="Ada King")
    assert (user.name, user.is_disabled, user.version) == ("Ada King", True, 3)

    bo = world(memory).users.register(email="bo@example.com", name="Bo")
    here = world(OvertakenStore(memory, rival(bo)))
    with pytest.raises(StaleError):
        here.users.update(bo.id, name="Bob", version=1)
    assert here.users.get(bo.id).name == "Bo"


def test_an_account_is_closed_and_opened_again(here: World) -> None:
    """Every session ends with it; nothing else about it changes."""
    ada = here.ada()
    closed_at = here.clock.advance(hours=1)
    closed = here.users.disable(ada.id)
    assert closed == ada.evolve(disabled_at=closed_at, updated_at=closed_at, session_epoch=1)
    assert closed.is_disabled
    opened_at = here.clock.advance(hours=1)
    opened = here.users.enable(ada.id)
    assert opened == closed.evolve(disabled_at=None, updated_at=opened_at)
    assert here.users.get(ada.id) == opened
    assert here.told == [
        UserDisabled(at=closed_at, realm="default", user=closed),
        UserEnabled(at=opened_at, realm="default", user=opened),
    ]


def test_closing_twice_or_opening_what_is_open_changes_nothing(here: World) -> None:
    """The time of the first closing stays, and nothing is told."""
    ada = here.ada()
    assert here.users.enable(ada.id) == ada
    closed = here.users.disable(ada.id)
    here.clock.advance(hours=1)
    here.told.clear()
    assert here.users.disable(ada.id) == closed
    assert here.told == []


def test_a_deleted_user_is_gone_and_the_address_is_free(here: World) -> None:
    """Who listens gets the last revision; the next account with the address is another one."""
    ada = here.users.disable(here.ada().id)
    here.told.clear()
    later = here.clock.advance(hours=1)
    here.users.delete(ada.id)
    assert here.stored() == ()
    assert here.told == [UserDeleted(at=later, realm="default", user=ada)]
    with pytest.raises(UserNotFoundError):
        here.users.get(ada.id)
    with pytest.raises(UserNotFoundError):
        here.users.get_by_email(ada.email)
    assert here.users.search("ada").items == ()
    again = here.users.register(email=ada.email, name="Another Ada")
    assert again.id != ada.id
    assert not again.is_disabled


@pytest.mark.parametrize("verb", ["update", "disable", "enable", "delete"])
@pytest.mark.parametrize("user_id", [NOBODY, "", "ada@example.com", "\0", "\ud800"], ids=ascii)
def test_nothing_can_be_done_to_nobody(here: World, verb: str, user_id: str) -> None:
    """And nothing is told of it."""
    ada = here.ada()
    with pytest.raises(UserNotFoundError):
        getattr(here.users, verb)(user_id)
    assert here.stored() == (ada,)
    assert here.told == []


def test_a_user_is_deleted_once(here: World) -> None:
    """The second time there is nobody."""
    ada = here.ada()
    here.users.delete(ada.id)
    for verb in (here.users.delete, here.users.update, here.users.disable, here.users.enable):
        with pytest.raises(UserNotFoundError):
            verb(ada.id)


def test_events_tell_a_life_in_order(here: World) -> None:
    """With the revisions one after the other."""
    user = here.users.register(email="ada@example.com", name="Ada")
    here.users.update(user.id, name="Ada King")
    here.users.disable(user.id)
    here.users.enable(user.id)
    here.users.delete(user.id)
    kinds: list[type[Event]] = [UserRegistered, UserUpdated, UserDisabled, UserEnabled, UserDeleted]
    assert [type(event) for event in here.told] == kinds
    assert [event.user.version for event in here.told] == [1, 2, 3, 4, 4]  # type: ignore[attr-defined]  # all have one
    assert {event.realm for event in here.told} == {"default"}
