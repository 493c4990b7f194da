"""X11: a pool of one connection, while hashing is slow and the mail server hangs.

Who hashes or sends mail holds no connection: others go on, and nobody waits for each other for ever.
A connection that was held would make the others fail after the pool's time-out of a second.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.conftest import prepared
from tests.faults.sites import Site, options
from tests.faults.victims import learn
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from tests.servers.smtp import RudeServer
from userkit import SyncUserKit, User, UserKit
from userkit.backends.mail import MemoryMailer
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import StoreUnavailableError
from userkit.features.outbox import Delivery, OutboxEntry
from userkit.ports.mail import Message
from userkit.ports.passwords import Verification
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.sync import run
from userkit.testing import InstantHasher
from userkit.testing.bench import PATIENCE

ONE = "?pool_size=1&max_overflow=0&pool_timeout=20"
CALLERS = 8


class ThreadValve:
    """Holds up whoever comes at the n-th time; the first time is one."""

    def __init__(self, hold_at: int = 0) -> None:
        """Let everybody pass where ``hold_at`` is zero."""
        self.opened, self.somebody = threading.Event(), threading.Event()
        self._left = hold_at

    async def pass_through(self) -> None:
        """Pass, or say that somebody is here and wait."""
        self._left -= 1
        if self._left == 0:
            self.somebody.set()
            await self.wait_for(self.opened)

    async def wait_for(self, event: threading.Event) -> None:
        """Wait as those do who are tested here."""
        assert event.wait(PATIENCE)


class TaskValve(ThreadValve):
    """The same for tasks of an event loop."""

    async def wait_for(self, event: threading.Event) -> None:
        """Let other tasks run until then."""
        assert await asyncio.to_thread(event.wait, PATIENCE)


class SlowHasher(InstantHasher):
    """A hasher that takes as long as a test wants."""

    def __init__(self, valve: ThreadValve, *, blocking: bool) -> None:
        """Hash behind a valve."""
        super().__init__()
        self.valve = valve
        self.blocking = blocking

    async def hash(self, password: str) -> str:
        """See PasswordHasher.hash."""
        await self.valve.pass_through()
        return await super().hash(password)

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """See PasswordHasher.verify."""
        await self.valve.pass_through()
        return await super().verify(password, encoded)


class GreedyHasher(SlowHasher):
    """A hasher that keeps a connection while it hashes, as a transaction around everything would."""

    def __init__(self, valve: ThreadValve, store: SQLAlchemyStore) -> None:
        """Hash behind a valve, with a connection of this store."""
        super().__init__(valve, blocking=True)
        self.store = store

    async def hash(self, password: str) -> str:
        """See PasswordHasher.hash."""
        with self.store._runner.engine.connect():  # type: ignore[attr-defined]
            return await super().hash(password)


class HangingMailer(MemoryMailer):
    """A mailer whose server does not answer until a test lets it."""

    def __init__(self, valve: ThreadValve, *, blocking: bool) -> None:
        """Send behind a valve."""
        super().__init__()
        self.valve = valve
        self.blocking = blocking

    async def send(self, message: Message) -> None:
        """See Mailer.send."""
        await self.valve.pass_through()
        await super().send(message)


Work = Callable[[Mapping[str, Any], Site], Coroutine[Any, Any, object]]
"""Something to be stuck in: gets what a kit offers, and what was prepared."""


async def register(offered: Mapping[str, Any], site: Site) -> object:
    """Register somebody else."""
    return await offered["users"].register(email="bo@example.com", name="Bo", password=PASSWORD)


async def sign_in(offered: Mapping[str, Any], site: Site) -> object:
    """Sign Ada in, whose hash is made anew."""
    return await offered["sessions"].sign_in(email=EMAIL, password=PASSWORD)


async def reauthenticate(offered: Mapping[str, Any], site: Site) -> object:
    """Prove again who one is."""
    return await offered["sessions"].reauthenticate(site.sign_in().session_id, password=PASSWORD)


async def change(offered: Mapping[str, Any], site: Site) -> object:
    """Change Ada's password."""
    ada = site.kit.users.get_by_email(EMAIL)
    await offered["passwords"].change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD)
    return ada


async def reset(offered: Mapping[str, Any], site: Site) -> object:
    """Set a new password by a link."""
    return await offered["password_reset"].complete(token=site.reset_token(), password=NEW_PASSWORD)


async def deliver(offered: Mapping[str, Any], site: Site) -> object:
    """Send the letter about a registration."""
    await offered["users"].register(email="bo@example.com", name="Bo")
    return await offered["outbox"].deliver()


async def other_work(offered: Mapping[str, Any], site: Site) -> None:
    """Read and write, as the requests of others do."""
    ada = await offered["users"].get_by_email(EMAIL)
    assert (await offered["users"].update(ada.id, name="Augusta")).name == "Augusta"
    assert len((await offered["users"].list()).items) >= 1


