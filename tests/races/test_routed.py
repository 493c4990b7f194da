"""X2 and X3 where sessions and links are in another store than users."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.races.callers import refresh
from tests.races.kits import Arena, CarelessStore, Desk, Ground, KitCrew, Storages, as_tasks, as_threads
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from tests.servers.redis import ValkeyServer
from userkit import User
from userkit.errors import InvalidTokenError, StaleError, UnauthenticatedError
from userkit.features.audit import AuditEntry
from userkit.features.links import Link
from userkit.features.outbox import OutboxEntry
from userkit.features.password_reset.letters import RESET
from userkit.features.sessions import Session
from userkit.plugins.opening import open_store
from userkit.storage.parcels import Parcel
from userkit.storage.port import Store
from userkit.storage.routed import RoutedStore
from userkit.storage.threaded import ThreadedStore
from userkit.sync import run

CALLERS = 16


@dataclass(frozen=True)
class Routed:
    """Keep sessions and links elsewhere; where it is careless, the last write wins there."""

    elsewhere: str
    careless: bool = False

    def __call__(self, main: Store) -> Store:
        """Return the main store and the other one as one."""
        other = open_store(self.elsewhere, blocking=main.blocking)
        if other.blocking and not main.blocking:
            other = ThreadedStore(other)
        if self.careless:
            other = CarelessStore(other)
        return RoutedStore(main, {Session: other, Link: other}, records=(AuditEntry, OutboxEntry))


@pytest.fixture(scope="session")
def second_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file beside that of the main store; each race takes a realm of its own in it."""
    return tmp_path_factory.mktemp("routes") / "elsewhere.db"


_PLACES = [
    ("sqlite", "threads"),
    ("sqlite", "processes"),
    ("valkey", "threads"),
    ("valkey", "tasks"),
    ("valkey", "processes"),
    ("valkey", "processes of tasks"),
]


@pytest.fixture(
    params=[
        pytest.param(place, id=", ".join(place), marks=[pytest.mark.server] if place[0] == "valkey" else [])
        for place in _PLACES
    ]
)
def arena(request: pytest.FixtureRequest, sqlite_file: Path, storages: Storages, kit_crew: KitCrew) -> Arena:
    """SQLite with another file, or with Valkey; an empty realm of both."""
    kind, manner = request.param
    if kind == "sqlite":
        elsewhere = f"sqlite:///{request.getfixturevalue('second_file')}"
    else:
        server: ValkeyServer = request.getfixturevalue("valkey")
        elsewhere = f"{server.url()}?prefix=routedraces&keep_expired=-1"
    url = f"sqlite:///{sqlite_file}"
    ground = Ground(url=url, waiting=url, wrap=Routed(elsewhere))
    if manner in ("threads", "tasks"):
        return Arena(ground, partial(as_threads if manner == "threads" else as_tasks, storages), storages)
    return Arena(ground, partial(kit_crew.race, tasks=manner == "processes of tasks"), storages)


def careless(arena: Arena) -> Arena:
    """Return the same place where the other store is broken."""
    wrap = arena.ground.wrap
    assert isinstance(wrap, Routed)
    return replace(arena, ground=replace(arena.ground, wrap=replace(wrap, careless=True)))


async def reset(desk: Desk, *, token: str) -> User:
    """Set a new password with a link."""
    user: User = await desk.password_reset.complete(token=token, password=NEW_PASSWORD)
    return user


def link(arena: Arena) -> str:
    """Register Ada, and make her a link."""
    user = arena.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    return str(run(arena.kit._built["links"].make(RESET, user, lifetime=timedelta(hours=1))))


def left_behind(arena: Arena) -> tuple[Parcel, ...]:
    """Return what is still under way."""
    other: Store = arena.kit._store.realm(arena.ground.realm)._stores[1]  # type: ignore[attr-defined]
    return tuple(run(other.find(Parcel)).items)


@pytest.mark.parametrize("held", [True, False], ids=["all read first", "as they come"])
def test_x2_of_sixteen_who_spend_one_link_elsewhere_one_succeeds(arena: Arena, held: bool) -> None:
    """It stays spent, what it was for has happened once, and nothing is left under way."""
    token = link(arena)
    result = arena.race([partial(reset, token=token)] * CALLERS, held=held)
    result.sole_winner(InvalidTokenError, StaleError)
    (spent,) = arena.stored(Link)
    assert spent.spent_at is not None
    (user,) = arena.stored(User)
    assert user.version == 2
    events = [each.event for each in arena.stored(AuditEntry)]
    assert events.count("password_reset_completed") == 1
    assert left_behind(arena) == ()
    arena.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    with pytest.raises(InvalidTokenError):
        arena.kit.password_reset.complete(token=token, password=PASSWORD)


def test_x2_would_notice_a_store_elsewhere_where_the_last_write_wins(arena: Arena) -> None:
    """There those whom the main store refuses bring the link back."""
    token = link(arena)
    careless(arena).race([partial(reset, token=token)] * CALLERS)
    (spent,) = arena.stored(Link)
    assert spent.version > 3


@pytest.mark.parametrize("held", [True, False], ids=["all read first", "as they come"])
def test_x3_a_refresh_token_elsewhere_has_one_successor(arena: Arena, held: bool) -> None:
    """The others are refused and punish nobody."""
    arena.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    pair = arena.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    result = arena.race([partial(refresh, token=pair.refresh_token)] * CALLERS, held=held)
    result.sole_winner(UnauthenticatedError)
    (successor,) = result.values
    (session,) = arena.stored(Session)
    assert (session.id, session.generation, session.version) == (pair.session_id, 1, 2)
    with pytest.raises(UnauthenticatedError):
        arena.kit.sessions.refresh(pair.refresh_token)
    assert arena.kit.sessions.refresh(successor.refresh_token).session_id == pair.session_id
    assert left_behind(arena) == ()


def test_x3_would_notice_a_store_elsewhere_where_the_last_write_wins(arena: Arena) -> None:
    """There each of those who have read gets a successor."""
    arena.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    pair = arena.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    result = careless(arena).race([partial(refresh, token=pair.refresh_token)] * 8)
    assert len(result.winners) > 1
