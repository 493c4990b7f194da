"""Many at once: whoever loses a race is judged by what is true by then."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.features.roles.racing import Race, Work, as_tasks, as_threads, carelessly
from tests.features.roles.world import World, prepared, world
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import ForbiddenError, StaleError, UserNotFoundError
from userkit.features.roles import RoleAssignment
from userkit.storage.port import Store
from userkit.sync import run

both = pytest.mark.parametrize("race", [as_threads, as_tasks])


def unassign(by: str, user_id: str) -> Work[World]:
    """Take the role of an administrator, as another one."""
    return lambda here: here.awaited.unassign(user_id, "admin", by=here.acting(by))


def trusted(_: str, user_id: str) -> Work[World]:
    """Take the role of an administrator, as trusted code."""
    return lambda here: here.awaited.unassign(user_id, "admin")


def disable(_: str, user_id: str) -> Work[World]:
    """Disable an administrator."""
    return lambda here: here.people.disable(user_id)


def delete(_: str, user_id: str) -> Work[World]:
    """Delete an administrator."""
    return lambda here: here.people.delete(user_id)


Removal = Callable[[str, str], Work[World]]
removals = [unassign, trusted, disable, delete]


def administering(here: World) -> frozenset[str]:
    """Return who really administers: by their own record, and with an account that is open."""
    held = run(here.store.find(RoleAssignment)).items
    users = {each.id: each for each in here.users.list().items}
    return frozenset(
        each.id
        for each in held
        if "admin" in each.roles and each.id in users and not users[each.id].is_disabled
    )


@both
@pytest.mark.parametrize("one", removals)
@pytest.mark.parametrize("other", removals)
def test_of_two_administrators_who_remove_each_other_one_stays(
    race: Race[World], one: Removal, other: Removal
) -> None:
    """However each goes about it; the slower one is refused."""
    for _ in range(5):
        memory = prepared(MemoryStore())
        here = world(memory)
        ada, bob = here.someone("ada", "admin"), here.someone("bob", "admin")
        outcomes = race(world, memory, [one(ada, bob), other(bob, ada)])
        assert Counter(outcomes) == {None: 1, ForbiddenError: 1}
        left = administering(here)
        assert left == here.administrators() == ({bob} if outcomes[0] else {ada})


@pytest.mark.parametrize("removal", removals)
def test_it_would_be_noticed_if_two_administrators_could_remove_each_other(removal: Removal) -> None:
    """As they can where the last write wins."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada, bob = here.someone("ada", "admin"), here.someone("bob", "admin")
    assert carelessly(world, memory, [removal(ada, bob), removal(bob, ada)]) == [None, None]
    # Where the actor is part of the commit, one of the two is brought back by mistake.
    assert len(administering(here)) == (1 if removal is unassign else 0)


@both
def test_of_sixteen_administrators_in_a_circle_somebody_stays(race: Race[World]) -> None:
    """Each removes the next; what was acknowledged is there, and the record is right."""
    for _ in range(5):
        memory = prepared(MemoryStore())
        here = world(memory)
        ids = [here.someone(f"admin{number}", "admin") for number in range(16)]
        pairs = list(zip(ids, ids[1:] + ids[:1], strict=True))
        outcomes = race(world, memory, [unassign(by, user_id) for by, user_id in pairs])
        assert set(outcomes) <= {None, StaleError, ForbiddenError}
        gone = {user_id for (_, user_id), each in zip(pairs, outcomes, strict=True) if each is None}
        assert gone
        assert administering(here) == here.administrators() == frozenset(ids) - gone != frozenset()


