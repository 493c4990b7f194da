"""Processes meet between any two steps, and die there: nobody reads what was replaced before they asked.

Coroutines are stepped by hand: every call of the cache and of the store is a place where another one
may go on. Hypothesis chooses who does; the written-out cases are those that caches get wrong.
"""

import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.caches import FencelessCache, LeaselessCache, MemoryCache, Moments, Shelf
from tests.storage.doubles import BareStore
from tests.storage.things import NOTES, Note, note
from userkit.backends.memory import MemoryStore
from userkit.errors import StaleError
from userkit.storage.cached import CachedStore
from userkit.storage.changes import Add, Save
from userkit.sync import run

CACHED = replace(NOTES, cached=True)
TTL = 30.0


class _Step:
    """A place where somebody else may go on."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __await__(self) -> Generator[str, None, None]:
        yield self.name


class SteppedStore(BareStore):
    """A store with a step before and after each of its verbs."""

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        await _Step("store")
        found = await super().get(entity, id)
        await _Step("has read")
        return found

    async def commit(self, *changes: Any) -> None:
        """See Store.commit."""
        await _Step("commit")
        await super().commit(*changes)
        await _Step("committed")


class SteppedTurns:
    """Turns of coroutines that are stepped by hand."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self.taken: set[str] = set()

    @asynccontextmanager
    async def of(self, key: str) -> AsyncGenerator[None, None]:
        """See Turns.of."""
        while key in self.taken:
            await _Step("turn")
        self.taken.add(key)
        try:
            yield
        finally:
            self.taken.discard(key)


class Actor:
    """A caller that is somewhere in a call."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Go up to the first step."""
        self.coroutine = coroutine
        self.result: Any = None
        self.done = False
        self.error: StaleError | None = None
        self.process, self.floor = 0, 0
        self.at = ""
        self.step()

    def step(self) -> None:
        """Go on to the next step, or to the end."""
        try:
            self.at = self.coroutine.send(None)
        except StopIteration as end:
            self.done, self.result = True, end.value
        except StaleError as error:
            self.done, self.error = True, error

    def until(self, name: str) -> None:
        """Go on up to a step."""
        while self.at != name:
            self.step()
            assert not self.done, name

    def finish(self) -> Any:
        """Go on to the end, and return what came of it."""
        while not self.done:
            self.step()
        return self.result


class World:
    """Two processes over one store and one cache, and one note."""

    def __init__(self, kind: type[MemoryCache] = MemoryCache) -> None:
        """Begin with a note that everybody has read."""
        self.moments = Moments()
        self.shelf = Shelf(self.moments)
        self.memory = MemoryStore()
        self.caches = [kind(self.shelf), kind(self.shelf)]
        run(self.memory.prepare([CACHED]))
        self.stores = [self.opened(0), self.opened(1)]
        self.first = note("1")
        run(self.memory.commit(Add(self.first)))
        for cache in self.caches:
            cache.between = _step_at

    def opened(self, process: int) -> CachedStore:
        """Return the store as a process that begins has it."""
        store = CachedStore(
            SteppedStore(self.memory),
            self.caches[process],
            turns=SteppedTurns(),
            ttl=TTL,
            moment=self.moments,
        )
        run(store.prepare([CACHED]))
        return store

    def reading(self, process: int = 0) -> Actor:
        """Begin to read."""
        return Actor(self.stores[process].get(Note, self.first.id))

    def writing(self, process: int = 0) -> Actor:
        """Begin to change it from what it is now."""
        before = run(self.memory.get(Note, self.first.id))
        assert before is not None
        return Actor(self.stores[process].commit(Save(before, before.evolve(text=f"{before.version + 1}"))))

    def read(self, process: int = 0) -> int:
        """Read, and return the revision."""
        return int(self.reading(process).finish().version)

    def write(self, process: int = 0) -> None:
        """Change it, and read nothing."""
        self.writing(process).finish()


async def _step_at(verb: str) -> None:
    await _Step(verb)


def slow_reader(world: World) -> int:
    """Let a reader pause between store and cache while a writer commits; return what is read then."""
    slow = world.reading(0)
    slow.until("has read")
    world.write(1)
    slow.finish()
    return world.read(1)


