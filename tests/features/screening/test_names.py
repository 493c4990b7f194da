"""Nobody poses as another user: what names look like is known, and no name is kept for it."""

from typing import Any

import pytest

from tests.features.screening.world import ALLOW, REFUSE, OpenWorld, World
from tests.features.surface import PASSWORD, SECRET
from tests.storage.doubles import BareStore
from userkit import InvalidCursorError, InvalidInputError, SyncUserKit, User
from userkit.backends.memory import MemoryStore
from userkit.errors import ScreeningRefusedError
from userkit.features.screening import Review, ScreeningRefused, screening
from userkit.features.screening.model import KnownName
from userkit.storage.changes import Add, Change
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher

POSING = ("impersonates_user",)
ANOTHER_SECRET = "m4Kq8Zt1Vb6Yn3Rj7Wd0Hs5Xc2Lp9GfTe"


def found(world: World) -> list[tuple[str, tuple[str, ...]]]:
    """Return the names that are to be reviewed as those of others."""
    return [(each.name, each.reasons) for each in world.open_reviews() if POSING[0] in each.reasons]


@pytest.mark.parametrize(
    "name",
    [
        "John Srnith",
        "J0hn Smith",
        "Jo\u200bhn Smith",
        "J\N{CYRILLIC SMALL LETTER O}hn Smith",
        "J0HN Smith",
    ],
    ids=ascii,
)
def test_a_name_that_looks_like_that_of_somebody_else_is_reviewed(open_world: OpenWorld, name: str) -> None:
    """By UTS 39, however it is done."""
    world = open_world(without_model=True)
    world.register("John Smith")
    world.register("Grace Hopper")
    world.register(name)
    assert [each[0] for each in found(world)] == [name]


@pytest.mark.parametrize(
    "name", ["\N{CYRILLIC CAPITAL LETTER A}MY MUMM", "arny mumrn", "Amy Murnrn"], ids=ascii
)
def test_case_hides_nothing(open_world: OpenWorld, name: str) -> None:
    """A small m looks like rn, a capital does not, and they are one letter all the same."""
    world = open_world(without_model=True)
    world.register("AMY MUMM")
    world.register(name)
    assert [each[0] for each in found(world)] == [name]


@pytest.mark.parametrize("name", ["John Smith", "john smith", "JOHN SMITH", "John  Smith"])
def test_two_people_have_the_same_name(open_world: OpenWorld, name: str) -> None:
    """Honestly, in whatever case and with whatever white space."""
    world = open_world(without_model=True)
    for _ in range(3):
        world.register("John Smith")
        world.register(name)
    assert found(world) == []


def test_a_name_is_the_same_however_it_is_composed(open_world: OpenWorld) -> None:
    """As with one character or two."""
    world = open_world(without_model=True)
    world.register("Zo\u00eb Quinn")
    world.register("Zoe\u0308 Quinn")
    assert found(world) == []


def test_whoever_renames_themselves_is_looked_at_as_well(open_world: OpenWorld) -> None:
    """And the name that they had is nobody's any more."""
    world = open_world(without_model=True)
    john, eve = world.register("John Smith"), world.register("Eve Moneypenny")
    world.kit.users.update(eve.id, name="John Srnith")
    assert found(world) == [("John Srnith", POSING)]
    world.kit.users.update(john.id, name="Johnny Smith")
    world.kit.users.update(eve.id, name="Eve Moneypenny")
    world.register("John Srnith")
    assert found(world) == []


def test_a_change_that_keeps_the_name_is_no_impersonation(open_world: OpenWorld) -> None:
    """Who was accepted with it is not asked for it again."""
    world = open_world(without_model=True, attributes=["bio"])
    world.register("John Smith")
    twin = world.register("John Srnith")
    (review,) = world.open_reviews()
    world.screening.accept(review.id)
    world.kit.users.update(twin.id, attributes={"bio": "I count."})
    assert found(world) == []
    world.kit.users.update(twin.id, name="JOHN SRNITH")
    assert found(world) == []


def test_strangers_do_not_learn_that_somebody_has_such_a_name(open_world: OpenWorld) -> None:
    """Where it is refused for another reason: the trail tells it, the error does not."""
    world = open_world(script=[ALLOW, REFUSE])
    world.register("John Smith")
    with pytest.raises(ScreeningRefusedError) as refused:
        world.register("John Srnith")
    assert refused.value.reasons == ("abusive",)
    (told,) = world.told
    assert isinstance(told, ScreeningRefused)
    assert told.reasons == ("abusive", "impersonates_user")


def test_no_name_is_kept_to_compare_with(open_world: OpenWorld) -> None:
    """Only keyed digests, which are others in another realm and under another key."""
    world = open_world(without_model=True)
    world.register("John Smith")
    world.kit.realm("acme").users.register(email="j@example.com", name="John Smith", password=PASSWORD)
    (here,) = world.stored(KnownName)
    (there,) = run(world.kit._store.realm("acme").find(KnownName)).items
    assert "Smith" not in repr(here)
    assert "Smith" not in repr(world.feature)
    assert here.skeleton != there.skeleton
    assert len({here.skeleton, here.spelling}) == 2


def test_a_deleted_user_is_forgotten(open_world: OpenWorld) -> None:
    """The name and every review, decided or not."""
    world = open_world(without_model=True)
    world.register("John Smith")
    twin = world.register("John Srnith")
    world.screening.accept(world.open_reviews()[0].id)
    world.kit.users.update(twin.id, name="J0hn Smith")
    assert len(world.stored(Review)) == 2
    world.kit.users.delete(twin.id)
    assert world.stored(Review) == []
    assert len(world.stored(KnownName)) == 1


