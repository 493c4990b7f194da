"""A cache in front of the session gate: what it may believe, for how long, and what ends that at once."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from userkit import SyncUserKit
from userkit.errors import UnauthenticatedError
from userkit.features.sessions.cache import CachedSessionGate, SessionCache
from userkit.features.sessions.gate import StoredSessionGate
from userkit.ports.authentication import SessionFacts
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
EMAIL, PASSWORD = "ada@example.com", "mauve otters juggle teapots"
TTL = timedelta(seconds=30)


@dataclass
class Reads:
    """A store that counts what is read, and can keep a reader after it has read."""

    inner: Any
    count: int = 0
    after: Callable[[], Any] = field(default=lambda: None)

    async def get(self, entity: type[Any], id: str) -> Any:
        self.count += 1
        found = await self.inner.get(entity, id)
        if (pending := self.after()) is not None:
            await pending
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class World:
    """A kit with Ada in it, and a cached gate over its store."""

    def __init__(self, cache: type[SessionCache] = SessionCache, *, size: int = 10) -> None:
        self.clock, self.seconds = FrozenClock(), 0.0
        self.kit = SyncUserKit(
            "memory://",
            secret=SECRET,
            hasher=InstantHasher(),
            clock=self.clock,
            auth=["jwt", "session"],
        )
        self.kit.open()
        self.ada = self.kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        self.cache = cache(ttl=TTL, now=self.clock, size=size, moment=lambda: self.seconds)
        self.cache.listen(self.kit._assembly.listeners)
        stored = self.kit._built["sessions"].gate
        self.reads = Reads(stored.store)
        self.gate = CachedSessionGate(
            gate=StoredSessionGate(store=self.reads, now=self.clock, lifetimes=stored.lifetimes),
            cache=self.cache,
        )

    def sign_in(self) -> str:
        """Open a session and return its id."""
        return self.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).session_id

    def sign_in_opaque(self) -> str:
        """Open a session for a cookie and return its token."""
        return self.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD).token

    def live(self, session_id: str) -> bool:
        """Ask the gate."""
        try:
            return run(self.gate.live(session_id, self.ada.id)).id == session_id
        except UnauthenticatedError:
            return False

    def opens(self, token: str) -> bool:
        """Ask the gate with an opaque token."""
        try:
            return run(self.gate.opened_by(token)).user_id == self.ada.id
        except UnauthenticatedError:
            return False

    def reading(self, ask: Callable[[], bool]) -> int:
        """Return how often the store was read for a question that is answered with yes."""
        before = self.reads.count
        assert ask()
        return self.reads.count - before

    def pass_time(self, seconds: float) -> None:
        """Let both clocks go on."""
        self.seconds += seconds
        self.clock.advance(seconds=seconds)


@pytest.fixture
def world() -> Iterator[World]:
    """Return a world with an empty cache."""
    world = World()
    yield world
    world.kit.close()


def test_the_store_is_read_once_for_many_questions(world: World) -> None:
    """The session and its user are read, and then nothing."""
    session_id = world.sign_in()
    assert world.reading(lambda: world.live(session_id)) == 2
    assert world.reading(lambda: world.live(session_id)) == 0


def test_an_opaque_token_is_looked_up_once(world: World) -> None:
    """The same holds for cookies."""
    token = world.sign_in_opaque()
    assert world.reading(lambda: world.opens(token)) == 2
    assert world.reading(lambda: world.opens(token)) == 0


def test_the_answer_is_what_the_gate_says(world: World) -> None:
    """From the cache as from the store."""
    session_id = world.sign_in()
    first = run(world.gate.live(session_id, world.ada.id))
    assert isinstance(first, SessionFacts)
    assert run(world.gate.live(session_id, world.ada.id)) == first
    assert first == run(world.gate.gate.live(session_id, world.ada.id))


def test_a_session_is_asked_for_with_its_user(world: World) -> None:
    """Somebody else's id opens nothing, warm or cold."""
    session_id = world.sign_in()
    assert world.live(session_id)
    grace = world.kit.users.register(email="grace@example.com", name="Grace")
    with pytest.raises(UnauthenticatedError):
        run(world.gate.live(session_id, grace.id))


@pytest.mark.parametrize("token", ["", "uks_", "uks_\udcff", "uks_" + "A" * 64, "x" * 10_000])
def test_what_is_no_token_of_a_session_opens_nothing(world: World, token: str) -> None:
    """And nothing is kept of it."""
    assert not world.opens(token)
    assert len(world.cache) == 0


