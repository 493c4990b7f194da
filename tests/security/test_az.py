"""AZ: nobody may do anything unless a role says so, and nobody gives what they lack."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.roles.world import DEFINITIONS, NOBODY
from tests.features.roles.world import prepared as prepared_for_roles
from tests.features.roles.world import world as world_of_roles
from tests.security.world import PASSWORD, World
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UserKitError,
    UserNotFoundError,
)
from userkit.features.roles import PermissionDenied, grants, roles
from userkit.kernel.identity import EVERYTHING, Identity
from userkit.testing.bench import new_realm

ROLES = tuple(DEFINITIONS)
PERMISSIONS = sorted({"anything:else", *(each for some in DEFINITIONS.values() for each in some)})


@pytest.fixture
def kit(here: World) -> SyncUserKit:
    """A kit with a few roles, on each kind of store."""
    return here.open(features=[roles(DEFINITIONS)])


def someone(kit: SyncUserKit, name: str, *held: str) -> str:
    """Register somebody with roles, and return the id."""
    user_id = kit.users.register(email=f"{name}@example.com", name=name, password=PASSWORD).id
    if held:
        kit.roles.set(user_id, held)
    return user_id


def signed_in(kit: SyncUserKit, name: str) -> Identity:
    """Sign somebody in, and return the identity of their access token."""
    tokens = kit.sessions.sign_in(email=f"{name}@example.com", password=PASSWORD)
    return kit.authenticate(tokens.access_token)


def told(attempt: Callable[[], object]) -> tuple[type[UserKitError], str]:
    """Return what somebody is told who is refused."""
    with pytest.raises(UserKitError) as caught:
        attempt()
    return type(caught.value), str(caught.value)


def test_az_1_whoever_has_no_role_may_do_nothing(kit: SyncUserKit) -> None:
    """Whatever it is called, and however they signed in."""
    ada = someone(kit, "ada")
    key = kit.api_keys.create(ada, name="ci")
    opaque = kit.sessions.sign_in_opaque(email="ada@example.com", password=PASSWORD)
    for identity in (signed_in(kit, "ada"), kit.authenticate(key.secret), kit.authenticate(opaque.token)):
        for permission in PERMISSIONS:
            assert not kit.roles.allows(identity, permission)
            with pytest.raises(ForbiddenError):
                kit.roles.require(identity, permission)


def test_az_1_a_role_allows_what_it_says_and_no_more(kit: SyncUserKit) -> None:
    """Each against every permission there is."""
    for held in ROLES:
        someone(kit, f"with-{held}", held)
        identity = signed_in(kit, f"with-{held}")
        for permission in PERMISSIONS:
            allowed = grants(frozenset(DEFINITIONS[held]), permission)
            assert kit.roles.allows(identity, permission) is allowed


@given(
    held=st.frozensets(st.sampled_from(ROLES)),
    scopes=st.frozensets(st.sampled_from(PERMISSIONS)),
    permission=st.sampled_from(PERMISSIONS),
)
def test_az_1_both_the_roles_and_the_credential_must_allow_it(
    held: frozenset[str], scopes: frozenset[str], permission: str
) -> None:
    """Neither widens the other."""
    here = world_of_roles(prepared_for_roles(MemoryStore()))
    identity = here.acting(here.someone("ada", *held), scopes=scopes)
    by_roles = any(grants(frozenset(DEFINITIONS[each]), permission) for each in held)
    assert here.roles.allows(identity, permission) is (by_roles and grants(scopes, permission))


@pytest.mark.parametrize(
    "fall",
    [
        lambda kit, user_id: kit.roles.unassign(user_id, "editor"),
        lambda kit, user_id: kit.roles.set(user_id, []),
        lambda kit, user_id: kit.users.disable(user_id),
        lambda kit, user_id: kit.users.delete(user_id),
    ],
    ids=["unassign", "set", "disable", "delete"],
)
def test_az_1_what_is_taken_is_gone_at_once(
    kit: SyncUserKit, fall: Callable[[SyncUserKit, str], object]
) -> None:
    """An identity that was made before has no more than one that is made now."""
    ada = someone(kit, "ada", "editor")
    identity = signed_in(kit, "ada")
    kit.roles.require(identity, "posts:write")
    fall(kit, ada)
    with pytest.raises(ForbiddenError):
        kit.roles.require(identity, "posts:write")


def test_az_1_an_identity_of_another_realm_may_do_nothing(kit: SyncUserKit) -> None:
    """Also when both have the same roles."""
    someone(kit, "ada", "admin")
    there = kit.realm(new_realm())
    someone(there, "ada", "admin")
    assert not there.roles.allows(signed_in(kit, "ada"), "posts:read")
    assert there.roles.allows(signed_in(there, "ada"), "posts:read")


def test_az_1_what_belongs_to_another_answers_like_what_is_not_there(kit: SyncUserKit) -> None:
    """The error, the words; and it is left alone."""
    ada, bob = someone(kit, "ada"), someone(kit, "bob")
    session = kit.sessions.sign_in(email="bob@example.com", password=PASSWORD)
    key = kit.api_keys.create(bob, name="ci")
    ends = [told(lambda id=id: kit.sessions.end(id, user_id=ada)) for id in (session.session_id, NOBODY, "x")]
    revocations = [told(lambda id=id: kit.api_keys.revoke(ada, id)) for id in (key.id, NOBODY, "x")]
    assert set(ends) == set(revocations) == {(NotFoundError, NotFoundError.summary)}
    assert kit.authenticate(session.access_token).user_id == bob
    assert kit.authenticate(key.secret).user_id == bob


def test_az_1_whoever_may_not_change_roles_learns_nothing_of_whom(kit: SyncUserKit) -> None:
    """Somebody else's id, their own and none at all answer alike."""
    ada, bob = someone(kit, "ada", "reader"), someone(kit, "bob")
    actor = signed_in(kit, "ada")
    answers = {told(lambda id=id: kit.roles.assign(id, "reader", by=actor)) for id in (ada, bob, NOBODY, "x")}
    assert answers == {(ForbiddenError, "This needs the permission roles:write.")}