def killed_writer(world: World) -> int:
    """Kill a writer between its commit and the end of its fences; return what is read then."""
    assert world.read(0) == 1
    writer = world.writing(1)
    writer.until("committed")
    seen = world.read(0)
    writer.coroutine.close()  # only now, for one that is killed does nothing more
    return seen


def test_a_slow_reader_never_writes_an_old_value_back() -> None:
    """Its lease is gone."""
    assert slow_reader(World()) == 2


def test_without_leases_it_would() -> None:
    """So the test above sees what it is for."""
    assert slow_reader(World(LeaselessCache)) == 1


def test_a_writer_that_dies_after_its_commit_leaves_no_old_value() -> None:
    """Its fence stands where the old value was."""
    assert killed_writer(World()) == 2


def test_without_fences_it_would() -> None:
    """So the test above sees what it is for."""
    assert killed_writer(World(FencelessCache)) == 1


def test_a_reader_that_began_before_a_change_may_end_with_what_was_then() -> None:
    """But the one that begins after it does not share its look into the store."""
    world = World()
    early = world.reading(0)
    early.until("has read")
    world.write(0)
    late = world.reading(0)
    assert late.finish().version == 2
    assert early.finish().version == 1
    assert world.read(0) == 2


def test_a_lease_of_an_epoch_that_has_ended_fills_nothing() -> None:
    """An outage came in between, in which a change was made without fences."""
    world = World()
    slow = world.reading(1)
    slow.until("has read")
    world.caches[0].broken = True
    world.write(0)
    world.caches[0].broken = False
    world.moments.now += 1.0
    assert world.read(0) == 2
    slow.finish()
    assert (world.read(0), world.read(1)) == (2, 2)


def test_a_cache_that_was_emptied_during_a_commit_keeps_nothing_old() -> None:
    """The end of the commit takes away what was filled in where its fence was lost."""
    world = World()
    writer = world.writing(0)
    writer.until("commit")
    world.shelf.flush()
    assert world.read(1) == 1
    writer.finish()
    assert (world.read(0), world.read(1)) == (2, 2)


def test_a_reader_under_way_when_the_fence_was_lost_fills_nothing_old() -> None:
    """Its lease goes with the end of the commit."""
    world = World()
    writer = world.writing(0)
    writer.until("commit")
    world.shelf.flush()
    slow = world.reading(1)
    slow.until("has read")
    writer.finish()
    slow.finish()
    assert (world.read(0), world.read(1)) == (2, 2)


def test_an_old_value_is_late_by_no_more_than_its_time() -> None:
    """The one bound that remains: only the writer was cut off from the cache, and died."""
    world = World()
    assert world.read(1) == 1
    world.caches[0].broken = True
    world.write(0)
    assert world.read(1) == 1
    world.moments.now += TTL
    assert world.read(1) == 2


Choose = Callable[[int], int]


