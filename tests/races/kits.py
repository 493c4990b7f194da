"""Many callers of kits at the same time: threads, tasks, and two processes on the same storage."""

import asyncio
import contextvars
import multiprocessing
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from tests.security.world import SECRET
from tests.storage.doubles import BareStore
from userkit import SyncUserKit, UserKit
from userkit.errors import StaleError, UserKitError
from userkit.features.passwords import PasswordCredential, passwords
from userkit.features.sessions import Session
from userkit.features.users import User
from userkit.kernel.entity import Entity
from userkit.plugins.opening import open_store
from userkit.ports.rate_limit import Limit
from userkit.storage.changes import Change, Save
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher
from userkit.testing.bench import PATIENCE, Outcome, new_realm
from userkit.testing.race import Result

__all__ = ["Arena", "Desk", "Ground", "Job", "KitCrew"]

_HANDS = 2
_SUBJECTS = (User, PasswordCredential, Session)
_SWITCH = 1e-5  # so that threads meet between two statements, not between two jobs

# The limiter is not the subject here.
LENIENT = Limit(name="lenient", attempts=100_000, within=timedelta(hours=1))


@dataclass(frozen=True)
class Desk:
    """What a caller can ask a kit for: the awaitable use cases, over a store that blocks or waits."""

    users: Any
    passwords: Any
    sessions: Any
    authenticate: Any
    email_verification: Any
    password_reset: Any
    store: Store

    @classmethod
    def of(cls, kit: SyncUserKit | UserKit) -> "Desk":
        """Take the use cases of a kit before they were mirrored."""
        built = kit._built
        return cls(
            users=built["users"],
            passwords=built["passwords"],
            sessions=built["sessions"],
            authenticate=kit._authentication,
            email_verification=built["email_verification"],
            password_reset=built["password_reset"],
            store=kit._store.realm(kit._realm),
        )


Job = Callable[[Desk], Awaitable[Any]]
"""What one caller wants; a plain function or a partial of one, since it is sent to other processes."""

Wrap = Callable[[Store], Store]


def as_it_is(store: Store) -> Store:
    """Leave a store as it is."""
    return store


@dataclass(frozen=True)
class Ground:
    """One realm of a storage, and what it is opened with in every process.

    ``url`` is for those who block, ``waiting`` for those who wait; a store in memory is one object.
    ``wrap`` is what tests put around the store to break it.
    """

    url: str = ""
    waiting: str = ""
    memory: Store | None = None
    realm: str = field(default_factory=new_realm)
    wrap: Wrap = as_it_is
    clock: FrozenClock = field(default_factory=FrozenClock)

    @property
    def is_sql(self) -> bool:
        """Whether there are tables to look into."""
        return self.url.startswith(("sqlite", "postgresql"))

    def options(self) -> dict[str, Any]:
        """Return the arguments of every kit on this ground."""
        return {
            "secret": SECRET,
            "realm": self.realm,
            "clock": self.clock,
            "hasher": InstantHasher(),
            "relay": False,
            "auth": ["jwt", "session"],
            "features": [passwords(account_limit=LENIENT, address_limit=LENIENT)],
        }


class Gate:
    """Hold callers back until every one of them is here, or has ended without coming."""

    def __init__(self, callers: int, *, beyond: Callable[[], object] = lambda: None) -> None:
        """Expect so many; ``beyond`` is called when they are complete, and may wait for others."""
        self._missing = callers
        self._beyond = beyond
        self._lock = threading.Lock()
        self._seen: contextvars.ContextVar[bool] = contextvars.ContextVar("seen", default=False)

    async def arrive(self) -> None:
        """Wait for the others, once."""
        if self._check_in():
            await self._wait()

    def leave(self) -> None:
        """Let nobody wait for this caller."""
        self._check_in()

    def _check_in(self) -> bool:
        if self._seen.get():
            return False
        self._seen.set(True)
        with self._lock:
            self._missing -= 1
            complete = self._missing == 0
        if complete:
            self._beyond()
            self._open()
        return True

    async def _wait(self) -> None:
        raise NotImplementedError

    def _open(self) -> None:
        raise NotImplementedError


class ThreadGate(Gate):
    """A gate for threads."""

    def __init__(self, callers: int, *, beyond: Callable[[], object] = lambda: None) -> None:
        """Begin closed."""
        super().__init__(callers, beyond=beyond)
        self._opened = threading.Event()

    async def _wait(self) -> None:
        assert self._opened.wait(PATIENCE), "the other callers did not come"

    def _open(self) -> None:
        self._opened.set()


