"""Processes that do one thing with a kit and kill themselves at a chosen statement.

They are forked from a process that has everything imported, since there are hundreds of them.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal

from tests.faults.sites import options
from tests.storage.doubles import BareStore
from userkit import SyncUserKit, UserKit
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.compiled import Parameters
from userkit.backends.sqlalchemy.links import CursorLink
from userkit.backends.sqlalchemy.opening import open_url
from userkit.storage.changes import Change
from userkit.storage.port import Store
from userkit.testing.bench import PATIENCE

__all__ = ["PROCESSES", "Death", "Errand", "Fate", "SplittingStore", "learn", "send_out"]

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pytest", "tests.faults.warm"])

Moment = Literal["before", "after"]


@dataclass(frozen=True)
class Death:
    """When to die: before or after the n-th statement, counted from one."""

    moment: Moment
    number: int


@dataclass(frozen=True)
class Errand:
    """What to do with a kit on a realm; ``wrap`` is what breaks its store."""

    url: str
    realm: str
    work: Callable[[SyncUserKit], object]
    wrap: Callable[[Store], Store] | None = None


@dataclass(frozen=True)
class Fate:
    """What became of a process: whether it said that its work was done, and when it could have died."""

    acknowledged: bool
    deaths: Sequence[Death]
    exit_code: int | None


class SplittingStore(BareStore):
    """A store that commits each change by itself."""

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        for change in changes:
            await self.behind.commit(change)


class _Counter:
    def __init__(self, death: Death | None) -> None:
        self.death = death
        self.statements = 0
        self.writing: list[int] = []

    @property
    def deaths(self) -> list[Death]:
        """Return every moment to die at: after a read it is the same as before the next statement."""
        befores = [Death("before", number) for number in range(1, self.statements + 1)]
        return befores + [Death("after", number) for number in self.writing]

    def count(self, statement: Callable[[], Any], *, writes: bool = True) -> Any:
        self.statements += 1
        self._perhaps("before")
        result = statement()
        if writes:
            self.writing.append(self.statements)
            self._perhaps("after")
        return result

    def _perhaps(self, moment: Moment) -> None:
        if self.death == Death(moment, self.statements):
            os.kill(os.getpid(), signal.SIGKILL)


def _mortal(counter: _Counter) -> type[CursorLink]:
    class MortalLink(CursorLink):
        """A connection on which every statement is counted: reads, writes, BEGIN and COMMIT."""

        def rows(self, text: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
            rows: Sequence[Sequence[Any]] = counter.count(
                lambda: super(MortalLink, self).rows(text, parameters)
            )
            return rows

        def write(self, text: str, parameters: Parameters = ()) -> int:
            return int(counter.count(lambda: super(MortalLink, self).write(text, parameters)))

        def write_many(self, text: str, parameters: Sequence[Parameters]) -> None:
            counter.count(lambda: super(MortalLink, self).write_many(text, parameters))

    return MortalLink


def send_out(errand: Errand, death: Death | None) -> Fate:
    """Let a process do an errand, and return what became of it."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_live, args=(errand, death, theirs), daemon=True)
    process.start()
    theirs.close()
    heard = []
    try:
        while ours.poll(PATIENCE):
            heard.append(ours.recv())
    except EOFError:
        pass
    process.join(PATIENCE)
    ours.close()
    return Fate(bool(heard), heard[-1] if heard else (), process.exitcode)


def _live(errand: Errand, death: Death | None, line: Connection) -> None:
    store = open_url(errand.url, blocking=True)
    counter = _Counter(death)
    store._runner._link = _mortal(counter)  # type: ignore[attr-defined]
    kit = SyncUserKit(store if errand.wrap is None else errand.wrap(store), **options(realm=errand.realm))
    learn(store, kit)
    errand.work(kit)
    line.send(counter.deaths)
    kit.close()


def learn(store: SQLAlchemyStore, kit: SyncUserKit | UserKit) -> None:
    """Tell a store what will be stored, without a look at the tables, which takes longer than the rest."""
    store._catalogue.add([each for feature in kit._assembly.features for each in feature.collections])
