"""What servers are told about time-outs, names and certificates."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tests.stores.sqlalchemy.database import Database, kinds
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.addresses import Address
from userkit.backends.sqlalchemy.opening import open_url
from userkit.backends.sqlalchemy.servers import async_server_engine, server_engine
from userkit.errors import StoreError, StoreUnavailableError
from userkit.storage.changes import Add
from userkit.testing.specimens import COLLECTIONS, account

CERTIFICATES = Path(ssl.get_default_verify_paths().openssl_cafile)


def shown(database: Database, store: SQLAlchemyStore, names: list[str]) -> list[str]:
    """Return what settings of a session are set to."""
    how = "SHOW {}" if database.system == "postgresql" else "SELECT @@{}"

    def look(connection: Connection) -> list[str]:
        return [str(connection.execute(text(how.format(name))).scalar()) for name in names]

    return database.below(store, look)


@pytest.mark.parametrize("database", kinds("psycopg", "async-psycopg", "asyncpg"), indirect=True)
def test_postgresql_is_told_when_to_stop(database: Database) -> None:
    """By default, and by options; and who it is that asks."""
    names = ["statement_timeout", "lock_timeout", "timezone", "application_name"]
    store = database.open(application_name="shop")
    assert shown(database, store, names) == ["30s", "10s", "UTC", "shop"]
    store = database.open(statement_timeout="1.5", lock_timeout=0, application_name="shop")
    assert shown(database, store, names) == ["1500ms", "0", "UTC", "shop"]


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg"), indirect=True)
def test_a_pooler_that_refuses_settings_is_told_none(database: Database) -> None:
    """With both limits off nothing is sent but what signing in needs; the server's own zone holds."""
    store = database.open(statement_timeout=0, lock_timeout=0)
    assert shown(database, store, ["statement_timeout", "timezone"]) == ["0", "Asia/Kathmandu"]
    database.run(store.prepare(COLLECTIONS))
    database.run(store.commit(Add(account(1))))


@pytest.mark.parametrize("database", kinds("psycopg", "async-psycopg"), indirect=True)
def test_options_of_libpq_are_added_to_ours(database: Database) -> None:
    """Both hold; and statements may be prepared at once or never."""
    store = database.open(options="-c%20work_mem%3D5MB", prepare_threshold="none")
    assert shown(database, store, ["work_mem", "statement_timeout"]) == ["5MB", "30s"]
    database.open(prepare_threshold=0)


@pytest.mark.parametrize("database", kinds("pymysql", "asyncmy"), indirect=True)
def test_mariadb_is_told_when_to_stop(database: Database) -> None:
    """And to isolate as little as is needed, and to refuse what does not fit."""
    names = ["max_statement_time", "innodb_lock_wait_timeout", "tx_isolation", "character_set_connection"]
    store = database.open(statement_timeout=2.5, lock_timeout=3)
    assert shown(database, store, names) == ["2.5", "3", "READ-COMMITTED", "utf8mb4"]
    assert "STRICT_TRANS_TABLES" in shown(database, store, ["sql_mode"])[0]


@pytest.mark.parametrize("database", kinds("psycopg", "async-psycopg", "asyncpg"), indirect=True)
def test_a_server_without_tls_is_refused_when_tls_is_asked_for(database: Database) -> None:
    """Rather than spoken to in the clear."""
    options = {"sslmode": "verify-full"}
    if CERTIFICATES.exists():
        options["sslrootcert"] = str(CERTIFICATES)
    with pytest.raises(StoreUnavailableError):
        database.run(database.open(**options).prepare(COLLECTIONS))


@pytest.mark.parametrize("mode", ["disable", "prefer"])
@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg"), indirect=True)
def test_a_server_without_tls_will_do_when_it_is_not_asked_for(database: Database, mode: str) -> None:
    """The option has libpq's name for both drivers, though asyncpg calls it otherwise."""
    database.run(database.open(sslmode=mode).prepare(COLLECTIONS))


def test_certificates_of_mariadb_reach_the_driver(tmp_path: Path) -> None:
    """SQLAlchemy groups the options for it."""
    address = Address.read(f"mariadb://u@h/d?ssl_ca={tmp_path}/ca.pem&ssl_check_hostname=true", blocking=True)
    _, arguments = server_engine(address).dialect.create_connect_args(address.url)
    assert arguments["ssl"] == {"ca": f"{tmp_path}/ca.pem", "check_hostname": True}
    assert async_server_engine(Address.read("mariadb://u@h/d?ssl_ca=x", blocking=False))


@pytest.mark.parametrize("database", kinds("sqlite", "psycopg", "asyncpg", "pymysql"), indirect=True)
def test_a_constraint_of_the_application_is_told_from_ours(database: Database) -> None:
    """It is no duplicate of a field of the entity, and not a fault of the database either."""
    store = database.open()
    database.run(store.prepare(COLLECTIONS))
    unique = "CREATE UNIQUE INDEX own ON userkit_specimen_accounts (amount)"
    database.below(store, lambda it: it.exec_driver_sql(unique))
    database.run(store.commit(Add(account(1))))
    with pytest.raises(StoreError, match="not userkit's own") as refused:
        database.run(store.commit(Add(account(1))))
    assert type(refused.value) is StoreError


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg", "pymysql", "asyncmy"), indirect=True)
def test_an_account_without_rights_is_told_to_get_them(database: Database) -> None:
    """It may sign in, and no more."""
    assert database.server is not None
    store = database.open()
    database.run(store.prepare(COLLECTIONS))
    name, password = f"guest_{database.url.rpartition('_')[2]}", "guest-password"
    server: Any = database.server
    base = database.url.rpartition("/")[2]
    if database.system == "postgresql":
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    else:
        server.execute(f"CREATE USER {name} IDENTIFIED BY '{password}'")
        server.execute(f"GRANT SELECT ON {base}.* TO {name}")
    url = server.url(database.kind.removeprefix("async-"), database=base, user=name, password=password)
    guest = database.keep(open_url(url, blocking=database.blocking))

    async def use() -> None:
        await guest.prepare(COLLECTIONS)
        await guest.commit(Add(account(1)))

    with pytest.raises(StoreUnavailableError, match="grant the rights"):
        database.run(use())