class TaskGate(Gate):
    """A gate for tasks of one event loop."""

    def __init__(self, callers: int, *, beyond: Callable[[], object] = lambda: None) -> None:
        """Begin closed."""
        super().__init__(callers, beyond=beyond)
        self._opened = asyncio.Event()

    async def _wait(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._opened.wait()

    def _open(self) -> None:
        self._opened.set()


class GatheringStore(BareStore):
    """A store before whose commits callers gather: all have read before anybody writes."""

    def __init__(self, behind: Store, gate: Gate, *, blocking: bool) -> None:
        """Let every caller wait once, at the first commit that is about users, passwords or sessions."""
        super().__init__(behind)
        self.gate = gate
        self.blocking = blocking

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await self.step()
        if any(isinstance(_subject(change), _SUBJECTS) for change in changes):
            await self.gate.arrive()
        await self.behind.commit(*changes)

    async def step(self) -> None:
        """Let other tasks take turns at every verb."""
        if not self.blocking:
            await asyncio.sleep(0)


def _subject(change: Change) -> Entity:
    return change.after if isinstance(change, Save) else change.entity


class LooseStore(BareStore):
    """A store that makes its tables without anything unique in them."""

    def __init__(self, behind: Store) -> None:
        """Pass everything on, but tell the store behind that nothing is unique."""
        super().__init__(behind)
        self.blocking = behind.blocking

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare."""
        loose = [
            _LOOSE.setdefault(each, replace(each, unique=(), index=each.lookups)) for each in collections
        ]
        await self.behind.prepare(loose, create=create)


# The same ones each time: a store takes a second collection of a name for another one.
_LOOSE: dict[Collection[Any], Collection[Any]] = {}


class CarelessStore(BareStore):
    """A store where the last write wins, over any storage: saves fit whatever is there."""

    def __init__(self, behind: Store) -> None:
        """Pass everything on, and saves without their condition."""
        super().__init__(behind)
        self.blocking = behind.blocking

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        while True:
            try:
                return await self.behind.commit(*[await self._fit(change) for change in changes])
            except StaleError:
                continue

    async def _fit(self, change: Change) -> Change:
        if not isinstance(change, Save):
            return change
        stored = await self.behind.get(type(change.before), change.before.id)
        assert stored is not None
        return Save(stored, replace(change.after, version=stored.version + 1))


class Storages:
    """The stores that this process has open. Each is opened once, for connecting takes longer than a race."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self.runner = asyncio.Runner()
        self._open: dict[object, Store] = {}

    def blocking(self, ground: Ground) -> Store:
        """Return the prepared store of a ground for threads."""
        key = (ground.memory or ground.url, ground.wrap)
        if key not in self._open:
            store = ground.wrap(ground.memory or open_store(ground.url, blocking=True))
            self._open[key] = store
            run(SyncUserKit(store, **ground.options())._assembly.prepare(store, create=True))
        return self._open[key]

    async def waiting(self, ground: Ground) -> Store:
        """Return the prepared store of a ground for tasks; it may block where nothing is waited for."""
        if ground.memory is not None:
            return self.blocking(ground)
        key = (ground.waiting, ground.wrap, "waiting")
        if key not in self._open:
            store = open_store(ground.waiting, blocking=False)
            store = ground.wrap(ThreadedStore(store) if store.blocking else store)
            self._open[key] = store
            await UserKit(store, **ground.options())._assembly.prepare(store, create=True)
        return self._open[key]

    def close(self) -> None:
        """Close all of them."""
        for store in self._open.values():
            if store.blocking:
                run(store.close())
            else:
                self.runner.run(store.close())
        self._open.clear()
        self.runner.close()


def nobody_else() -> None:
    """Wait for no other process."""


def as_threads(
    storages: Storages,
    ground: Ground,
    jobs: Sequence[Job],
    held: bool,
    beyond: Callable[[], object] = nobody_else,
) -> list[Outcome]:
    """Let threads call one synchronous kit. ``held``: all read before anybody writes."""
    gate = ThreadGate(len(jobs), beyond=beyond)
    store = storages.blocking(ground)
    kit = SyncUserKit(GatheringStore(store, gate, blocking=True) if held else store, **ground.options())
    desk = Desk.of(kit)

    def enter(job: Job) -> Outcome:
        return run(_attempt(desk, job, gate, held=held))

    with _busy_switching(), ThreadPoolExecutor(len(jobs)) as threads:
        # A context of its own for each, as threads do not come with one.
        calls = [threads.submit(contextvars.Context().run, enter, job) for job in jobs]
        return [call.result(PATIENCE) for call in calls]


def as_tasks(
    storages: Storages,
    ground: Ground,
    jobs: Sequence[Job],
    held: bool,
    beyond: Callable[[], object] = nobody_else,
) -> list[Outcome]:
    """Let tasks call one asynchronous kit. ``held``: all read before anybody writes."""

    async def all_at_once() -> list[Outcome]:
        gate = TaskGate(len(jobs), beyond=beyond)
        store = await storages.waiting(ground)
        if held or store.blocking:
            store = GatheringStore(store, gate, blocking=False)
        desk = Desk.of(UserKit(store, **ground.options()))
        async with asyncio.timeout(PATIENCE):
            return await asyncio.gather(*(_attempt(desk, job, gate, held=held) for job in jobs))

    return storages.runner.run(all_at_once())


async def _attempt(desk: Desk, job: Job, gate: Gate, *, held: bool) -> Outcome:
    try:
        if not held:
            await gate.arrive()
        return Outcome(value=await job(desk))
    except UserKitError as error:
        return Outcome(error=error)
    except Exception as error:  # noqa: BLE001  # any other error is what the races look for
        return Outcome(foreign="".join(traceback.format_exception(error)))
    finally:
        gate.leave()


@contextmanager
def _busy_switching() -> Any:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@dataclass(frozen=True)
class _Order:
    ground: Ground
    jobs: Sequence[Job]
    held: bool
    tasks: bool


@dataclass(frozen=True)
class _Failure:
    reason: str


class KitCrew:
    """Two processes that wait for jobs for kits. They start fresh, so that no connection is shared."""

    def __init__(self) -> None:
        """Start the processes."""
        context = multiprocessing.get_context("spawn")
        # Kept here, since its semaphores are gone with the last reference in this process.
        self._gate = context.Barrier(_HANDS)
        self._lines: list[Connection] = []
        self._processes = []
        for _ in range(_HANDS):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, self._gate), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(ours)
            self._processes.append(process)

    def race(self, ground: Ground, jobs: Sequence[Job], held: bool, *, tasks: bool = False) -> list[Outcome]:
        """Do jobs at the same time, every second one in the same process."""
        for place, line in enumerate(self._lines):
            line.send(_Order(ground, jobs[place::_HANDS], held, tasks))
        answers = [self._answer(line) for line in self._lines]
        failures = [each.reason for each in answers if isinstance(each, _Failure)]
        if failures:
            self._gate.reset()
            raise AssertionError("\n".join(failures))
        outcomes: list[Outcome] = [Outcome()] * len(jobs)
        for place, answer in enumerate(answers):
            outcomes[place::_HANDS] = answer
        return outcomes

    @staticmethod
    def _answer(line: Connection) -> Any:
        return line.recv() if line.poll(2 * PATIENCE) else _Failure("A process gave no answer in time.")

    def close(self) -> None:
        """End the processes."""
        for line in self._lines:
            line.close()
        for process in self._processes:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()


