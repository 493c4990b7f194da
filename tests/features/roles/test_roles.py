"""Who has which roles, and what they allow."""

from typing import Any

import pytest

from tests.features.roles.world import DEFINITIONS, NOBODY, World, prepared, world
from tests.storage.doubles import BareStore, OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ForbiddenError,
    InvalidInputError,
    StaleError,
    UsageError,
    UserNotFoundError,
)
from userkit.features.roles import PermissionDenied, RoleAssigned, RoleAssignment, RoleUnassigned
from userkit.features.users import User, UserRepository
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store
from userkit.sync import run


def test_roles_are_assigned_one_by_one(here: World) -> None:
    """Each is told of, and one that is there already stays."""
    ada = here.someone("ada")
    assert here.roles.of(ada) == frozenset()
    assert here.roles.assign(ada, "reader") == {"reader"}
    assert here.roles.assign(ada, "manager") == {"reader", "manager"}
    stored = here.assignment(ada)
    assert here.roles.assign(ada, "reader") == {"reader", "manager"}
    assert here.assignment(ada) == stored
    assert here.roles.of(ada) == {"reader", "manager"}
    now = here.clock()
    assert here.told == [
        RoleAssigned(at=now, realm="default", user_id=ada, role="reader"),
        RoleAssigned(at=now, realm="default", user_id=ada, role="manager"),
    ]


def test_roles_are_taken_one_by_one(here: World) -> None:
    """One that is not there is none to take."""
    ada = here.someone("ada", "reader", "editor")
    assert here.roles.unassign(ada, "reader") == {"editor"}
    assert here.roles.unassign(ada, "reader") == {"editor"}
    assert here.roles.unassign(ada, "editor") == frozenset()
    assert here.roles.of(ada) == frozenset()
    assert [(type(each), getattr(each, "role", "")) for each in here.told] == [
        (RoleUnassigned, "reader"),
        (RoleUnassigned, "editor"),
    ]


def test_roles_are_set_at_once(here: World) -> None:
    """What is taken is told of before what is given."""
    ada = here.someone("ada", "reader", "guest")
    assert here.roles.set(ada, iter(["manager", "guest", "editor"])) == {"manager", "guest", "editor"}
    assert [(type(each), getattr(each, "role", "")) for each in here.told] == [
        (RoleUnassigned, "reader"),
        (RoleAssigned, "editor"),
        (RoleAssigned, "manager"),
    ]
    here.told.clear()
    assert here.roles.set(ada, ["manager", "guest", "editor"]) == here.roles.of(ada)
    assert here.told == []
    assert here.roles.set(ada, []) == frozenset()


def test_whoever_never_had_a_role_has_no_record(here: World) -> None:
    """Taking what is not there makes none, and the user stays as they are."""
    ada = here.someone("ada")
    assert here.roles.unassign(ada, "reader") == here.roles.set(ada, []) == frozenset()
    assert here.assignment(ada) is None
    assert here.users.get(ada).version == 1


def test_permissions_are_those_of_all_roles(here: World) -> None:
    """Together."""
    ada = here.someone("ada")
    assert here.roles.permissions(ada) == frozenset()
    here.roles.set(ada, ["guest", "reader", "manager"])
    assert here.roles.permissions(ada) == DEFINITIONS["manager"]
    here.roles.assign(ada, "admin")
    assert here.roles.permissions(ada) == {"*", *DEFINITIONS["manager"]}


def test_require_lets_pass_who_has_the_permission(here: World) -> None:
    """And tells nobody of it."""
    ada = here.acting(here.someone("ada", "editor"))
    here.roles.require(ada, "posts:write")
    assert here.roles.allows(ada, "posts:write")
    assert here.told == []


def test_require_stops_who_has_not_and_tells_of_it(here: World) -> None:
    """Asking alone tells nothing."""
    ada = here.acting(here.someone("ada", "reader"))
    assert not here.roles.allows(ada, "posts:write")
    assert here.told == []
    with pytest.raises(ForbiddenError, match="This needs the permission posts:write") as caught:
        here.roles.require(ada, "posts:write")
    assert caught.value.code == "forbidden"
    denied = PermissionDenied(at=here.clock(), realm="default", user_id=ada.user_id, permission="posts:write")
    assert here.told == [denied]


