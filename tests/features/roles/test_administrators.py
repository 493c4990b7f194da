"""Somebody who administers is always left."""

from collections.abc import Callable

import pytest

from tests.features.roles.world import World, prepared, world
from userkit.backends.memory import MemoryStore
from userkit.errors import ForbiddenError

Removal = Callable[[World, str], object]

REMOVALS: dict[str, Removal] = {
    "unassign": lambda here, user_id: here.roles.unassign(user_id, "admin"),
    "set": lambda here, user_id: here.roles.set(user_id, ["editor"]),
    "disable": lambda here, user_id: here.users.disable(user_id),
    "delete": lambda here, user_id: here.users.delete(user_id),
}
removals = pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS)


@removals
def test_the_last_administrator_stays_one(here: World, remove: Removal) -> None:
    """Also for trusted code; nothing is changed and nothing told."""
    ada, bob = here.someone("ada", "admin"), here.someone("bob", "editor")
    before = here.users.get(ada), here.assignment(ada)
    with pytest.raises(ForbiddenError, match="This is the last administrator: make somebody else one first"):
        remove(here, ada)
    assert (here.users.get(ada), here.assignment(ada)) == before
    assert here.told == []
    here.roles.assign(bob, "admin")
    remove(here, ada)
    assert here.administrators() == {bob}


@removals
def test_a_disabled_administrator_is_none_to_count_on(here: World, remove: Removal) -> None:
    """Until the account is open again."""
    ada, bob = here.someone("ada", "admin"), here.someone("bob", "admin")
    here.users.disable(bob)
    with pytest.raises(ForbiddenError):
        remove(here, ada)
    here.users.enable(bob)
    remove(here, ada)
    assert here.administrators() == {bob}


@removals
def test_whoever_is_disabled_already_can_go(here: World, remove: Removal) -> None:
    """They were not counted."""
    ada, bob = here.someone("ada", "admin"), here.someone("bob", "admin")
    here.users.disable(bob)
    remove(here, bob)
    assert here.administrators() == {ada}


@removals
def test_before_the_first_administrator_nothing_is_protected(here: World, remove: Removal) -> None:
    """Nobody could be let in otherwise."""
    ada = here.someone("ada", "editor")
    remove(here, ada)
    assert here.administrators() is None


def test_a_disabled_user_who_is_made_the_first_administrator_counts_once_enabled(here: World) -> None:
    """Before, nobody administers."""
    ada = here.someone("ada")
    here.users.disable(ada)
    here.roles.assign(ada, "admin")
    assert here.administrators() is None
    here.users.enable(ada)
    assert here.administrators() == {ada}


def test_other_roles_come_and_go_without_it(here: World) -> None:
    """Those who administer may lose them, and those who do not may be enabled and disabled."""
    ada, bob = here.someone("ada", "admin", "editor"), here.someone("bob", "editor")
    here.roles.unassign(ada, "editor")
    here.users.disable(bob)
    here.users.enable(bob)
    assert here.administrators() == {ada}


def test_the_administrators_role_has_the_name_that_was_chosen() -> None:
    """And no other is protected."""
    definitions = {"owner": {"*"}, "admin": {"*"}}
    here = world(prepared(MemoryStore()), definitions=definitions, administrator="owner")
    ada = here.someone("ada", "owner", "admin")
    here.roles.unassign(ada, "admin")
    with pytest.raises(ForbiddenError):
        here.roles.unassign(ada, "owner")
    assert (here.administrators("owner"), here.administrators("admin")) == ({ada}, None)


def test_whoever_had_the_role_before_it_was_the_administrators_is_counted_when_given_it_again() -> None:
    """Until then the others are protected all the more."""
    memory = prepared(MemoryStore())
    before = world(memory)
    ada, bob = before.someone("ada", "manager"), before.someone("bob", "manager")
    after = world(memory, administrator="manager")
    after.roles.assign(ada, "manager")
    with pytest.raises(ForbiddenError):
        after.roles.unassign(ada, "manager")
    after.roles.assign(bob, "manager")
    assert after.administrators("manager") == {ada, bob}
    assert after.told == []
