"""Features of one's own: built after what they need, prepared with the kit, offered by both kits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.kit.sides import SECRET, Side
from userkit import (
    ConfigurationError,
    Feature,
    Parts,
    ScreeningRefusedError,
    SyncUserKit,
    UserDeleted,
    UserNotFoundError,
    WeakPasswordError,
)
from userkit.errors import UsageError
from userkit.features.passwords import passwords
from userkit.features.users import Users, users
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event
from userkit.plugins import hookimpl
from userkit.storage.changes import Add
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.storage.rewriting import discard
from userkit.sync import synced


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting(Entity):
    """What to say to a user; its id is theirs."""

    text: str


@dataclass(frozen=True, slots=True)
class Greetings:
    """Greet users."""

    store: Store
    users: Users

    async def choose(self, user_id: str, *, text: str) -> None:
        """Keep what to say to a user."""
        user = await self.users.get(user_id)
        await self.store.commit(Add(Greeting(id=user.id, text=text)))

    async def greet(self, user_id: str) -> str:
        """Say it."""
        user = await self.users.get(user_id)
        greeting = await self.store.get(Greeting, user_id)
        return f"{greeting.text if greeting else 'Hello'}, {user.name}!"

    async def forget(self, event: UserDeleted) -> None:
        """Forget what to say to somebody who is gone."""
        await discard(self.store, Greeting, event.user.id)


class SyncGreetings:
    """The same without ``await``."""

    def __init__(self, greetings: Greetings) -> None:
        """Mirror the use cases."""
        self.choose = synced(greetings.choose)
        self.greet = synced(greetings.greet)


def build(parts: Parts) -> Greetings:
    """Wire the feature."""
    greetings = Greetings(parts.store, parts.use(users()))
    parts.listeners.add(UserDeleted, greetings.forget)
    return greetings


GREETINGS = Feature(
    name="greetings",
    build=build,
    mirror=SyncGreetings,
    collections=(Collection("greetings", Greeting),),
    requires=("users",),
)


def plain(
    name: str, *requires: str, build: Callable[[Parts], Any] = lambda parts: parts
) -> Feature[Any, Any]:
    """Return a feature that offers its parts."""
    return Feature(name=name, build=build, mirror=lambda parts: parts, requires=requires)


def test_a_feature_is_offered_beside_the_built_in_ones(side: Side) -> None:
    """What it stores is prepared, what it requires is there."""
    kit = side.opened(features=[GREETINGS])
    ada = side.register(kit)
    assert side.do(kit[GREETINGS].greet(ada.id)) == "Hello, Ada!"
    side.do(kit[GREETINGS].choose(ada.id, text="Ahoy"))
    assert side.do(kit[GREETINGS].greet(ada.id)) == "Ahoy, Ada!"


def test_a_feature_forgets_who_is_deleted(side: Side) -> None:
    """It listens within its realm, and is done before the application hears of it."""
    kit = side.opened(features=[GREETINGS])
    acme = kit.realm("acme")
    told: list[Event] = []
    for each in (kit, acme):
        ada = side.register(each)
        side.do(each[GREETINGS].choose(ada.id, text="Ahoy"))
        each.listen(UserDeleted, told.append)
        side.do(each.users.delete(ada.id))
        with pytest.raises(UserNotFoundError):
            side.do(each[GREETINGS].greet(ada.id))
    assert [event.realm for event in told] == ["default", "acme", "acme"]


def test_a_feature_is_built_for_each_realm(side: Side) -> None:
    """Over that realm's store."""
    kit = side.opened(features=[GREETINGS])
    ada = side.register(kit)
    side.do(kit[GREETINGS].choose(ada.id, text="Ahoy"))
    with pytest.raises(UserNotFoundError):
        side.do(kit.realm("acme")[GREETINGS].greet(ada.id))


def test_features_are_built_after_what_they_require(side: Side) -> None:
    """In whatever order they are given; each is built once."""
    built: list[str] = []
    own = {"first", "middle", "last", "users"}

    def noting(name: str) -> Callable[[Parts], Any]:
        return lambda parts: built.append(f"{name} after {sorted(own & parts.built.keys())}")

    side.kit(
        features=[
            plain("last", "middle", "first", build=noting("last")),
            plain("middle", "first", build=noting("middle")),
            plain("first", build=noting("first")),
        ]
    )
    assert built == [
        "first after ['users']",
        "middle after ['first', 'users']",
        "last after ['first', 'middle', 'users']",
    ]