def _work(line: Connection, gate: Barrier) -> None:
    storages = Storages()
    while True:
        try:
            order: _Order = line.recv()
        except EOFError:
            storages.close()
            return
        race = as_tasks if order.tasks else as_threads
        try:
            line.send(race(storages, order.ground, order.jobs, order.held, lambda: gate.wait(PATIENCE)))
        except Exception:  # noqa: BLE001  # it is reported by the process that asked
            gate.abort()
            line.send(_Failure(traceback.format_exc()))


@dataclass(frozen=True)
class Arena:
    """A ground, a way to race on it, and a kit of one's own to set up a race and look at what survived."""

    ground: Ground
    manner: Callable[[Ground, Sequence[Job], bool], list[Outcome]]
    storages: Storages

    @cached_property
    def kit(self) -> SyncUserKit:
        """Return a kit on the realm of the ground; it knows nothing of the callers'."""
        return SyncUserKit(self.storages.blocking(self.ground), **self.ground.options())

    def race(self, jobs: Sequence[Job], *, held: bool = True) -> Result:
        """Let all callers in at once. Fails when one meets an error that is not of userkit."""
        outcomes = self.manner(self.ground, jobs, held)
        foreign = {outcome.foreign for outcome in outcomes if outcome.foreign is not None}
        assert not foreign, "callers met errors that are not of userkit:\n" + "\n".join(sorted(foreign))
        return Result(tuple(outcomes))

    def broken(self, wrap: Wrap) -> "Arena":
        """Return the same place with a store that is broken."""
        return replace(self, ground=replace(self.ground, wrap=wrap))

    def stored(self, kind: type[Entity]) -> list[Any]:
        """Return everything of a kind that is in the realm."""
        store, found, after = self.kit._store.realm(self.ground.realm), [], None
        while True:
            page = run(store.find(kind, after=after, limit=1000))
            found += page.items
            if page.next is None:
                return found
            after = page.next

    def words(self) -> list[str]:
        """Return whose words the index of searches holds, once for each word."""
        if not self.ground.is_sql:
            return [user.id for user in self.kit.users.search("ada").items]
        with self.kit._store._runner.engine.connect() as connection:  # type: ignore[attr-defined]
            rows = connection.exec_driver_sql(
                f"SELECT id FROM userkit_users_words WHERE realm = '{self.ground.realm}'"
            )
            return [str(row[0]) for row in rows]
