"""Each wrong thing gives one clear error of ours, in bounded time, and the database is as before."""

import asyncio
import hashlib
import secrets
import socket
import sqlite3
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.mariadb import MariadbServer
from tests.servers.postgres import PostgresServer
from userkit import (
    EmailAlreadyExistsError,
    InvalidEmailError,
    InvalidNameError,
    StoreUnavailableError,
    SyncUserKit,
    User,
    UserKit,
    UserKitError,
)
from userkit.errors import InvalidURLError, UnknownBackendError

SECRET = secrets.token_urlsafe(32)
PASSWORD = "correct-horse-battery"

Attempt = Callable[[str], None]


def asynchronously(url: str) -> None:
    async def attempt() -> None:
        async with UserKit(url, secret=SECRET) as kit:
            await kit.users.register(email="eve@example.com", name="Eve")

    asyncio.run(attempt())


def synchronously(url: str) -> None:
    with SyncUserKit(url, secret=SECRET) as kit:
        kit.users.register(email="eve@example.com", name="Eve")


@pytest.fixture(params=[asynchronously, synchronously])
def attempt(request: pytest.FixtureRequest) -> Attempt:
    """Open a kit and register somebody, in each of the two kits."""
    chosen: Attempt = request.param
    return chosen


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A SQLite file with one user, closed."""
    path = tmp_path / "app.db"
    with SyncUserKit(f"sqlite:///{path}", secret=SECRET) as kit:
        kit.users.register(email="ada@example.com", name="Ada Lovelace")
    return path


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port of this machine that nobody answers on."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def users_of(path: Path) -> list[str]:
    with SyncUserKit(f"sqlite:///{path}", secret=SECRET) as kit:
        return [user.email for user in kit.users.list().items]


def test_an_unknown_scheme_is_named_with_the_nearest(attempt: Attempt) -> None:
    """A typing error in the URL is answered with what was probably meant."""
    with pytest.raises(UnknownBackendError, match="postgresql"):
        attempt("postgresq://localhost/app")


@pytest.mark.parametrize(
    "url", ["", "app.db", "://", "sqlite", "postgresql:/x", "sqlite:///a.db?bussy_timeout=1"]
)
def test_a_malformed_url_is_refused_before_anything_is_opened(attempt: Attempt, url: str) -> None:
    """Nothing is connected, nothing is created."""
    with pytest.raises(InvalidURLError):
        attempt(url)


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_server_that_is_not_there_is_named_without_the_password(
    attempt: Attempt, scheme: str, free_port: int
) -> None:
    """Host and port are told; the password is in no part of the error."""
    with pytest.raises(StoreUnavailableError, match=str(free_port)) as caught:
        attempt(f"{scheme}://ada:{PASSWORD}@127.0.0.1:{free_port}/app?connect_timeout=2")
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_never_answers_is_given_up(attempt: Attempt) -> None:
    """A port that accepts and then says nothing costs no more than the time-out."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreUnavailableError):
            attempt(f"postgresql://ada:{PASSWORD}@127.0.0.1:{port}/app?connect_timeout=2")


def test_a_wrong_password_is_said_and_not_shown(attempt: Attempt, postgres16: PostgresServer) -> None:
    """PostgreSQL: the error says that the sign-in was refused, and nothing of the password."""
    with pytest.raises(StoreUnavailableError, match="password") as caught:
        attempt(postgres16.url(password=PASSWORD))
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_a_wrong_password_is_said_and_not_shown_by_mariadb(attempt: Attempt, mariadb: MariadbServer) -> None:
    """MariaDB: the same."""
    with pytest.raises(StoreUnavailableError, match="password") as caught:
        attempt(mariadb.url(password=PASSWORD))
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_a_database_that_does_not_exist_is_named(attempt: Attempt, postgres16: PostgresServer) -> None:
    """The server is there, the database is not."""
    with pytest.raises(StoreUnavailableError, match="nowhere"):
        attempt(postgres16.url(database="nowhere"))


def test_a_read_only_file_stays_as_it_is(attempt: Attempt, database: Path) -> None:
    """Opening for reading is fine; the write is refused in our words."""
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    with pytest.raises(StoreUnavailableError, match="read-only"):
        attempt(f"sqlite:///{database}?mode=ro")
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before
    assert users_of(database) == ["ada@example.com"]