def test_a_denial_is_recorded_in_a_commit_of_its_own(here: World) -> None:
    """By whoever takes part."""
    ada = here.acting(here.someone("ada"))

    async def take_part(event: PermissionDenied) -> list[Add[User]]:
        return [Add(await here.people.get(ada.user_id))]  # cannot be added twice

    here.participants.add(PermissionDenied, take_part)
    with pytest.raises(Exception, match="already has this id"):
        here.roles.require(ada, "posts:write")


@pytest.mark.parametrize("permission", ["", "posts", "Posts:read", "posts:*", None, ["posts:read"]])
def test_what_is_no_permission_is_a_mistake_in_the_code(here: World, permission: Any) -> None:
    """Also for somebody who may do everything."""
    ada = here.acting(here.someone("ada", "admin"))
    for ask in (here.roles.require, here.roles.allows):
        with pytest.raises(UsageError, match="A permission is written noun:verb"):
            ask(ada, permission)


def test_scopes_narrow_what_roles_allow(here: World) -> None:
    """And never widen it."""
    boss, ada = here.someone("boss", "admin"), here.someone("ada", "reader")
    narrow = frozenset({"posts:read", "users:read"})
    assert here.roles.allows(here.acting(boss, scopes=narrow), "posts:read")
    assert not here.roles.allows(here.acting(boss, scopes=narrow), "posts:write")
    assert not here.roles.allows(here.acting(boss, scopes=narrow), "*")
    assert here.roles.allows(here.acting(ada, scopes=narrow), "posts:read")
    assert not here.roles.allows(here.acting(ada, scopes=narrow), "users:read")
    assert not here.roles.allows(here.acting(boss, scopes=frozenset()), "posts:read")


def test_everything_is_a_permission_too(here: World) -> None:
    """Having every one of a list is not having it."""
    assert here.roles.allows(here.acting(here.someone("boss", "admin")), "*")
    assert not here.roles.allows(here.acting(here.someone("ada", "manager")), "*")


@pytest.mark.parametrize("user_id", [NOBODY, "", "nobody", "x" * 1000, None, 3])
def test_nobody_has_no_roles(here: World, user_id: Any) -> None:
    """Those who change or read them hear so; those who ask for permission are denied."""
    for attempt in (
        lambda: here.roles.assign(user_id, "reader"),
        lambda: here.roles.unassign(user_id, "reader"),
        lambda: here.roles.set(user_id, ["reader"]),
        lambda: here.roles.of(user_id),
        lambda: here.roles.permissions(user_id),
    ):
        with pytest.raises(UserNotFoundError):
            attempt()
    assert not here.roles.allows(here.acting(user_id), "posts:read")


def test_roles_of_a_disabled_user_allow_nothing(here: World) -> None:
    """They are still there, and count again when the account is opened."""
    ada = here.someone("ada", "editor")
    here.users.disable(ada)
    assert here.roles.of(ada) == {"editor"}
    assert here.roles.permissions(ada) == frozenset()
    assert not here.roles.allows(here.acting(ada), "posts:read")
    here.users.enable(ada)
    assert here.roles.permissions(ada) == DEFINITIONS["editor"]
    assert here.roles.allows(here.acting(ada), "posts:read")


def test_a_disabled_user_can_be_given_roles_for_later(here: World) -> None:
    """Their first ones, and others."""
    ada, bob = here.someone("ada"), here.someone("bob", "reader")
    for user_id in (ada, bob):
        here.users.disable(user_id)
        here.roles.set(user_id, ["editor"])
        assert not here.roles.allows(here.acting(user_id), "posts:read")
        here.users.enable(user_id)
        assert here.roles.allows(here.acting(user_id), "posts:read")


def test_those_without_roles_are_disabled_and_deleted_as_ever(here: World) -> None:
    """Nothing is added to those commits."""
    ada = here.someone("ada")
    here.users.disable(ada)
    here.users.enable(ada)
    here.users.delete(ada)
    assert here.assignment(ada) is None


