"""Store URLs of SQL databases: drivers, options, and what is wrong with others."""

from pathlib import Path

import pytest

from userkit.backends.sqlalchemy import SQLAlchemySettings
from userkit.backends.sqlalchemy.addresses import Address
from userkit.backends.sqlalchemy.opening import open_url
from userkit.backends.sqlalchemy.servers import async_server_engine, server_engine
from userkit.errors import InvalidURLError, UnsupportedStoreError

PASSWORD = "corr/ect@hor:se#battery%"
QUOTED = "corr%2Fect%40hor%3Ase%23battery%25"


@pytest.mark.parametrize(
    ("url", "blocking", "driver"),
    [
        ("sqlite:///app.db", True, "sqlite+pysqlite"),
        ("sqlite:///app.db", False, "sqlite+pysqlite"),
        ("postgresql://u@h/d", True, "postgresql+psycopg"),
        ("postgresql://u@h/d", False, "postgresql+psycopg"),
        ("postgresql+asyncpg://u@h/d", False, "postgresql+asyncpg"),
        ("mysql://u@h/d", True, "mysql+pymysql"),
        ("mysql://u@h/d", False, "mysql+asyncmy"),
        ("mariadb://u@h/d", True, "mariadb+pymysql"),
        ("mariadb+asyncmy://u@h/d", False, "mariadb+asyncmy"),
    ],
)
def test_a_scheme_chooses_the_driver_that_fits(url: str, blocking: bool, driver: str) -> None:
    """Each kit gets one that suits it; an address may name another."""
    assert Address.read(url, blocking=blocking).url.drivername == driver


@pytest.mark.parametrize("url", ["postgresql+asyncpg://u@h/d", "mysql+asyncmy://u@h/d"])
def test_an_asynchronous_driver_cannot_serve_the_synchronous_kit(url: str) -> None:
    """The sentence says which one can."""
    with pytest.raises(UnsupportedStoreError, match=r"postgresql\+psycopg|mysql\+pymysql"):
        Address.read(url, blocking=True)


def test_a_driver_that_blocks_may_be_named_for_the_asynchronous_kit() -> None:
    """The kit runs the store in threads then."""
    assert Address.read("mysql+pymysql://u@h/d", blocking=False).blocking
    assert not Address.read("mysql://u@h/d", blocking=False).blocking


def test_an_unknown_driver_is_refused() -> None:
    """With the names of those that there are."""
    with pytest.raises(InvalidURLError, match="psycopg, asyncpg"):
        Address.read("postgresql+psycopg2://u@h/d", blocking=True)


def test_options_become_settings_and_leave_the_url() -> None:
    """Those of the driver stay in it."""
    url = "postgresql://u@h/d?pool_size=7&pre_ping=true&statement_timeout=2.5&sslmode=require"
    address = Address.read(url, blocking=True)
    assert (address.settings.pool_size, address.settings.pre_ping) == (7, True)
    assert address.settings.statement_timeout == 2.5
    assert dict(address.url.query) == {"sslmode": "require"}


def test_the_url_wins_over_settings_and_these_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearer, the stronger."""
    monkeypatch.setenv("USERKIT_SQL_POOL_SIZE", "2")
    monkeypatch.setenv("USERKIT_SQL_MAX_OVERFLOW", "2")
    monkeypatch.setenv("USERKIT_SQL_POOL_TIMEOUT", "2")
    settings = SQLAlchemySettings(pool_size=3, max_overflow=3)
    address = Address.read("postgresql://u@h/d?pool_size=4", blocking=True, settings=settings)
    chosen = address.settings
    assert (chosen.pool_size, chosen.max_overflow, chosen.pool_timeout) == (4, 3, 2)
    assert Address.read("postgresql://u@h/d", blocking=True).settings.pool_size == 2


def test_a_wrong_value_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of the setting."""
    monkeypatch.setenv("USERKIT_SQL_POOL_SIZE", "many")
    with pytest.raises(InvalidURLError, match="pool_size"):
        Address.read("postgresql://u@h/d", blocking=True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("pool_sise=5", "Did you mean pool_size"),
        ("bussy_timeout=5", "connect_timeout"),
        ("synchronous=OFF", "not known"),
        ("pool_size=0", "pool_size"),
        ("pool_size=five", "pool_size"),
        ("statement_timeout=-1", "statement_timeout"),
        ("pool_size=5&pool_size=6", "more than once"),
        ("ssl_ca=ca.pem", "not known"),
        ("password=secret", "not known"),
    ],
)
def test_a_wrong_option_is_named(query: str, said: str) -> None:
    """With what it may have meant, or what there is."""
    with pytest.raises(InvalidURLError, match=said):
        Address.read(f"postgresql://u@h/d?{query}", blocking=True)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://app.db",
        "sqlite://user:pw@/app.db",
        "sqlite:///file:app.db?mode=ro",
        "postgresql://u:pass@word:x@h:port/d",
        "postgresql://u@h:99999999/d",
        "postgresql://[::1/d",
        "mysql:nothing",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """It may hold a password where nobody expects one."""
    with pytest.raises(InvalidURLError) as refused:
        open_url(url, blocking=True)
    assert "pass" not in str(refused.value).replace("password", "")
    assert "word:x" not in str(refused.value)


def test_any_password_can_be_written() -> None:
    """Percent-encoded, as in every URL."""
    address = Address.read(f"postgresql://ada:{QUOTED}@h/d", blocking=True)
    assert address.url.password == PASSWORD
    assert PASSWORD not in repr(address)
    assert QUOTED not in repr(address)


def test_certificates_are_read_when_a_store_is_opened(tmp_path: Path) -> None:
    """A file that is not there is said to be wrong at once."""
    url = f"postgresql+asyncpg://u@h/d?sslmode=verify-full&sslrootcert={tmp_path}/ca.pem"
    with pytest.raises(InvalidURLError, match="sslrootcert"):
        async_server_engine(Address.read(url, blocking=False))


@pytest.mark.parametrize("threshold", ["often", "-1"])
def test_a_threshold_is_a_number_or_none(threshold: str) -> None:
    """It is psycopg's option, and psycopg would fail with an error of its own."""
    address = Address.read(f"postgresql://u@h/d?prepare_threshold={threshold}", blocking=True)
    with pytest.raises(InvalidURLError, match="prepare_threshold"):
        server_engine(address)