@pytest.mark.parametrize(
    ("features", "complaint"),
    [
        ([plain("a", "b")], "The feature a requires b, which this kit does not have"),
        ([plain("a", "a")], "in a circle: a -> a"),
        ([plain("a", "b"), plain("b", "c"), plain("c", "a")], "in a circle: a -> b -> c -> a"),
        ([plain("a"), plain("a")], "Two features have the same name"),
    ],
)
def test_features_that_do_not_fit_together_are_refused(
    side: Side, features: list[Feature[Any, Any]], complaint: str
) -> None:
    """When the kit is made, with what is wrong."""
    with pytest.raises(ConfigurationError, match=complaint):
        side.kit(features=features)


def test_a_feature_takes_the_place_of_a_built_in_one(side: Side) -> None:
    """With other settings; what lets too much through is refused when it is made."""
    kit = side.opened(features=[passwords(min_length=20)])
    with pytest.raises(WeakPasswordError, match="20"):
        side.do(kit.users.register(email="ada@example.com", name="Ada", password="mauve otter teas"))
    with pytest.raises(ConfigurationError, match="8"):
        passwords(min_length=7)


def test_what_a_feature_brings_comes_along_once(side: Side) -> None:
    """Unless the application has given one of that name, which counts then."""
    built: list[str] = []

    def bringing(name: str) -> Feature[Any, Any]:
        ledger = plain("ledger", build=lambda parts: built.append(f"brought by {name}"))
        return replace(plain(name, "ledger"), brings=(ledger,))

    side.kit(features=[bringing("first"), bringing("second")])
    assert len(built) == 1
    built.clear()
    side.kit(features=[bringing("first"), plain("ledger", build=lambda parts: built.append("given"))])
    assert built == ["given"]


def test_a_feature_adds_its_refusals_to_the_routes_of_others(side: Side) -> None:
    """So that they are documented; other routes stay as they are."""
    picky = replace(plain("picky"), vetoes={"register": (WeakPasswordError, ScreeningRefusedError)})
    routes = {route.name: route for route in side.kit(features=[picky]).routes()}
    assert routes["register"].errors[-2:] == (WeakPasswordError, ScreeningRefusedError)
    assert ScreeningRefusedError not in routes["update_me"].errors


def test_what_takes_the_place_of_a_built_in_feature_must_offer_the_same(side: Side) -> None:
    """Others rely on it."""
    with pytest.raises(UsageError, match="Users"):
        side.kit(features=[plain("users")])


def test_a_feature_uses_only_what_it_requires(side: Side) -> None:
    """Else it would depend on the order in which features happen to be given."""
    with pytest.raises(UsageError, match="greetings is not built yet: name it in requires"):
        side.kit(features=[plain("a", build=lambda parts: parts.use(GREETINGS))])


def test_a_feature_that_a_kit_was_made_without_is_not_there(side: Side) -> None:
    """Asking for it is a mistake in the program."""
    with pytest.raises(UsageError, match="made without the feature greetings"):
        _ = side.kit()[GREETINGS]


def test_a_feature_gets_keys_of_its_own() -> None:
    """For each purpose; and ids, time and cursors like everybody's."""
    feature = plain("a")
    with SyncUserKit("memory://", secret=SECRET, features=[feature]) as kit:
        parts = kit[feature]
        assert parts.keys.derive("links") != parts.keys.derive("tokens")
        assert parts.new_id() < parts.new_id()
        assert parts.now().microsecond % 1000 == 0
        assert SECRET not in repr(parts)


def test_a_hook_may_add_features(side: Side) -> None:
    """After those that the application gives, and with what they store."""

    class Plugin:
        @hookimpl
        def userkit_features(self) -> list[Feature[Any, Any]]:
            return [GREETINGS]

    kit = side.opened(hooks=[Plugin()])
    assert side.do(kit[GREETINGS].greet(side.register(kit).id)) == "Hello, Ada!"
    with pytest.raises(ConfigurationError, match="Two features have the same name"):
        side.kit(features=[GREETINGS], hooks=[Plugin()])


@pytest.mark.parametrize(
    "name",
    [
        "users",
        "passwords",
        "sessions",
        "email_verification",
        "password_reset",
        "api_keys",
        "roles",
        "audit",
        "throttling",
        "outbox",
    ],
)
def test_every_kit_offers_the_built_in_features(side: Side, name: str) -> None:
    """Under the name that each has."""
    kit = side.kit()
    assert getattr(kit, name) is kit._offered[name]
