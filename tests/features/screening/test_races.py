"""Many at once: a review is decided once, and one user has one open review, of what they are called."""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.features.roles.racing import CarelessStore, in_tasks
from tests.features.screening.world import REVIEW, by_name
from tests.features.surface import SECRET
from tests.storage.doubles import WaitingStore
from userkit import NotFoundError, SyncUserKit, User, UserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import StaleError, UserKitError, UserNotFoundError
from userkit.features.audit import AuditEntry
from userkit.features.screening import Review, ReviewState, Screening, screening
from userkit.features.screening.model import KnownName
from userkit.features.users import Users
from userkit.kernel.entity import Entity
from userkit.plugins.opening import open_store
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher, ScriptedModel

CALLERS = 6
ROUNDS = 2

FEATURE = screening()


@dataclass(frozen=True)
class Desk:
    """What a caller asks for."""

    users: Users
    screening: Screening


Job = Callable[[Desk], Coroutine[Any, Any, object]]
Outcome = type[UserKitError] | None


def options() -> dict[str, Any]:
    """Return the arguments of every kit of a race."""
    return {
        "secret": SECRET,
        "clock": FrozenClock(),
        "hasher": InstantHasher(),
        "relay": False,
        "features": [FEATURE],
        "language_model": ScriptedModel((by_name(odd=REVIEW),)),
    }


def desk_of(kit: SyncUserKit | UserKit) -> Desk:
    """Return the awaitable use cases of a kit."""
    return Desk(kit._built["users"], kit._built["screening"])


def as_threads(store: Store, jobs: Sequence[Job]) -> list[Outcome]:
    """Let threads begin at the same moment."""
    desk, gate = desk_of(SyncUserKit(store, **options())), Barrier(len(jobs))

    def enter(job: Job) -> Outcome:
        gate.wait()
        try:
            run(job(desk))
        except UserKitError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(enter, jobs))


def as_tasks(store: Store, jobs: Sequence[Job]) -> list[Outcome]:
    """Let tasks take turns at every call of the store."""
    return in_tasks(desk_of(UserKit(WaitingStore(store), **options())), jobs)


