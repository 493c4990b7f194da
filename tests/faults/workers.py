"""Worker processes that serve many callers with one asynchronous kit, until they are told to stop."""

import asyncio
import signal
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from tests.faults.sites import options
from tests.faults.victims import PROCESSES, learn
from tests.races.callers import SPELLINGS
from tests.security.world import PASSWORD
from userkit import UserKit
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import EmailAlreadyExistsError, UserKitError
from userkit.storage.threaded import ThreadedStore
from userkit.testing import InstantHasher
from userkit.testing.bench import PATIENCE

__all__ = ["ADDRESSES", "Shift", "Worker", "address"]

ADDRESSES = 40


@dataclass(frozen=True)
class Shift:
    """What a worker does: 200 registrations of 40 addresses, and 20 refreshes with one token.

    ``cancels``: on SIGTERM the callers are cancelled before the kit is closed, or else it is closed
    under them. ``hasty``: it says that something is done before it is.
    """

    url: str
    realm: str
    refresh_token: str
    cancels: bool
    hasty: bool = False


def address(number: int) -> str:
    """Return one of the addresses in one of the spellings."""
    spelling = SPELLINGS[number // ADDRESSES % len(SPELLINGS)]
    return spelling[:3] + str(number % ADDRESSES) + spelling[3:]


class HeldHasher(InstantHasher):
    """A hasher that keeps every second caller until the worker is told to stop: they are in flight then."""

    blocking = False

    def __init__(self, told_to_stop: asyncio.Event) -> None:
        """Wait for this."""
        super().__init__()
        self.told_to_stop = told_to_stop

    async def hash(self, password: str) -> str:
        """See PasswordHasher.hash."""
        encoded = await super().hash(password)
        if self.runs % 2:
            await self.told_to_stop.wait()
        return encoded


class Worker:
    """A worker process, as its parent sees it. ``told`` is what it said to have done."""

    def __init__(self, shift: Shift) -> None:
        """Start it."""
        self.told: list[tuple[str, str]] = []
        self.foreign: Sequence[str] = ()
        self._line, theirs = PROCESSES.Pipe(duplex=False)
        self._process: BaseProcess = PROCESSES.Process(target=_serve, args=(shift, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def listen(self, until: int) -> None:
        """Listen until it has said that so many things are done."""
        while len(self.told) < until:
            assert self._line.poll(PATIENCE), "the worker is stuck"
            self.told.append(self._line.recv())

    def stop(self) -> None:
        """Send it SIGTERM."""
        self._process.terminate()

    def finish(self) -> int | None:
        """Listen until it has ended, and return its exit code."""
        try:
            while self._line.poll(PATIENCE):
                heard = self._line.recv()
                if isinstance(heard, tuple):
                    self.told.append(heard)
                else:
                    self.foreign = heard
        except EOFError:
            pass
        self._process.join(PATIENCE)
        self._line.close()
        return self._process.exitcode


def _serve(shift: Shift, line: Connection) -> None:
    asyncio.run(_work(shift, line))


async def _work(shift: Shift, line: Connection) -> None:
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    store = open_url(shift.url, blocking=False)
    kit = UserKit(
        ThreadedStore(store) if store.blocking else store,
        **options(realm=shift.realm, hasher=HeldHasher(told_to_stop)),
    )
    learn(store, kit)

    async def register(number: int) -> None:
        email = address(number)
        if shift.hasty:
            line.send(("registered", email.lower()))
        try:
            await kit.users.register(email=email, name=f"Caller {number}", password=PASSWORD)
        except EmailAlreadyExistsError:
            line.send(("found taken", email.lower()))
        else:
            line.send(("registered", email.lower()))

    async def refresh() -> None:
        pair = await kit.sessions.refresh(shift.refresh_token)
        line.send(("refreshed", pair.refresh_token))

    callers = [asyncio.create_task(register(number)) for number in range(5 * ADDRESSES)]
    callers += [asyncio.create_task(refresh()) for _ in range(20)]
    await told_to_stop.wait()
    if shift.cancels:
        for caller in callers:
            caller.cancel()
    await kit.close()
    results = await asyncio.gather(*callers, return_exceptions=True)
    line.send([_told(each) for each in results if _is_foreign(each)])


def _is_foreign(result: object) -> bool:
    return isinstance(result, BaseException) and not isinstance(result, UserKitError | asyncio.CancelledError)


def _told(error: object) -> str:
    assert isinstance(error, BaseException)
    return "".join(traceback.format_exception(error))