def test_a_deleted_user_has_no_roles(here: World) -> None:
    """They go in the commit that deletes, and an identity that is still about gets nothing."""
    ada = here.someone("ada", "editor")
    identity = here.acting(ada)
    here.users.delete(ada)
    assert here.assignment(ada) is None
    assert not here.roles.allows(identity, "posts:read")
    with pytest.raises(UserNotFoundError):
        here.roles.of(ada)


def test_a_role_that_is_not_defined_any_more_allows_nothing_and_can_be_taken() -> None:
    """It is seen, and it does not come back by mistake."""
    memory = prepared(MemoryStore())
    ada = world(memory).someone("ada", "editor", "reader")
    later = world(memory, definitions={"admin": {"*"}, "reader": {"posts:read"}})
    assert later.roles.of(ada) == {"editor", "reader"}
    assert later.roles.permissions(ada) == {"posts:read"}
    with pytest.raises(InvalidInputError):
        later.roles.assign(ada, "editor")
    assert later.roles.unassign(ada, "editor") == {"reader"}
    with pytest.raises(InvalidInputError):
        later.roles.unassign(ada, "editor")


def test_realms_have_roles_of_their_own() -> None:
    """An identity of one has nothing in another."""
    memory = prepared(MemoryStore())
    here, there = world(memory), world(memory, realm="acme")
    ada = here.someone("ada", "admin")
    assert there.administrators() is None
    assert not there.roles.allows(here.acting(ada), "posts:read")
    with pytest.raises(UserNotFoundError):
        there.roles.of(ada)
    bob = there.someone("bob", "admin")
    assert (here.administrators(), there.administrators()) == ({ada}, {bob})


def test_one_change_has_an_end() -> None:
    """Sixteen roles at once; nothing is changed beyond that."""
    many = {f"role-{number}": {"posts:read"} for number in range(17)}
    here = world(prepared(MemoryStore()), definitions={"admin": {"*"}, **many})
    ada = here.someone("ada")
    with pytest.raises(InvalidInputError, match="at most 16 roles"):
        here.roles.set(ada, many)
    assert here.roles.of(ada) == frozenset()
    here.roles.set(ada, list(many)[:16])
    here.roles.set(ada, many)
    assert here.roles.of(ada) == frozenset(many)


def test_a_change_that_is_overtaken_is_tried_again() -> None:
    """On what the roles are by then; the third time it is given up."""
    memory = prepared(MemoryStore())
    ada = world(memory).someone("ada")
    attempts: list[str] = []

    def first_only(store: Store) -> None:
        if not attempts:
            run(store.commit(Add(RoleAssignment(id=ada, roles=frozenset({"guest"})))))
        attempts.append("assign reader")

    assert world(OvertakenStore(memory, first_only)).roles.assign(ada, "reader") == {"guest", "reader"}
    assert len(attempts) == 2

    def always(store: Store) -> None:
        held = run(store.get(RoleAssignment, ada))
        assert held is not None
        run(store.commit(Save(held, held.evolve())))
        attempts.append("assign editor")

    with pytest.raises(StaleError):
        world(OvertakenStore(memory, always)).roles.assign(ada, "editor")
    assert attempts.count("assign editor") == 3
    assert world(memory).roles.of(ada) == {"guest", "reader"}


def test_require_reads_one_record(here: World) -> None:
    """By its key."""
    ada = here.acting(here.someone("ada", "reader"))
    reads: list[str] = []

    class Counting(BareStore):
        async def step(self) -> None:
            reads.append("step")

    world(Counting(here.store)).roles.require(ada, "posts:read")
    assert len(reads) == 1


def test_what_was_changed_behind_our_back_is_mended_by_the_next_change(here: World) -> None:
    """A repository tells nobody; whoever is given a role again is counted as they are."""
    boss, ada = here.someone("boss", "admin"), here.someone("ada", "admin")
    user = here.users.get(ada)
    run(UserRepository(here.store).update(user.disabled(here.clock())))
    assert here.administrators() == {boss, ada}
    here.roles.assign(ada, "admin")
    assert here.administrators() == {boss}
    assert here.roles.permissions(ada) == frozenset()