def opened(store: Store, *features: Any, secret: Any = SECRET) -> SyncUserKit:
    """Open a kit over a store that others use as well."""
    kit = SyncUserKit(
        store, secret=secret, clock=FrozenClock(), hasher=InstantHasher(), relay=False, features=features
    )
    kit.open()
    return kit


def grown(store: Store, *names: str) -> SyncUserKit:
    """Return a kit with users from before there was screening."""
    kit = opened(store)
    for number, name in enumerate(names):
        kit.users.register(email=f"person{number}@example.com", name=name)
    return kit


def test_names_from_before_are_taken_in(open_world: OpenWorld) -> None:
    """Page by page, and again without harm."""
    store = MemoryStore()
    grown(store, "John Smith", "Grace Hopper", "Edith Clarke")
    feature = screening()
    kit = opened(store, feature)
    first = kit[feature].index_names(limit=2)
    assert (first.added, first.next is None) == (2, False)
    second = kit[feature].index_names(after=first.next)
    assert (second.added, second.next) == (1, None)
    assert kit[feature].index_names().added == 0
    kit.users.register(email="posing@example.com", name="John Srnith")
    assert [each.reasons for each in kit[feature].list().items] == [POSING]
    with pytest.raises(InvalidCursorError):
        kit[feature].index_names(after="garbage")
    with pytest.raises(InvalidInputError):
        kit[feature].index_names(limit=0)


def test_whoever_renames_themselves_is_taken_in_with_it(open_world: OpenWorld) -> None:
    """Also when nobody has taken in the names from before."""
    store = MemoryStore()
    grown(store, "John Smith")
    feature = screening()
    kit = opened(store, feature)
    (user,) = kit.users.list().items
    kit.users.update(user.id, name="John Smythe")
    kit.users.register(email="posing@example.com", name="John Srnythe")
    assert [each.reasons for each in kit[feature].list().items] == [POSING]
    assert kit[feature].index_names().added == 0


def test_names_that_were_changed_without_screening_are_taken_in_anew() -> None:
    """As by an import, or a program that is older."""
    store, feature = MemoryStore(), screening()
    kit = opened(store, feature)
    user = kit.users.register(email="john@example.com", name="John Smith")
    opened(store).users.update(user.id, name="John Smythe")
    assert kit[feature].index_names().added == 1
    kit.users.register(email="posing@example.com", name="John Srnythe")
    assert [each.reasons for each in kit[feature].list().items] == [POSING]


def test_names_are_known_under_older_keys() -> None:
    """After the secret was changed, until they have been taken in under the new one."""
    store, feature = MemoryStore(), screening()
    opened(store, feature).users.register(email="john@example.com", name="John Smith")
    kit = opened(store, feature, secret=[ANOTHER_SECRET, SECRET])
    kit.users.register(email="posing@example.com", name="John Srnith")
    assert [each.reasons for each in kit[feature].list().items] == [POSING]
    assert kit[feature].index_names().added == 1
    kit = opened(store, feature, secret=ANOTHER_SECRET)
    kit.users.register(email="again@example.com", name="J0hn Smith")
    assert len(kit[feature].list().items) == 2


class Busy(BareStore):
    """A store in which somebody does something just before a name is added, once."""

    def __init__(self, behind: Store) -> None:
        """Do nothing yet."""
        super().__init__(behind)
        self.meanwhile: Any = None

    def realm(self, name: str) -> Any:
        """See Store.realm."""
        return self

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        adds = any(isinstance(each, Add) and isinstance(each.entity, KnownName) for each in changes)
        if adds and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        await self.behind.commit(*changes)


def test_taking_in_names_does_not_write_over_a_change() -> None:
    """Whoever renames themselves in that moment is known by the newer name."""
    memory = MemoryStore()
    grown(memory, "John Smith")
    busy, feature = Busy(memory), screening()
    kit, other = opened(busy, feature), opened(memory, feature)
    (user,) = kit.users.list().items
    busy.meanwhile = lambda: other.users.update(user.id, name="Grace Hopper")
    assert kit[feature].index_names().added == 0
    assert other[feature].index_names().added == 0


def test_a_change_is_made_anew_when_its_name_was_taken_in_meanwhile() -> None:
    """It meets no error."""
    memory = MemoryStore()
    grown(memory, "John Smith")
    busy, feature = Busy(memory), screening()
    kit, other = opened(busy, feature), opened(memory, feature)
    (user,) = kit.users.list().items
    busy.meanwhile = other[feature].index_names
    kit.users.update(user.id, name="Grace Hopper")
    assert other[feature].index_names().added == 0


class Losing(BareStore):
    """A store in which users are gone when they are read one by one."""

    def realm(self, name: str) -> Any:
        """See Store.realm."""
        return self

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        return None if entity is User else await self.behind.get(entity, id)


def test_a_user_who_is_deleted_meanwhile_is_not_taken_in() -> None:
    """Nothing is kept of them."""
    memory, feature = MemoryStore(), screening()
    grown(memory, "John Smith")
    kit = opened(Losing(memory), feature)
    assert kit[feature].index_names().added == 0
    assert run(memory.realm("default").find(KnownName)).items == ()
