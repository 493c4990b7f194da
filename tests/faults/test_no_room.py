"""X15: a database that cannot be written to, and a disk that is full.

A clean error (a 503 over HTTP), nothing half, the file in order, and it works again when there is room.
"""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.faults.sites import Site, options
from tests.faults.victims import SplittingStore, learn
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from tests.servers.postgres import PostgresServer
from userkit import SyncUserKit
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import InvalidCredentialsError, StoreUnavailableError, UserKitError
from userkit.sync import run

Write = Callable[[SyncUserKit, dict[str, str]], object]

WRITES: list[Write] = [
    lambda kit, _: kit.users.register(email="bo@example.com", name="Bo", password=PASSWORD),
    lambda kit, _: kit.sessions.sign_in(email=EMAIL, password=PASSWORD),
    lambda kit, _: kit.sessions.sign_in_opaque(email=EMAIL, password="not her password at all"),
    lambda kit, had: kit.sessions.refresh(had["refresh"]),
    lambda kit, had: kit.sessions.end_all(had["user"]),
    lambda kit, had: kit.passwords.change(had["user"], current_password=PASSWORD, new_password=NEW_PASSWORD),
    lambda kit, had: kit.password_reset.complete(token=had["reset"], password=NEW_PASSWORD),
    lambda kit, had: kit.users.disable(had["user"]),
    lambda kit, had: kit.users.delete(had["user"]),
]


def furnished(site: Site) -> dict[str, str]:
    """Put Ada there, signed in twice and with a link to reset her password; her old session is not noted."""
    user = site.ada()
    pair = site.sign_in()
    cookie = site.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    had = {
        "user": user.id,
        "access": pair.access_token,
        "refresh": pair.refresh_token,
        "cookie": cookie.token,
        "reset": site.reset_token(),
    }
    site.clock.advance(minutes=5)  # so that use of the session would be written down
    return had


def assert_only_reading(kit: SyncUserKit, site: Site, had: dict[str, str]) -> None:
    """Every write fails cleanly and leaves everything as it was; whoever is signed in stays so."""
    before = site.shape()
    for write in WRITES:
        with pytest.raises(StoreUnavailableError):
            write(kit, had)
        assert site.shape() == before
    assert kit.authenticate(had["access"]).user_id == had["user"]
    assert kit.authenticate(had["cookie"]).user_id == had["user"]
    assert kit.users.get_by_email(EMAIL).id == had["user"]
    assert kit.outbox.deliver().done == 0