class Play:
    """A schedule, drawn by ``choose``, and what is to be true at each step of it.

    ``losses``: the cache may lose things; else processes may die. ``cuts``: a process may be unable
    to reach the cache, and time goes by.
    """

    def __init__(self, choose: Choose, kind: type[MemoryCache] = MemoryCache, **chances: bool) -> None:
        """Take who chooses, by returning a number below the one given, and what may happen."""
        self.world, self.choose = World(kind), choose
        self.actors: list[Actor] = []
        self.graves: list[Actor] = []
        # Since when each revision has been what everybody must see.
        self.ended: list[tuple[float, int]] = [(0.0, 1)]
        self.cuts = chances.get("cuts", False)
        self.deeds: list[Callable[[], None]] = [self.step, self.step, self.step, self.read, self.write]
        self.deeds.append(self.lose if chances.get("losses", False) else self.kill)
        self.deeds += [self.cut, self.wait] if self.cuts else []

    def run(self, steps: int) -> None:
        """Play; at the end let everybody finish, and read in both processes."""
        for _ in range(steps):
            self.deeds[self.choose(len(self.deeds))]()
        for process in (0, 1, 0):
            self.drain()
            self.read(process)
        self.drain()
        for dead in self.graves:
            dead.coroutine.close()

    def read(self, process: int | None = None) -> None:
        """Let a reader begin."""
        chosen = self.choose(2) if process is None else process
        actor = self.world.reading(chosen)
        actor.process, actor.floor = chosen, self.floor()
        self.actors.append(actor)

    def write(self) -> None:
        """Let a writer begin."""
        process = self.choose(2)
        actor = self.world.writing(process)
        actor.process = process
        self.actors.append(actor)

    def step(self) -> None:
        """Let somebody go on by one step."""
        if self.actors:
            self.advance(self.actors[self.choose(len(self.actors))])

    def drain(self) -> None:
        """Let everybody finish, each a step at a time, for some wait for others."""
        while self.actors:
            for actor in list(self.actors):
                self.advance(actor)

    def advance(self, actor: Actor) -> None:
        """Go on by a step, and look at what came of it if it was the last one."""
        actor.step()
        if not actor.done:
            return
        self.actors.remove(actor)
        if actor.floor:
            assert actor.result.version >= actor.floor
        elif actor.error is None:
            self.settle()

    def settle(self) -> None:
        """Note that everybody must see what is stored now."""
        self.ended.append((self.world.moments.now, self.stored()))

    def kill(self) -> None:
        """Kill a process, and start another; what a writer of it has committed counts as well."""
        process = self.choose(2)
        dead = [each for each in self.actors if each.process == process]
        self.graves += dead
        self.actors = [each for each in self.actors if each.process != process]
        self.world.stores[process] = self.world.opened(process)
        self.settle()

    def lose(self) -> None:
        """Lose one thing, or everything."""
        entries = list(self.world.shelf.entries)
        if entries and self.choose(2):
            del self.world.shelf.entries[entries[self.choose(len(entries))]]
        else:
            self.world.shelf.flush()

    def cut(self) -> None:
        """Cut one process off from the cache, or connect it again."""
        cache = self.world.caches[self.choose(2)]
        cache.broken = not cache.broken

    def wait(self) -> None:
        """Let time go by."""
        self.world.moments.now += (0.5, 2.0, 10.0, 29.0)[self.choose(4)]

    def floor(self) -> int:
        """Return the oldest revision that a reader who begins now may see."""
        allowed = self.world.moments.now - (TTL if self.cuts else 0.0)
        return max(revision for at, revision in self.ended if at <= allowed)

    def stored(self) -> int:
        """Return the revision that is stored."""
        found = run(self.world.memory.get(Note, self.world.first.id))
        assert found is not None
        return found.version


def drawn(data: st.DataObject) -> Choose:
    """Let Hypothesis choose."""
    return lambda count: data.draw(st.integers(0, count - 1))


@given(st.data())
@settings(max_examples=60)
def test_x7_nobody_reads_what_was_replaced_whoever_dies(data: st.DataObject) -> None:
    """Readers and writers of two processes, killed anywhere."""
    Play(drawn(data)).run(40)


@given(st.data())
@settings(max_examples=60)
def test_x6_nobody_reads_what_was_replaced_whatever_the_cache_loses(data: st.DataObject) -> None:
    """A fence, a lease, a value, an epoch, or all of them."""
    Play(drawn(data), losses=True).run(40)


@given(st.data())
@settings(max_examples=60)
def test_x6_who_is_cut_off_makes_others_late_by_no_more_than_the_bound(data: st.DataObject) -> None:
    """Whatever else happens, and whoever dies."""
    Play(drawn(data), cuts=True).run(60)


@pytest.mark.parametrize("chances", [{}, {"losses": True}, {"cuts": True}], ids=["deaths", "losses", "cuts"])
def test_many_more_schedules(chances: dict[str, bool]) -> None:
    """Without looking for the shortest case they are cheap."""
    for seed in range(300):
        Play(random.Random(seed).randrange, MemoryCache, **chances).run(60)


@pytest.mark.parametrize("kind", [LeaselessCache, FencelessCache])
def test_the_schedules_find_out_a_careless_cache(kind: type[MemoryCache]) -> None:
    """So they are worth something."""

    def careless() -> None:
        for seed in range(1000):
            Play(random.Random(seed).randrange, kind).run(60)

    with pytest.raises(AssertionError):
        careless()