def changes(kit: SyncUserKit, user_id: str, role: str, actor: Identity) -> list[Callable[[], object]]:
    """Return every way to give a role that is not there, or to take one that is."""
    if role in kit.roles.of(user_id):
        return [
            lambda: kit.roles.unassign(user_id, role, by=actor),
            lambda: kit.roles.set(user_id, kit.roles.of(user_id) - {role}, by=actor),
        ]
    return [
        lambda: kit.roles.assign(user_id, role, by=actor),
        lambda: kit.roles.set(user_id, kit.roles.of(user_id) | {role}, by=actor),
    ]


@pytest.mark.parametrize("acting", ROLES)
def test_az_2_nobody_gives_or_takes_what_they_lack(kit: SyncUserKit, acting: str) -> None:
    """Every role by every role, to others and to oneself."""
    someone(kit, "boss", "admin")
    ada, bare = someone(kit, "ada", acting), someone(kit, "bare")
    actor, theirs = signed_in(kit, "ada"), frozenset(DEFINITIONS[acting])
    for role in ROLES:
        bob = someone(kit, f"bob-{role}", role)
        may = all(grants(theirs, each) for each in {"roles:write", *DEFINITIONS[role]})
        for user_id in (bare, bob, ada):
            before = kit.roles.of(user_id)
            for change in changes(kit, user_id, role, actor):
                if may:
                    change()
                    assert (role in kit.roles.of(user_id)) is not (role in before)
                    kit.roles.set(user_id, before)
                else:
                    assert told(change)[0] is ForbiddenError
                    assert kit.roles.of(user_id) == before


def test_az_2_what_is_not_changed_need_not_be_had(kit: SyncUserKit) -> None:
    """A manager gives an administrator one more role, and cannot hide a greater change in a list."""
    boss = someone(kit, "boss", "admin")
    someone(kit, "ada", "manager")
    actor = signed_in(kit, "ada")
    assert kit.roles.set(boss, ["admin", "reader"], by=actor) == {"admin", "reader"}
    assert kit.roles.assign(boss, "admin", by=actor) == {"admin", "reader"}
    for wanted in (["reader"], [], ["reader", "editor"]):
        assert told(lambda wanted=wanted: kit.roles.set(boss, wanted, by=actor))[0] is ForbiddenError
    assert kit.roles.of(boss) == {"admin", "reader"}


def test_az_2_a_narrow_credential_gives_no_more_than_it_covers(kit: SyncUserKit) -> None:
    """An API key of an administrator is limited by its scopes."""
    boss, bob = someone(kit, "boss", "admin"), someone(kit, "bob")

    def key(*scopes: str) -> Identity:
        return kit.authenticate(kit.api_keys.create(boss, name="ci", scopes=scopes).secret)

    assert told(lambda: kit.roles.assign(bob, "reader", by=key()))[0] is ForbiddenError
    assert told(lambda: kit.roles.assign(bob, "reader", by=key("posts:read")))[0] is ForbiddenError
    assert told(lambda: kit.roles.assign(bob, "editor", by=key("roles:write", "posts:read")))[0] is (
        ForbiddenError
    )
    assert told(lambda: kit.roles.assign(bob, "admin", by=key(*PERMISSIONS[1:])))[0] is ForbiddenError
    assert kit.roles.of(bob) == frozenset()
    assert kit.roles.assign(bob, "reader", by=key("roles:write", "posts:read")) == {"reader"}
    assert kit.roles.assign(bob, "admin", by=key(EVERYTHING)) == {"reader", "admin"}


