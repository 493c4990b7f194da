"""Keys are made for owners, within what they may do, and shown once."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.features.api_keys.world import World, prepared, world
from tests.features.mail.world import FakeMailer
from tests.features.roles.world import NOBODY
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    ForbiddenError,
    InvalidInputError,
    InvalidNameError,
    StaleError,
    UserNotFoundError,
)
from userkit.features.api_keys import ApiKeyCreated, api_keys
from userkit.features.users import User
from userkit.kernel.opaque import digest
from userkit.kernel.origin import coming_from
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.sync import run


def test_a_key_is_made_with_what_was_wished_for(here: World) -> None:
    """What is kept of it is all but the secret."""
    ada = here.someone("ada", "manager")
    end = here.clock() + timedelta(days=30)
    made = here.keys.create(ada, name="  nightly build ", scopes=["posts:read"], expires_at=end)
    (key,) = here.stored()
    assert (made.id, made.user_id, made.name) == (key.id, ada, "nightly build")
    assert (made.scopes, made.created_at, made.expires_at) == ({"posts:read"}, here.clock(), end)
    assert (key.user_id, key.name, key.scopes, key.expires_at) == (ada, made.name, made.scopes, end)
    assert (key.created_at, key.last_used_at) == (here.clock(), None)
    created = ApiKeyCreated(
        at=here.clock(),
        realm="default",
        user_id=ada,
        key_id=key.id,
        name="nightly build",
        scopes=frozenset({"posts:read"}),
    )
    assert here.told == [created]


def test_the_text_of_a_key_is_recognised_by_how_it_begins(here: World) -> None:
    """The rest is known to its owner alone."""
    made = here.key_of(here.someone("ada"))
    (key,) = here.stored()
    assert made.secret.startswith("uk_")
    assert len(made.secret) == 67
    assert made.secret[:15] == made.prefix == key.prefix
    shown = repr(made) + repr(key) + str(made)
    assert made.secret not in shown
    assert made.secret[24:] not in shown
    assert repr(key.digest) not in shown
    assert digest(made.secret.encode()) != key.digest


def test_no_two_keys_look_alike(here: World) -> None:
    """Also those of one millisecond."""
    ada = here.someone("ada")
    made = [here.key_of(ada) for _ in range(50)]
    assert len({each.prefix for each in made}) == len({each.secret for each in made}) == 50


@pytest.mark.parametrize("user_id", [NOBODY, "", "nobody", None])
def test_nobody_has_no_keys(here: World, user_id: Any) -> None:
    """Neither new ones nor old ones."""
    with pytest.raises(UserNotFoundError):
        here.keys.create(user_id, name="ci")
    with pytest.raises(UserNotFoundError):
        here.keys.list(user_id)
    assert here.stored() == ()


def test_a_disabled_user_makes_no_keys(here: World) -> None:
    """Nor does anybody for them."""
    ada = here.someone("ada")
    here.users.disable(ada)
    with pytest.raises(ForbiddenError, match="The account is disabled"):
        here.keys.create(ada, name="ci")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "\u202egnp", None, 3])
def test_a_key_has_a_name(here: World, name: Any) -> None:
    """One that can be shown."""
    ada = here.someone("ada")
    with pytest.raises(InvalidNameError):
        here.keys.create(ada, name=name)
    assert here.stored() == ()


@pytest.mark.parametrize(
    "scopes", ["posts:read", b"posts:read", None, 3, ["posts"], [None], [["posts:read"]], ["posts:*"]]
)
def test_scopes_are_a_list_of_permissions(here: World, scopes: Any) -> None:
    """Anything else is refused, also for somebody who may do everything."""
    boss = here.someone("boss", "admin")
    with pytest.raises(InvalidInputError):
        here.keys.create(boss, name="ci", scopes=scopes)
    assert here.stored() == ()


def test_scopes_have_an_end(here: World) -> None:
    """A hundred."""
    boss = here.someone("boss", "admin")
    many = [f"noun-{number}:read" for number in range(101)]
    with pytest.raises(InvalidInputError, match="at most 100 scopes"):
        here.keys.create(boss, name="ci", scopes=many)
    assert here.keys.create(boss, name="ci", scopes=many[:100]).scopes == set(many[:100])


@pytest.mark.parametrize(
    ("held", "scopes", "may"),
    [
        ((), (), True),
        ((), ("posts:read",), False),
        (("reader",), ("posts:read",), True),
        (("reader",), ("posts:read", "posts:write"), False),
        (("manager",), ("*",), False),
        (("admin",), ("*",), True),
        (("admin",), ("anything:whatsoever",), True),
    ],
)
def test_a_key_may_do_no_more_than_its_owner(
    here: World, held: tuple[str, ...], scopes: tuple[str, ...], may: bool
) -> None:
    """At the moment it is made; and later, since roles are read anew."""
    ada = here.someone("ada", *held)
    if may:
        assert here.keys.create(ada, name="ci", scopes=scopes).scopes == set(scopes)
        return
    with pytest.raises(ForbiddenError, match="not within what the owner may do"):
        here.keys.create(ada, name="ci", scopes=scopes)
    assert here.stored() == ()


HERE_AND_THERE = timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))


@pytest.mark.parametrize(
    "expires_at",
    [
        datetime(2030, 1, 1),  # noqa: DTZ001  # without a zone is the point
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 999, tzinfo=UTC),
        datetime.max.replace(tzinfo=HERE_AND_THERE[0]),
        datetime.min.replace(tzinfo=HERE_AND_THERE[1]),
        "2030-01-01T00:00:00Z",
        1893456000,
        timedelta(days=1),
    ],
    ids=str,
)
def test_a_key_expires_in_the_future(here: World, expires_at: Any) -> None:
    """At a time that says where."""
    ada = here.someone("ada")
    with pytest.raises(InvalidInputError, match="expires_at"):
        here.keys.create(ada, name="ci", expires_at=expires_at)
    assert here.stored() == ()


def test_the_end_is_kept_in_utc_and_milliseconds(here: World) -> None:
    """As every time is."""
    ada = here.someone("ada")
    end = datetime(2026, 1, 1, 14, 0, 0, 1999, tzinfo=HERE_AND_THERE[1])
    made = here.keys.create(ada, name="ci", expires_at=end)
    assert made.expires_at == here.stored()[0].expires_at == datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)


def test_a_user_has_so_many_keys_and_no_more() -> None:
    """Those that have expired count until they are purged; those of others do not."""
    here = world(prepared(MemoryStore()), most=2)
    ada, bob = here.someone("ada"), here.someone("bob")
    here.key_of(bob)
    first = here.key_of(ada, expires_at=here.clock() + timedelta(hours=1))
    second = here.key_of(ada)
    here.clock.advance(hours=2)
    with pytest.raises(ForbiddenError, match="at most 2 API keys: revoke one first"):
        here.keys.create(ada, name="ci")
    assert here.keys.purge() == 1
    third = here.key_of(ada)
    assert {each.id for each in here.keys.list(ada).items} == {second.id, third.id}
    assert not here.opens(first.secret)
    here.keys.revoke(ada, second.id)
    assert here.key_of(ada)


@pytest.mark.parametrize("most", [0, -1, 1001, None, "50", True, 2.5])
def test_how_many_keys_is_a_number(most: Any) -> None:
    """Said at start-up."""
    with pytest.raises(ConfigurationError, match="api_keys: most is a number from 1 to 1000"):
        api_keys(most=most)


def test_the_owner_gets_a_letter() -> None:
    """In the commit that makes the key; the key is not in it."""
    here = world(prepared(MemoryStore()), mailer=FakeMailer())
    ada = here.someone("ada")
    made = here.key_of(ada)
    with coming_from(address="192.0.2.7"):
        here.key_of(ada, name="backup")
    first, second = here.letters()
    assert first.payload["letter"] == "api_key_created"
    assert first.payload["context"] == {"user_name": "ada", "key_name": "ci"}
    assert second.payload["context"] == {
        "user_name": "ada",
        "key_name": "backup",
        "address": "192.0.2.7",
    }
    assert made.secret not in repr(first)
    assert first.payload["to"] == "ada@example.com"
    assert first.user_id == ada


def test_a_key_that_is_overtaken_is_tried_again() -> None:
    """When the user was changed in the meantime; the third time it is given up."""
    memory = prepared(MemoryStore())
    ada = world(memory).someone("ada")
    attempts: list[int] = []

    def touch(store: Store) -> None:
        user = run(store.get(User, ada))
        assert user is not None
        run(store.commit(Save(user, user.evolve())))

    def sometimes(store: Store) -> None:
        if len(attempts) < 2:
            touch(store)
        attempts.append(1)

    assert world(OvertakenStore(memory, sometimes)).keys.create(ada, name="ci").name == "ci"
    assert len(attempts) == 3
    with pytest.raises(StaleError):
        world(OvertakenStore(memory, touch)).keys.create(ada, name="ci")
    assert len(world(memory).stored()) == 1