def test_a_locked_file_is_given_up_in_time(attempt: Attempt, database: Path) -> None:
    """Another program that keeps the write lock is waited for as long as busy_timeout says."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            attempt(f"sqlite:///{database}?busy_timeout=0.2")
        other.execute("ROLLBACK")
    assert users_of(database) == ["ada@example.com"]


def test_a_corrupt_file_is_told_apart_from_a_good_one(attempt: Attempt, tmp_path: Path) -> None:
    """A file that is something else is not written to."""
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear Ada, " * 1000)
    with pytest.raises(StoreUnavailableError, match="not a SQLite database"):
        attempt(f"sqlite:///{path}")
    assert path.read_bytes() == b"Dear Ada, " * 1000


def test_a_damaged_page_is_an_error_of_ours(attempt: Attempt, database: Path) -> None:
    """A file whose tables are overwritten is not answered with wrong data."""
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)
    with pytest.raises(StoreUnavailableError):
        attempt(f"sqlite:///{database}")


@pytest.mark.parametrize("place", ["missing/app.db", "folder"])
def test_a_file_that_cannot_be_opened_says_where(attempt: Attempt, tmp_path: Path, place: str) -> None:
    """A folder that is not there, and a folder in the place of a file."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserKitError, match=place):
        attempt(f"sqlite:///{tmp_path / place}")


WRONG_NAMES = {
    "not UTF-8": b"Ad\xe4".decode("utf-8", "surrogateescape"),
    "10 MB": "A" * 10_000_000,
    "NUL": "Ada\0",
    "a line break": "Ada\r\nBcc: eve@example.com",
    "nothing": "",
    "not text": {"$ne": None},
}


@pytest.mark.parametrize("name", WRONG_NAMES.values(), ids=WRONG_NAMES.keys())
def test_a_wrong_name_changes_nothing(database: Path, name: str) -> None:
    """It is refused at registration and at renaming, and both leave the file as it was."""
    with SyncUserKit(f"sqlite:///{database}", secret=SECRET) as kit:
        ada = kit.users.get_by_email("ada@example.com")
        with pytest.raises(InvalidNameError):
            kit.users.register(email="eve@example.com", name=name)
        with pytest.raises(InvalidNameError):
            kit.users.update(ada.id, name=name)
        assert kit.users.list().items == (ada,)


@pytest.mark.parametrize(
    "email", ["a" * 10_000_000, "eve@example.com\0", "\udce4@example.com", ["eve@example.com"]]
)
def test_a_wrong_address_changes_nothing(database: Path, email: str) -> None:
    """It is refused before the store is asked."""
    with SyncUserKit(f"sqlite:///{database}", secret=SECRET) as kit:
        with pytest.raises(InvalidEmailError):
            kit.users.register(email=email, name="Eve")
        assert kit.users.count() == 1


SPELLINGS = ("eve@example.com", "Eve@Example.com", "EVE@EXAMPLE.COM", "eve@EXAMPLE.com", "eVe@example.com")


def test_x1_fifty_registrations_of_one_address_make_one_user(postgres16: PostgresServer) -> None:
    """X1, asynchronously: one success, 49 conflicts, one row, and its words once."""
    url = postgres16.url(database=postgres16.create_database())

    async def race() -> list[User | BaseException]:
        async with UserKit(url, secret=SECRET) as kit:
            attempts: list[Awaitable[User]] = [
                kit.users.register(email=SPELLINGS[number % 5], name="Eve Online") for number in range(50)
            ]
            outcomes = await asyncio.gather(*attempts, return_exceptions=True)
            assert await kit.users.count() == 1
            assert len((await kit.users.search("online")).items) == 1
            return outcomes

    outcomes = asyncio.run(race())
    assert sum(isinstance(each, User) for each in outcomes) == 1
    assert sum(isinstance(each, EmailAlreadyExistsError) for each in outcomes) == 49


def test_x1_fifty_registrations_of_one_address_make_one_user_in_threads(tmp_path: Path) -> None:
    """X1, in threads over a SQLite file."""
    outcomes: list[object] = []
    with SyncUserKit(f"sqlite:///{tmp_path / 'app.db'}", secret=SECRET) as kit:
        gate = threading.Barrier(50)

        def register(number: int) -> None:
            gate.wait(30)
            try:
                outcomes.append(kit.users.register(email=SPELLINGS[number % 5], name="Eve Online"))
            except UserKitError as error:
                outcomes.append(error)

        threads = [threading.Thread(target=register, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert kit.users.count() == 1
    assert sum(isinstance(each, User) for each in outcomes) == 1
    assert sum(isinstance(each, EmailAlreadyExistsError) for each in outcomes) == 49