def test_az_2_attempts_to_give_more_are_recorded(kit: SyncUserKit, here: World) -> None:
    """In the trail, once each."""
    ada, bob = someone(kit, "ada", "manager"), someone(kit, "bob")
    heard = here.heard(PermissionDenied)
    assert told(lambda: kit.roles.assign(ada, "admin", by=signed_in(kit, "ada"))) == (
        ForbiddenError,
        "Nobody gives or takes a role that allows more than they may do themselves.",
    )
    assert told(lambda: kit.roles.assign(ada, "admin", by=signed_in(kit, "bob")))[0] is ForbiddenError
    wanted = [(ada, EVERYTHING), (bob, "roles:write")]
    assert [(each.user_id, each.permission) for each in heard if isinstance(each, PermissionDenied)] == wanted
    trail = [each for each in kit.audit.list().items if each.event == "permission_denied"]
    assert [(each.user_id, each.facts) for each in reversed(trail)] == [
        (user_id, {"permission": permission}) for user_id, permission in wanted
    ]


def test_az_2_whoever_may_hears_that_there_is_nobody(kit: SyncUserKit) -> None:
    """Unlike those who may not."""
    someone(kit, "boss", "admin")
    actor = signed_in(kit, "boss")
    assert told(lambda: kit.roles.assign(NOBODY, "reader", by=actor))[0] is UserNotFoundError


@pytest.mark.parametrize(
    "name", ["Admin", "ADMIN", "admin ", " admin", "admin\0", "аdmin", "ａdmin", "adm\u0131n"]
)
def test_az_2_a_role_is_given_by_its_own_name_only(kit: SyncUserKit, name: str) -> None:
    """Look-alikes are no roles, and nothing is stored under them."""
    ada = someone(kit, "ada")
    for attempt in (
        lambda: kit.roles.assign(ada, name),
        lambda: kit.roles.unassign(ada, name),
        lambda: kit.roles.set(ada, ["reader", name]),
    ):
        assert told(attempt)[0] is InvalidInputError
    assert kit.roles.of(ada) == frozenset()


WAYS: dict[str, Callable[[SyncUserKit, str, Identity], object]] = {
    "unassign": lambda kit, user_id, _: kit.roles.unassign(user_id, "admin"),
    "unassign by oneself": lambda kit, user_id, me: kit.roles.unassign(user_id, "admin", by=me),
    "set": lambda kit, user_id, _: kit.roles.set(user_id, ["reader"]),
    "set by oneself": lambda kit, user_id, me: kit.roles.set(user_id, ["reader"], by=me),
    "disable": lambda kit, user_id, _: kit.users.disable(user_id),
    "delete": lambda kit, user_id, _: kit.users.delete(user_id),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_az_2_the_last_administrator_cannot_be_removed(
    kit: SyncUserKit, way: Callable[[SyncUserKit, str, Identity], object]
) -> None:
    """By anybody; and stays signed in as before."""
    boss, bob = someone(kit, "boss", "admin"), someone(kit, "bob", "admin")
    me = signed_in(kit, "boss")
    kit.users.disable(bob)
    error, sentence = told(lambda: way(kit, boss, me))
    assert (error, sentence) == (
        ForbiddenError,
        "This is the last administrator: make somebody else one first.",
    )
    kit.roles.require(me, "anything:else")
    kit.users.enable(bob)
    way(kit, boss, me)
    assert not kit.roles.allows(me, "anything:else")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_az_2_two_administrators_cannot_both_remove_each_other(
    here: World, way: Callable[[SyncUserKit, str, Identity], object]
) -> None:
    """From two kits at the same moment: one succeeds, and one is left."""
    kits = [here.open(features=[roles(DEFINITIONS)]) for _ in range(2)]
    for turn in range(5):
        names = [f"{each}{turn}" for each in ("ada", "bob")]
        kit = kits[0].realm(new_realm())
        ids = [someone(kit, name, "admin") for name in names]
        identities = [signed_in(kit, name) for name in names]
        views = [each.realm(identities[0].realm) for each in kits]
        gate = Barrier(2)

        def enter(
            place: int, gate: Any = gate, views: Any = views, ids: Any = ids, who: Any = identities
        ) -> Any:
            gate.wait()
            try:
                way(views[place], ids[1 - place], who[place])
            except UserKitError as error:
                return type(error)
            return None

        with ThreadPoolExecutor(2) as threads:
            outcomes = list(threads.map(enter, range(2)))
        assert Counter(outcomes) == {None: 1, ForbiddenError: 1}
        left = [kit.roles.allows(each, "anything:else") for each in identities]
        assert left == [each is None for each in outcomes]
