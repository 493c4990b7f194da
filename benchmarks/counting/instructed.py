"""What runs under callgrind: each piece of work so many times and twice as often.

``python -m benchmarks.counting.instructed FOLDER TIMES`` prints what it has done, in order. The mark between
the accounts is a call that nothing else makes.
"""

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path

import jwt

from benchmarks.counting.operations import SETTINGS, Operation, operations
from benchmarks.people import people
from benchmarks.store import BareSQLite
from benchmarks.store import Ours as InStore
from benchmarks.tokens import SECRET, Rival, decode, encode
from benchmarks.tokens import Ours as Tokens
from userkit import SyncUserKit
from userkit.plugins.opening import open_store
from userkit.storage.changes import Add
from userkit.sync import run as step
from userkit.sync import synced

_WARM = 5

Work = Callable[[], object]


def main(folder: str, times: str) -> None:
    """Do everything, and say what it was."""
    for name, work in _everything(Path(folder)):
        _do(work, _WARM)
        os.ctermid()
        _do(work, int(times))
        os.ctermid()
        _do(work, 2 * int(times))
        os.ctermid()
        print(name, flush=True)


def _do(work: Work, times: int) -> None:
    for _ in repeat(None, times):
        work()


def _everything(folder: Path) -> Iterator[tuple[str, Work]]:
    yield "nothing", _nothing
    yield "a stepped coroutine", synced(_nothing_later)
    yield from _tokens()
    yield from _store(folder / "store.db")
    yield from _kit(folder / "kit.db")


def _nothing() -> None:
    """Do nothing."""


async def _nothing_later() -> None:
    """Do nothing, as a coroutine."""


def _tokens() -> Iterator[tuple[str, Work]]:
    rival = Rival("HS256", SECRET, SECRET)
    ours = Tokens(rival)
    token = ours.issue()
    claims = jwt.decode(token, options={"verify_signature": False})
    yield "token: verify", partial(ours.verify, token)
    yield "bare token: verify", partial(decode, rival, token)
    yield "token: issue", ours.issue
    yield "bare token: issue", partial(encode, rival, claims)


def _store(file: Path) -> Iterator[tuple[str, Work]]:
    store = open_store(f"sqlite:///{file}", blocking=True)
    with SyncUserKit(store, **SETTINGS):
        mine, other = people(2)
        step(store.commit(Add(mine), Add(other)))
        ours, bare = InStore(store, mine), BareSQLite(other, file)
        for verb in ("get", "find", "save"):
            yield f"store: {verb}", _stepping(getattr(ours, verb))
            yield f"bare store: {verb}", _stepping(getattr(bare, verb))
        bare.connection.close()
    step(store.close())


def _kit(file: Path) -> Iterator[tuple[str, Work]]:
    store = open_store(f"sqlite:///{file}", blocking=True)
    with SyncUserKit(store, **SETTINGS) as kit:
        ready = step(operations(kit, store))
        for name in ("register", "sign in", "refresh", "request with a token, user read"):
            yield f"kit: {name}", _stepping(ready[name])
    step(store.close())


def _stepping(operation: Operation) -> Work:
    return lambda: step(operation())  # type: ignore[arg-type]  # each is a coroutine


if __name__ == "__main__":
    main(*sys.argv[1:])
