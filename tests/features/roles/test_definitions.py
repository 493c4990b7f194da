"""Roles are defined in code, and mistakes are found before anything runs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.roles.world import DEFINITIONS, World, prepared, world
from userkit.backends.memory import MemoryStore
from userkit.errors import ConfigurationError, InvalidInputError
from userkit.features.roles import Definitions, grants, is_permission, roles


def test_without_definitions_there_is_one_role_that_may_do_everything() -> None:
    """It is called admin."""
    here = world(prepared(MemoryStore()), definitions=None)
    assert dict(here.roles.definitions.by_name) == {"admin": {"*"}}
    assert here.roles.definitions.administrator == "admin"
    ada = here.someone("ada", "admin")
    assert here.roles.allows(here.acting(ada), "anything:whatsoever")


@pytest.mark.parametrize(
    "name",
    ["", "Admin", " admin", "admin ", "1st", "ad min", "аdmin", "ad:min", "a" * 64, "admin\n", None, 3],
)
def test_a_role_has_one_spelling(name: Any) -> None:
    """Lower-case letters, digits, - and _; anything else is refused at start-up."""
    with pytest.raises(ConfigurationError, match="A role is named"):
        roles({"admin": {"*"}, name: {"posts:read"}})


@pytest.mark.parametrize("name", ["a", "a" * 63, "super-admin", "tier_2"])
def test_a_canonical_name_is_taken(name: str) -> None:
    """As it is."""
    assert Definitions.of({name: ()}, administrator=name).check(name) == name


NO_PERMISSIONS = [
    "",
    "**",
    "posts",
    "posts:",
    ":read",
    "Posts:read",
    "posts:*",
    "*:read",
    "posts:read:all",
    "posts read",
    "posts:read\n",
    "pósts:read",
    "p" * 64 + ":read",
    None,
    1,
    b"posts:read",
]


@pytest.mark.parametrize("permission", NO_PERMISSIONS)
def test_a_permission_is_written_noun_and_verb(permission: Any) -> None:
    """In lower case; wildcards in parts of it are none."""
    assert not is_permission(permission)
    with pytest.raises(ConfigurationError, match=r"editor: a permission is written noun:verb"):
        roles({"admin": {"*"}, "editor": [permission]})


@pytest.mark.parametrize("permission", ["*", "posts:read", "api-keys:write", "p_2:v2"])
def test_a_permission_that_is_one_is_taken(permission: str) -> None:
    """Also the one for everything."""
    assert is_permission(permission)
    assert Definitions.of({"a": [permission]}, administrator="a").permissions(["a"]) == {permission}


@pytest.mark.parametrize("permissions", ["*", b"*", "posts:read", None, 5])
def test_permissions_are_a_set(permissions: Any) -> None:
    """A text is one by mistake."""
    with pytest.raises(ConfigurationError, match="admin: permissions are a set, such as"):
        roles({"admin": permissions})


def test_roles_are_a_mapping() -> None:
    """A list of names says nothing of what they allow."""
    names: Any = ["admin"]
    with pytest.raises(ConfigurationError, match="Roles are defined by name"):
        roles(names)


def test_somebody_must_administer() -> None:
    """The role of the administrator is one of those defined."""
    with pytest.raises(ConfigurationError, match="'admin' is not defined: define it, or name another"):
        roles({"owner": {"*"}})
    with pytest.raises(ConfigurationError, match="'boss' is not defined"):
        roles({"admin": {"*"}}, administrator="boss")
    assert roles({"owner": {"*"}}, administrator="owner").name == "roles"


def test_what_was_given_may_change_afterwards() -> None:
    """The feature keeps its own copy."""
    given_roles = {"admin": {"*"}}
    defined = Definitions.of(given_roles, administrator="admin")
    given_roles["admin"].add("users:read")
    given_roles["boss"] = {"*"}
    assert dict(defined.by_name) == {"admin": {"*"}}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("admn", "admin"), ("Admin", "admin"), ("editro", "editor"), ("EDITOR", "editor")],
)
def test_a_misspelled_role_is_recognised_but_not_taken(here: World, typed: str, meant: str) -> None:
    """The sentence asks whether it was meant."""
    ada = here.someone("ada")
    with pytest.raises(InvalidInputError) as caught:
        here.roles.assign(ada, typed)
    assert str(caught.value) == (
        f"There is no such role. Did you mean {meant!r}? Defined are: admin, editor, guest, manager, reader."
    )


@pytest.mark.parametrize(
    "typed", ["", "zzzz", "admin" * 10_000, "\x1b[2J\n", "\ud800", None, 7, ["admin"], {"$ne": None}]
)
def test_what_is_no_role_is_refused_and_not_repeated(here: World, typed: Any) -> None:
    """Whatever type it is of, however long, in bounded time; and nothing is changed."""
    ada = here.someone("ada", "reader")
    for attempt in (
        lambda: here.roles.assign(ada, typed),
        lambda: here.roles.unassign(ada, typed),
        lambda: here.roles.set(ada, ["editor", typed]),
    ):
        with pytest.raises(InvalidInputError) as caught:
            attempt()
        assert str(caught.value) == (
            "There is no such role. Defined are: admin, editor, guest, manager, reader."
        )
    assert here.roles.of(ada) == {"reader"}


@pytest.mark.parametrize("names", ["admin", b"admin", None, 3])
def test_several_roles_are_a_list(here: World, names: Any) -> None:
    """A text is one by mistake."""
    ada = here.someone("ada")
    with pytest.raises(InvalidInputError, match="Roles are given as a list of names"):
        here.roles.set(ada, names)


names = st.sampled_from(["admin", "manager", "editor", "reader", "guest"])


@given(held=st.frozensets(names), wanted=st.sampled_from(["posts:read", "posts:write", "x:y", "*"]))
def test_roles_allow_together_what_each_allows(held: frozenset[str], wanted: str) -> None:
    """No more and no less."""
    defined = Definitions.of(DEFINITIONS, administrator="admin")
    by_each = any(grants(defined.permissions([each]), wanted) for each in held)
    assert grants(defined.permissions(held), wanted) is by_each