def assert_in_order(path: Path) -> None:
    """SQLite finds nothing wrong with the file."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def assert_writing(kit: SyncUserKit, had: dict[str, str]) -> None:
    """All that failed before works, save what is wrong anyway."""
    errors = []
    for write in WRITES:
        try:
            write(kit, had)
        except UserKitError as error:
            errors.append(type(error))
    assert errors == [InvalidCredentialsError]


@contextmanager
def kit_on(store: SQLAlchemyStore, site: Site) -> Iterator[SyncUserKit]:
    """Open a kit on the realm of a site."""
    kit = SyncUserKit(store, **options(realm=site.realm, clock=site.clock, mailer=site.mailer))
    learn(store, kit)
    try:
        yield kit
    finally:
        kit.close()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes, as when a quota is used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@dataclass
class File:
    """A SQLite file, with Ada in it."""

    path: Path
    store: SQLAlchemyStore
    site: Site
    had: dict[str, str]

    @property
    def engine(self) -> Engine:
        """Return the engine of its store."""
        engine: Engine = self.store._runner.engine  # type: ignore[attr-defined]
        return engine

    def limit(self, pages: int) -> None:
        """Let the file have so many pages more than it has."""

        def set_limit(connection: sqlite3.Connection, _: object) -> None:
            (count,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {count + pages}")

        self.engine.dispose()
        event.listen(self.engine, "connect", set_limit, once=True)
        self.site.kit.users.count()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    """A file of its own for each test, with one connection."""
    path = tmp_path / "room.db"
    store = open_url(f"sqlite:///{path}?pool_size=1&max_overflow=0", blocking=True)
    run(SyncUserKit(store, **options())._assembly.prepare(store, create=True))
    site = Site(store)
    yield File(path, store, site, furnished(site))
    run(store.close())
    assert_in_order(path)


def test_x15_a_file_that_is_opened_for_reading_is_only_read(file: File) -> None:
    """``mode=ro``: the sentence says so."""
    with kit_on(open_url(f"sqlite:///{file.path}?mode=ro", blocking=True), file.site) as kit:
        with pytest.raises(StoreUnavailableError, match="read-only"):
            kit.users.register(email="bo@example.com", name="Bo", password=PASSWORD)
        assert_only_reading(kit, file.site, file.had)
    with kit_on(open_url(f"sqlite:///{file.path}", blocking=True), file.site) as kit:
        assert_writing(kit, file.had)


def test_x15_a_kit_opens_on_a_file_that_is_only_read(file: File) -> None:
    """Its tables are there, so there is nothing to make."""
    with SyncUserKit(f"sqlite:///{file.path}?mode=ro", **options(realm=file.site.realm)) as kit:
        assert kit.users.get_by_email(EMAIL).id == file.had["user"]


def test_x15_a_connection_that_may_only_read_is_used_again_when_it_may_write(file: File) -> None:
    """The same kit, on the same connection."""
    with file.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    assert_only_reading(file.site.kit, file.site, file.had)
    with file.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
    assert_writing(file.site.kit, file.had)


def test_x15_a_quota_that_is_used_up_is_a_clean_refusal(file: File) -> None:
    """The system refuses every byte more; as soon as it does not, the same kit works."""
    with largest_file(1024):
        assert_only_reading(file.site.kit, file.site, file.had)
    assert_writing(file.site.kit, file.had)


def crowd(kit: SyncUserKit, callers: int = 60) -> Iterator[tuple[str, bool]]:
    """Register many, and yield who it was and whether there was room."""
    for number in range(callers):
        email = f"caller-{number}@example.com"
        try:
            kit.users.register(email=email, name="x" * (number % 7 + 1), password=PASSWORD)
        except StoreUnavailableError:
            yield email, False
        else:
            yield email, True


def test_x15_a_disk_that_fills_up_keeps_whole_accounts_only(file: File) -> None:
    """Whoever was told of success is there, nobody else, and later there is room for all."""
    file.limit(4)
    entered = {EMAIL: True, **dict(crowd(file.site.kit))}
    assert not all(entered.values())
    with pytest.raises(StoreUnavailableError, match="no space left"):
        file.site.kit.users.register(email="long@example.com", name="x", attributes={"text": "x" * 20_000})
    shape = file.site.shape()
    assert [email for email, *_ in shape["users"]] == sorted(each for each, done in entered.items() if done)
    assert len(shape["passwords"]) == len(shape["users"])
    assert shape["audit"].count(("user_registered",)) == len(shape["users"])
    assert_in_order(file.path)
    file.limit(100_000)
    for email, done in entered.items():
        if not done:
            file.site.kit.users.register(email=email, name="x", password=PASSWORD)
    assert_writing(file.site.kit, file.had)


def test_x15_would_notice_accounts_that_are_half_there(file: File) -> None:
    """A store that commits one change after the other fills the disk with them."""
    kit = SyncUserKit(SplittingStore(file.store), **options(realm=file.site.realm))
    file.limit(4)
    assert not all(done for _, done in crowd(kit))
    shape = file.site.shape()
    assert len(shape["passwords"]) < len(shape["users"]) or (
        shape["audit"].count(("user_registered",)) < len(shape["users"])
    )


@pytest.mark.server
def test_x15_a_server_that_only_reads_is_a_clean_refusal(postgres18: PostgresServer) -> None:
    """As a standby does, or one whose disk is full; the kit needs no restart when that is over."""
    name = postgres18.create_database()
    store = open_url(postgres18.url("psycopg", database=name), blocking=True)
    run(SyncUserKit(store, **options())._assembly.prepare(store, create=True))
    site = Site(store)
    had = furnished(site)

    def switch(setting: str) -> None:
        postgres18.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {setting}")
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        postgres18.execute(ended)

    switch("on")
    assert_only_reading(site.kit, site, had)
    switch("off")
    assert_writing(site.kit, had)
    run(store.close())
