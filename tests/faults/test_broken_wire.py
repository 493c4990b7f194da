"""X8: the connection is cut before, in and after a COMMIT: never half, and trying again is safe."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from tests.faults.conftest import prepared
from tests.faults.sites import Shape, Site, options
from tests.faults.victims import SplittingStore, learn
from tests.races.kits import Desk
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import FaultProxy
from userkit import SyncUserKit, UserKit
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import (
    EmailAlreadyExistsError,
    InvalidCredentialsError,
    StoreUnavailableError,
    UnauthenticatedError,
    UserKitError,
)
from userkit.features.sessions import Session
from userkit.storage.port import Store
from userkit.sync import run

pytestmark = pytest.mark.server

Moment = Literal["before", "after", "answer"]
# As a whole statement: every transaction begins with READ COMMITTED.
COMMIT = b"COMMIT\0"
MOMENTS: list[Moment] = ["before", "after", "answer"]


@dataclass(frozen=True)
class Scenario:
    """Something that loses its connection; ``refusal`` is what it meets when it was done before."""

    name: str
    setup: Callable[[Site], str]
    work: Callable[[Desk, str], Awaitable[object]]
    statements: tuple[bytes, ...]
    refusal: type[UserKitError] | None

    def __repr__(self) -> str:
        return self.name

    def before(self, statement: bytes) -> bytes:
        """Return what comes before a statement: counts of attempts may be tidied in a transaction, too."""
        return b"".join(self.statements[: self.statements.index(statement)])


def nobody(site: Site) -> str:
    """Begin with an empty realm."""
    return ""


def somebody(site: Site) -> str:
    """Begin with Ada, and return her id."""
    return site.ada().id


def signed_in(site: Site) -> str:
    """Begin with Ada signed in, and return her refresh token."""
    site.ada()
    return site.sign_in().refresh_token


async def register(desk: Desk, _: str) -> object:
    """Register Ada."""
    return await desk.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)


async def sign_in(desk: Desk, _: str) -> object:
    """Sign her in."""
    return await desk.sessions.sign_in(email=EMAIL, password=PASSWORD)


async def refresh(desk: Desk, token: str) -> object:
    """Exchange her refresh token."""
    return await desk.sessions.refresh(token)


async def change_password(desk: Desk, user_id: str) -> object:
    """Change her password."""
    return await desk.passwords.change(user_id, current_password=PASSWORD, new_password=NEW_PASSWORD)


SCENARIOS = [
    Scenario("register", nobody, register, (b"INSERT INTO userkit_users", COMMIT), EmailAlreadyExistsError),
    Scenario("sign in", somebody, sign_in, (b"INSERT INTO userkit_sessions", COMMIT), None),
    Scenario("refresh", signed_in, refresh, (b"UPDATE userkit_sessions",), UnauthenticatedError),
    Scenario(
        "change password",
        somebody,
        change_password,
        (b"UPDATE userkit_passwords", COMMIT),
        InvalidCredentialsError,
    ),
]

CUTS = [
    pytest.param(scenario, each, id=f"{scenario.name}, {each.decode().rpartition('_')[2].strip(chr(0))}")
    for scenario in SCENARIOS
    for each in scenario.statements
]


@dataclass
class Wire:
    """A kit behind a proxy, and one beside it that looks at the same realm over a wire of its own."""

    proxy: FaultProxy
    desk: Desk
    site: Site
    run: Callable[[Awaitable[Any]], Any]
    asks_first: bool

    def attempt(self, scenario: Scenario, state: str) -> object:
        """Do it, and return what came of it, or the kind of the error."""
        try:
            return self.run(scenario.work(self.desk, state))
        except UserKitError as error:
            return type(error)

    def works(self) -> bool:
        """Tell whether the next request on the same kit is answered."""
        return self.run(self.desk.users.list()) is not None


@contextmanager
def wire_of(
    driver: str, server: PostgresServer, url: str, store: Store, wrap: Callable[[Store], Store] | None = None
) -> Iterator[Wire]:
    """Put a proxy between a database and a kit, over a driver; ``wrap`` is what breaks its store."""
    # asyncpg sends the text of a statement once otherwise, and the traps look for the text.
    extra = "&prepared_statement_cache_size=0" if driver == "asyncpg" else ""
    site = Site(store)
    with FaultProxy(server.port) as proxy, asyncio.Runner() as runner:
        scheme = f"postgresql+{driver.removeprefix('async ')}"
        address = f"{scheme}:{proxy.url(url).partition(':')[2]}?connect_timeout=2&statement_timeout=5{extra}"
        blocking = driver == "psycopg"
        behind = open_url(address, blocking=blocking)
        kind = SyncUserKit if blocking else UserKit
        wrapped = behind if wrap is None else wrap(behind)
        kit = kind(wrapped, **options(realm=site.realm, clock=site.clock))
        learn(behind, kit)
        finish: Callable[[Awaitable[Any]], Any] = run if blocking else runner.run  # type: ignore[assignment]
        yield Wire(proxy, Desk.of(kit), site, finish, driver == "asyncpg")
        proxy.resume()
        finish(behind.close())


@pytest.fixture(params=["psycopg", "async psycopg", "asyncpg"])
def wire(
    request: pytest.FixtureRequest,
    postgres18: PostgresServer,
    fault_postgres_url: str,
    prepared_stores: dict[str, Store],
) -> Iterator[Wire]:
    """A wire to break, over each driver."""
    store = prepared(fault_postgres_url, prepared_stores)
    with wire_of(request.param, postgres18, fault_postgres_url, store) as made:
        yield made


def end_of(scenario: Scenario, store: Store) -> Shape:
    """Return what is stored when nothing is broken."""
    site = Site(store)
    run(scenario.work(Desk.of(site.kit), scenario.setup(site)))  # type: ignore[arg-type]
    return site.shape()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("scenario", "statement"), CUTS)
def test_x8_a_lost_connection_is_made_up_for(
    wire: Wire, scenario: Scenario, statement: bytes, moment: Moment
) -> None:
    """Where the server can be reached again at once, the kit finds out what became of it, or does it."""
    state = scenario.setup(wire.site)
    assert wire.works()
    trap = wire.proxy.cut_at(statement, moment, behind=scenario.before(statement))
    outcome = wire.attempt(scenario, state)
    assert trap.wait()
    assert not isinstance(outcome, type), outcome
    assert wire.site.shape() == end_of(scenario, wire.site.store)
    assert wire.works()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_x8_where_nobody_knows_trying_again_is_safe(wire: Wire, scenario: Scenario, moment: Moment) -> None:
    """The server stays away: a clean error. When it is back the kit works, and nothing is there twice."""
    state = scenario.setup(wire.site)
    start, end = wire.site.shape(), end_of(scenario, wire.site.store)
    assert wire.works()
    wire.proxy.refuse()  # those who are connected stay connected
    statement = scenario.statements[-1]
    trap = wire.proxy.cut_at(statement, moment, behind=scenario.before(statement))
    assert wire.attempt(scenario, state) is StoreUnavailableError
    assert trap.wait()
    wire.proxy.resume()
    if moment != "after":  # or else the server may still be at it
        # What asyncpg sends first is the text alone, so its answer is lost before anything is done.
        done = moment == "answer" and not wire.asks_first
        assert wire.site.shape() == (end if done else start)
    again = wire.attempt(scenario, state)
    if isinstance(again, type):
        assert again is scenario.refusal
        assert moment != "before"
    told = "audit"  # a refusal has its entry there
    if scenario.refusal is not None:
        assert {**wire.site.shape(), told: []} == {**end, told: []}
    else:
        assert len(wire.site.stored(Session)) <= 2  # one of them belongs to nobody, as nobody has its tokens
    assert wire.works()


def test_x8_would_notice_a_store_that_commits_one_by_one(
    postgres18: PostgresServer, fault_postgres_url: str, prepared_stores: dict[str, Store]
) -> None:
    """There a user is left without a password."""
    store = prepared(fault_postgres_url, prepared_stores)
    with wire_of("psycopg", postgres18, fault_postgres_url, store, SplittingStore) as wire:
        start, end = wire.site.shape(), end_of(SCENARIOS[0], store)
        assert wire.works()
        wire.proxy.refuse()
        wire.proxy.cut_at(b"INSERT INTO userkit_passwords", "before")
        assert wire.attempt(SCENARIOS[0], "") is StoreUnavailableError
        assert wire.site.shape() not in (start, end)