def test_refusals_are_not_kept(world: World) -> None:
    """An account that is enabled again is open at once."""
    session_id = world.sign_in()
    world.kit.users.disable(world.ada.id)
    assert not world.live(session_id)
    world.kit.users.enable(world.ada.id)
    assert world.live(world.sign_in())


def test_an_answer_is_believed_for_so_long_and_no_longer(world: World) -> None:
    """At the very end it is read anew."""
    session_id = world.sign_in()
    assert world.live(session_id)
    world.pass_time(29.999)
    assert world.reading(lambda: world.live(session_id)) == 0
    world.pass_time(0.001)
    assert world.reading(lambda: world.live(session_id)) == 2


def test_being_asked_for_prolongs_nothing(world: World) -> None:
    """A session that is used all the time is looked up as often as any other."""
    session_id = world.sign_in()
    read = 0
    for _ in range(90):
        read += world.reading(lambda: world.live(session_id))
        world.pass_time(1)
    assert read == 3 * 2


def test_a_clock_that_is_set_back_prolongs_nothing(world: World) -> None:
    """Time is also measured by a clock that nobody can set."""
    session_id = world.sign_in()
    assert world.live(session_id)
    world.clock.advance(hours=-1)
    world.seconds += 30
    assert world.reading(lambda: world.live(session_id)) == 2


def test_a_stopwatch_that_stood_still_prolongs_nothing(world: World) -> None:
    """Such as on a machine that was asleep."""
    session_id = world.sign_in()
    assert world.live(session_id)
    world.clock.advance(seconds=30)
    assert world.reading(lambda: world.live(session_id)) == 2


def test_a_session_that_is_over_is_not_believed(world: World) -> None:
    """However short before its end it was looked up."""
    session_id = world.sign_in()
    world.clock.advance(days=14, seconds=-1)
    assert world.live(session_id)
    world.clock.advance(seconds=1)
    assert not world.live(session_id)


def test_ttl_of_nothing_is_no_cache() -> None:
    """Every question is asked of the store."""
    world = World()
    none = SessionCache(ttl=timedelta(0), now=world.clock, moment=lambda: world.seconds)
    world.gate = replace(world.gate, cache=none)
    session_id = world.sign_in()
    assert world.reading(lambda: world.live(session_id)) == 2
    assert world.reading(lambda: world.live(session_id)) == 2
    world.kit.close()


def test_a_token_says_nothing_about_other_tokens_of_the_session(world: World) -> None:
    """The id of a session that is warm does not open it."""
    token = world.sign_in_opaque()
    assert world.opens(token)
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBA")
    assert not world.opens(forged)


def test_the_use_of_an_opaque_session_is_noted(world: World) -> None:
    """Whoever comes again and again is not signed out for idleness."""
    token = world.sign_in_opaque()
    for _ in range(40):
        world.pass_time(24 * 3600)
        assert world.opens(token)


def disable(world: World, _: str) -> None:
    """Close the account."""
    world.kit.users.disable(world.ada.id)


def delete(world: World, _: str) -> None:
    """Delete the account."""
    world.kit.users.delete(world.ada.id)


def end(world: World, session_id: str) -> None:
    """Sign out."""
    world.kit.sessions.end(session_id)


def end_all(world: World, _: str) -> None:
    """Sign out everywhere."""
    world.kit.sessions.end_all(world.ada.id)


def change_password(world: World, _: str) -> None:
    """Change the password."""
    world.kit.passwords.change(
        world.ada.id, current_password=PASSWORD, new_password="quiet lanterns drift upstream"
    )


def remove_password(world: World, _: str) -> None:
    """Take the password away."""
    world.kit.passwords.remove(world.ada.id)


ENDINGS = [disable, delete, end, end_all, change_password, remove_password]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_a_session_in_this_process_acts_at_once(
    world: World, ending: Callable[[World, str], None]
) -> None:
    """A warm cache forgets it before the caller of the change hears that it is done."""
    session_id, token = world.sign_in(), world.sign_in_opaque()
    assert world.live(session_id)
    assert world.opens(token)
    ending(world, session_id)
    assert not world.live(session_id)
    assert world.opens(token) is (ending is end)