def carelessly(store: Store, jobs: Sequence[Job]) -> list[Outcome]:
    """Let tasks take turns over a store where the last write wins."""
    return in_tasks(desk_of(UserKit(CarelessStore(store), **options())), jobs)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that is prepared for everything."""
    opened: Store = MemoryStore()
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path / 'races.db'}", blocking=True)
    yield prepared(opened)
    run(opened.close())


def prepared(store: Store) -> Store:
    """Prepare a store."""
    run(SyncUserKit(store, **options())._assembly.prepare(store, create=True))
    return store


def stored(store: Store, kind: type[Entity]) -> list[Any]:
    """Return everything of a kind."""
    return list(run(store.realm("default").find(kind, limit=1000)).items)


both = pytest.mark.parametrize("race", [as_threads, as_tasks])


def reviewed(store: Store, name: str = "Odd Name", *, number: int = 0) -> tuple[str, str]:
    """Let somebody change to what is reviewed; return their id and that of the review."""
    desk = desk_of(SyncUserKit(store, **options()))
    user = run(desk.users.register(email=f"ada{number}@example.com", name="Ada Lovelace"))
    run(desk.users.update(user.id, name=name))
    (review,) = run(store.realm("default").find(Review, "user_id", user.id)).items
    return user.id, review.id


def deciding(review_id: str) -> list[Job]:
    """Decide a review, one half this way and the other half that way."""
    accept: Job = lambda desk: desk.screening.accept(review_id)  # noqa: E731
    refuse: Job = lambda desk: desk.screening.refuse(review_id)  # noqa: E731
    return [accept, refuse] * (CALLERS // 2)


@both
def test_x_a_review_is_decided_once(store: Store, race: Callable[..., list[Outcome]]) -> None:
    """By one of many, and what has happened is what that one has decided."""
    for number in range(ROUNDS):
        user_id, review_id = reviewed(store, number=number)
        outcomes = race(store, deciding(review_id))
        assert Counter(outcomes) == {None: 1, StaleError: CALLERS - 1}
        accepted = outcomes.index(None) % 2 == 0
        review = run(store.realm("default").get(Review, review_id))
        user = run(store.realm("default").get(User, user_id))
        assert review is not None
        assert user is not None
        assert review.state is (ReviewState.ACCEPTED if accepted else ReviewState.REFUSED)
        assert user.name == ("Odd Name" if accepted else "Ada Lovelace")
        trail = [each.event for each in stored(store, AuditEntry) if each.user_id == user_id]
        assert trail.count("review_accepted") + trail.count("review_refused") == 1
        assert trail.count("user_updated") == (1 if accepted else 2)


def test_it_would_be_noticed_if_it_were_decided_twice() -> None:
    """As it is where the last write wins."""
    store = prepared(MemoryStore())
    _, review_id = reviewed(store)
    assert Counter(carelessly(store, deciding(review_id)))[None] > 1


def renaming(user_id: str) -> list[Job]:
    """Let one user change their name to many, again until it is done."""

    def to(name: str) -> Job:
        async def rename(desk: Desk) -> None:
            while True:
                try:
                    await desk.users.update(user_id, name=name)
                except StaleError:
                    continue
                return

        return rename

    return [
        to(f"Odd {chr(65 + number) * 2}da" if number % 3 else "Ada Lovelace") for number in range(CALLERS)
    ]


def consistent(store: Store, user_id: str) -> bool:
    """Tell whether what is kept of a user is of the name that they have."""
    view = store.realm("default")
    user = run(view.get(User, user_id))
    known = run(view.get(KnownName, KnownName.id_for(user_id)))
    assert user is not None
    assert known is not None
    waiting = [each for each in stored(store, Review) if each.user_id == user_id and each.is_open]
    names = SyncUserKit(store, **options())._built["screening"].index_names.names
    is_known = (known.skeleton, known.spelling) == names.fingerprints.name(user.name)
    return is_known and [each.name for each in waiting] == ([user.name] if "Odd" in user.name else [])


@both
def test_x_one_user_has_one_open_review_at_most(store: Store, race: Callable[..., list[Outcome]]) -> None:
    """It is of the name that they have in the end, and so is what is known of it."""
    for number in range(ROUNDS):
        user_id, _ = reviewed(store, number=number)
        assert set(race(store, renaming(user_id))) == {None}
        assert consistent(store, user_id)


def test_it_would_be_noticed_if_there_were_two() -> None:
    """As there are where the last write wins."""
    store = prepared(MemoryStore())
    user_id, _ = reviewed(store)
    carelessly(store, renaming(user_id))
    assert not consistent(store, user_id)


@both
def test_x_whoever_changes_while_it_is_decided_is_not_lost(
    store: Store, race: Callable[..., list[Outcome]]
) -> None:
    """Either the decision was first, or there was nothing left to decide."""
    for number in range(ROUNDS):
        user_id, review_id = reviewed(store, number=number)
        outcomes = race(store, [*deciding(review_id)[:4], *renaming(user_id)[:4]])
        assert set(outcomes[:4]) <= {None, StaleError}
        assert outcomes[:4].count(None) <= 1
        assert set(outcomes[4:]) == {None}
        assert consistent(store, user_id)


@both
def test_x_names_are_taken_in_while_people_change(store: Store, race: Callable[..., list[Outcome]]) -> None:
    """Nobody meets an error, and nobody is known by a name that they had."""
    plain = {name: value for name, value in options().items() if name not in ("features", "language_model")}
    for number in range(ROUNDS):
        before = SyncUserKit(store, **plain).users.register(
            email=f"ada{number}@example.com", name="Ada Lovelace"
        )
        index: Job = lambda desk: desk.screening.index_names()  # noqa: E731
        assert set(race(store, [*renaming(before.id)[:4], *[index] * 4])) == {None}
        assert consistent(store, before.id)


@both
def test_x_nothing_is_left_of_a_user_who_is_deleted_meanwhile(
    store: Store, race: Callable[..., list[Outcome]]
) -> None:
    """Neither a name nor a review, after what is due was done."""
    for number in range(ROUNDS):
        user_id, review_id = reviewed(store, number=number)

        async def delete(desk: Desk, user_id: str = user_id) -> None:
            while True:
                try:
                    await desk.users.delete(user_id)
                except StaleError:
                    continue
                return

        outcomes = race(store, [*renaming(user_id)[:3], delete, *deciding(review_id)[:3]])
        assert outcomes[3] is None
        assert set(outcomes) <= {None, StaleError, NotFoundError, UserNotFoundError}
    clock = FrozenClock()
    clock.advance(minutes=6)
    kit = SyncUserKit(store, **{**options(), "clock": clock})
    while kit.outbox.deliver().done:
        pass
    assert [stored(store, kind) for kind in (User, KnownName, Review)] == [[], [], []]