@dataclass(frozen=True)
class Place:
    """A database and a way to call it, with one connection."""

    site: Site
    store: Store
    finish: Callable[[Any], Any]

    def offered(self, valve: ThreadValve, hasher: SlowHasher | None = None) -> Mapping[str, Any]:
        """Return what a kit offers whose hasher, or else whose mailer, stops at a valve."""
        blocking = self.store.blocking
        slow = options(
            realm=self.site.realm,
            clock=self.site.clock,
            hasher=hasher or SlowHasher(valve, blocking=blocking),
            mailer=HangingMailer(valve, blocking=blocking),
        )
        kit = (SyncUserKit if blocking else UserKit)(self.store, **slow)
        return kit._built

    def valve(self, hold_at: int = 0) -> ThreadValve:
        """Return a valve for the callers here."""
        return ThreadValve(hold_at) if self.store.blocking else TaskValve(hold_at)

    def together(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        """Do all at the same time, in threads or tasks."""
        if self.store.blocking:
            with ThreadPoolExecutor(len(works)) as threads:
                calls = [threads.submit(contextvars.Context().run, run, work) for work in works]
                return [call.result(PATIENCE) for call in calls]

        async def gathered() -> list[Any]:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.gather(*works)

        return self.finish(gathered())  # type: ignore[no-any-return]

    def while_stuck(self, valve: ThreadValve, offered: Mapping[str, Any], work: Work) -> object:
        """Do other work while something is stuck at a valve; return what came of the one that was stuck."""

        async def meanwhile() -> None:
            try:
                await valve.wait_for(valve.somebody)
                await other_work(offered, self.site)
            finally:
                valve.opened.set()

        return self.together(work(offered, self.site), meanwhile())[0]


@pytest.fixture(
    params=[
        "sqlite",
        "sqlite in threads",
        *[pytest.param(each, marks=pytest.mark.server) for each in ("psycopg", "async psycopg", "asyncpg")],
    ]
)
def place(
    request: pytest.FixtureRequest,
    prepared_stores: dict[str, Store],
) -> Iterator[Place]:
    """Each driver, with Ada in a realm of her own; her hash is to be made anew."""
    system = "sqlite" if request.param.startswith("sqlite") else "postgres"
    url: str = request.getfixturevalue(f"fault_{system}_url")
    site = Site(prepared(url, prepared_stores))
    user = site.ada()
    site.kit.passwords.import_hash(user.id, f"old:{PASSWORD}")
    site.deliver()
    blocking = request.param in ("sqlite", "psycopg")
    driver = "asyncpg" if request.param == "asyncpg" else "psycopg"
    opened = open_url(url.replace("+psycopg", f"+{driver}") + ONE, blocking=blocking)
    with asyncio.Runner() as runner:
        finish: Callable[[Any], Any] = run if blocking else runner.run
        learn(opened, site.kit)
        store = opened if opened.blocking is blocking else ThreadedStore(opened)
        yield Place(site, store, finish)
        finish(store.close())


@pytest.mark.parametrize(
    ("work", "hold_at"),
    [
        (register, 1),
        (sign_in, 1),
        (sign_in, 2),
        (reauthenticate, 1),
        (change, 1),
        (change, 2),
        (reset, 1),
        (deliver, 1),
    ],
)
def test_x11_whoever_hashes_or_sends_mail_holds_no_connection(place: Place, work: Work, hold_at: int) -> None:
    """With one connection for all, others go on while somebody is stuck, who then gets done as well."""
    valve = place.valve(hold_at)
    assert place.while_stuck(valve, place.offered(valve), work) is not None
    assert valve.somebody.is_set()


def test_x11_many_share_one_connection_without_waiting_for_each_other_for_ever(place: Place) -> None:
    """Nobody who has the connection asks for a second one."""
    offered = place.offered(place.valve())

    async def come_and_go(number: int) -> None:
        email = f"caller-{number}@example.com"
        user = await offered["users"].register(email=email, name="Caller", password=PASSWORD)
        pair = await offered["sessions"].sign_in(email=email, password=PASSWORD)
        await offered["sessions"].refresh(pair.refresh_token)
        await offered["passwords"].change(user.id, current_password=PASSWORD, new_password=NEW_PASSWORD)
        await offered["users"].delete(user.id)

    place.together(*map(come_and_go, range(CALLERS)))
    assert [user.email for user in place.site.stored(User)] == [EMAIL]


@pytest.mark.server
def test_x11_a_mail_server_that_hangs_holds_up_nobody(
    fault_postgres_url: str, prepared_stores: dict[str, Store]
) -> None:
    """A real conversation over SMTP: the letter is given up in time, and stays to be sent."""
    site = Site(prepared(fault_postgres_url, prepared_stores))
    store = open_url(fault_postgres_url + ONE, blocking=True)
    with RudeServer("MAIL", "hang") as server, ThreadPoolExecutor(1) as threads:
        mailer = f"smtp://127.0.0.1:{server.port}?starttls=never&timeout=2&sender=no-reply@app.example"
        kit = SyncUserKit(store, **options(realm=site.realm, clock=site.clock, mailer=mailer))
        learn(store, kit)
        kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
        delivery = threads.submit(kit.outbox.deliver)
        while not any(line.upper().startswith(b"MAIL") for line in server.heard):
            assert not delivery.done(), delivery.result()
        run(other_work(kit._built, site))
        assert not delivery.done()
        assert delivery.result(PATIENCE) == Delivery(failed=1)
    assert [entry.topic for entry in site.stored(OutboxEntry)] == ["letter"]
    run(store.close())


@pytest.mark.server
def test_x11_would_notice_who_hashes_with_a_connection_in_hand(
    fault_postgres_url: str, prepared_stores: dict[str, Store]
) -> None:
    """There the others find the pool empty."""
    site = Site(prepared(fault_postgres_url, prepared_stores))
    site.ada()
    store = open_url(fault_postgres_url + ONE, blocking=True)
    place, valve = Place(site, store, run), ThreadValve(1)
    learn(store, site.kit)
    with pytest.raises(StoreUnavailableError, match="pool"):
        place.while_stuck(valve, place.offered(valve, GreedyHasher(valve, store)), register)
    run(store.close())