def test_a_refresh_token_that_comes_again_ends_the_session_at_once(world: World) -> None:
    """The thief's access token is worth nothing any more."""
    pair = world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    world.kit.sessions.refresh(pair.refresh_token)
    world.pass_time(11)
    assert world.live(pair.session_id)
    with pytest.raises(UnauthenticatedError):
        world.kit.sessions.refresh(pair.refresh_token)
    assert not world.live(pair.session_id)


def test_a_new_proof_is_known_at_once(world: World) -> None:
    """The time of the last proof is part of the answer."""
    session_id = world.sign_in()
    before = run(world.gate.live(session_id, world.ada.id))
    world.clock.advance(seconds=1)
    world.kit.sessions.reauthenticate(session_id, password=PASSWORD)
    assert run(world.gate.live(session_id, world.ada.id)).authenticated_at > before.authenticated_at


def test_whoever_needs_the_session_itself_gets_it_from_the_store(world: World) -> None:
    """A revision from a cache could not be written back."""
    session_id = world.sign_in()
    assert world.live(session_id)
    before = world.reads.count
    session, user = run(world.gate.open_session(session_id, user_id=world.ada.id))
    assert (session.id, user.id) == (session_id, world.ada.id)
    assert world.reads.count == before + 2


def test_the_cache_is_bounded_and_drops_what_was_not_asked_for() -> None:
    """The least recently used goes first, and nothing is left of it."""
    world = World(size=3)
    first, second, third, fourth = (world.sign_in() for _ in range(4))
    for session_id in (first, second, third, first, fourth):
        assert world.live(session_id)
    assert len(world.cache) == 3
    assert world.reading(lambda: world.live(first)) == 0
    assert world.reading(lambda: world.live(second)) == 2
    world.cache.forget(world.ada.id)
    assert (len(world.cache), world.cache._by_user) == (0, {})
    world.kit.close()


class Unguarded(SessionCache):
    """Puts in whatever was read, whenever that was."""

    def keep(self, key: str, facts: SessionFacts, *, until: datetime, reading: Any) -> None:
        super().keep(key, facts, until=until, reading=replace(reading, forgotten=self._forgotten))


class LateCounting(SessionCache):
    """Counts the time of an answer from the end of the reading."""

    def keep(self, key: str, facts: SessionFacts, *, until: datetime, reading: Any) -> None:
        now = replace(self.begin(), forgotten=reading.forgotten)
        super().keep(key, facts, until=until, reading=now)


def resurrected(cache: type[SessionCache]) -> bool:
    """Disable Ada while somebody has read her as she was; tell whether her session is open afterwards."""

    async def scene(world: World) -> bool:
        session_id, read, go_on = world.sign_in(), asyncio.Event(), asyncio.Event()

        def stop() -> Any:
            read.set()
            return go_on.wait() if world.reads.count == 2 else None

        world.reads.after = stop
        reader = asyncio.create_task(world.gate.live(session_id, world.ada.id))
        while world.reads.count < 2:
            await read.wait()
            await asyncio.sleep(0)
        world.kit.users.disable(world.ada.id)
        go_on.set()
        assert (await reader).id == session_id  # its question was asked before
        return world.live(session_id)

    world = World(cache)
    try:
        return asyncio.run(scene(world))
    finally:
        world.kit.close()


def test_a_slow_reader_does_not_put_the_old_answer_back() -> None:
    """What was read before something was forgotten is not kept."""
    assert not resurrected(SessionCache)


def test_the_test_would_notice_a_cache_without_a_guard() -> None:
    """It lets Ada in after her account was closed."""
    assert resurrected(Unguarded)


def read_slowly(cache: type[SessionCache]) -> int:
    """Take 20 of the 30 seconds to read; return how often is read 10 seconds later."""
    world = World(cache)
    session_id = world.sign_in()
    world.reads.after = lambda: world.pass_time(10)
    assert world.live(session_id)
    world.reads.after = lambda: None
    world.pass_time(10)
    try:
        return world.reading(lambda: world.live(session_id))
    finally:
        world.kit.close()


def test_a_slow_reader_is_believed_no_longer_than_a_fast_one() -> None:
    """The time counts from the beginning of the reading."""
    assert read_slowly(SessionCache) == 2


def test_the_test_would_notice_a_time_that_counts_from_the_end() -> None:
    """Such an answer is believed for longer than was promised."""
    assert read_slowly(LateCounting) == 0