@both
def test_of_two_first_administrators_both_are_recorded(race: Race[World]) -> None:
    """Neither takes the other's place."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada, bob = here.someone("ada"), here.someone("bob")
    works: list[Work[World]] = [
        lambda here: here.awaited.assign(ada, "admin"),
        lambda here: here.awaited.assign(bob, "admin"),
    ]
    assert race(world, memory, works) == [None, None]
    assert here.administrators() == administering(here) == {ada, bob}


def assigning_and(end: Callable[[World, str], object]) -> Callable[[str], list[Work[World]]]:
    """Give somebody roles, and do something to them at the same time."""

    def works(ada: str) -> list[Work[World]]:
        async def finish(here: World) -> None:
            while True:
                try:
                    await end(here, ada)  # type: ignore[misc]
                except StaleError:
                    continue
                return

        return [
            finish,
            *(
                lambda here, role=role: here.awaited.assign(ada, role)
                for role in ("admin", "reader", "editor")
            ),
        ]

    return works


deleting = assigning_and(lambda here, user_id: here.people.delete(user_id))
disabling = assigning_and(lambda here, user_id: here.people.disable(user_id))


@both
@pytest.mark.parametrize("held", [(), ("guest",)])
def test_nobody_who_is_deleted_is_left_with_a_role(race: Race[World], held: tuple[str, ...]) -> None:
    """Let alone as an administrator on whom others rely."""
    for _ in range(10):
        memory = prepared(MemoryStore())
        here = world(memory)
        boss, ada = here.someone("boss", "admin"), here.someone("ada", *held)
        outcomes = race(world, memory, deleting(ada))
        assert outcomes[0] is None
        assert set(outcomes) <= {None, StaleError, UserNotFoundError}
        assert here.assignment(ada) is None
        assert here.administrators() == {boss}


def test_it_would_be_noticed_if_a_deleted_user_had_a_role() -> None:
    """As they have where the last write wins."""
    memory = prepared(MemoryStore())
    here = world(memory)
    here.someone("boss", "admin")
    ada = here.someone("ada")
    carelessly(world, memory, deleting(ada))
    assert here.assignment(ada) is not None


@both
@pytest.mark.parametrize("held", [(), ("guest",)])
def test_x12_whoever_is_given_roles_while_they_are_disabled_may_do_nothing(
    race: Race[World], held: tuple[str, ...]
) -> None:
    """Disabling wins; once they are enabled again, all counts that was acknowledged."""
    for _ in range(10):
        memory = prepared(MemoryStore())
        here = world(memory)
        boss, ada = here.someone("boss", "admin"), here.someone("ada", *held)
        outcomes = race(world, memory, disabling(ada))
        assert outcomes[0] is None
        assert set(outcomes) <= {None, StaleError}
        assert here.roles.permissions(ada) == frozenset()
        assert here.administrators() == administering(here) == {boss}
        here.users.enable(ada)
        given = {
            role for role, end in zip(("admin", "reader", "editor"), outcomes[1:], strict=True) if not end
        }
        assert here.roles.of(ada) == given | set(held)
        assert here.administrators() == administering(here)


def test_x12_would_notice_roles_that_come_back() -> None:
    """As they do where the last write wins."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada = here.someone("ada", "guest")
    carelessly(world, memory, disabling(ada))
    assert here.roles.permissions(ada)


@pytest.mark.parametrize(
    "fall",
    [
        lambda here, user_id: here.roles.unassign(user_id, "manager"),
        lambda here, user_id: here.users.disable(user_id),
        lambda here, user_id: here.users.delete(user_id),
    ],
    ids=["unassign", "disable", "delete"],
)
def test_whoever_falls_while_they_give_a_role_does_not_give_it(fall: Callable[[World, str], object]) -> None:
    """What allows it must still be true in the commit."""
    memory = prepared(MemoryStore())
    here = world(memory)
    boss, ada = here.someone("boss", "manager"), here.someone("ada", "guest")
    fallen: list[str] = []

    def rival(_: Store) -> None:
        if not fallen:
            fallen.append(boss)
            fall(here, boss)

    there = world(OvertakenStore(memory, rival))
    with pytest.raises(ForbiddenError):
        there.roles.assign(ada, "reader", by=there.acting(boss))
    assert fallen
    assert here.roles.of(ada) == {"guest"}
