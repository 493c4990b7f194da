"""A store hands out the migrations of its database, where it can block on them."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

from tests.migrations.database import NEWEST
from userkit.backends.memory.store import MemoryStore
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.errors import StoreUnavailableError, UnsupportedStoreError
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.storage.capabilities import Migratable, migratable, supports
from userkit.sync import run


def test_a_blocking_store_can_be_upgraded(tmp_path: Path) -> None:
    """Views of a realm share the tables, so they share the migrations."""
    store = open_store(f"sqlite:///{tmp_path}/app.db", blocking=True)
    assert supports(store, Migratable)
    assert migratable(store).migrations().upgrade().at == NEWEST
    assert migratable(store.realm("acme")).migrations().current().at == NEWEST
    run(store.close())


def test_a_file_that_may_only_be_read_can_be_looked_at(tmp_path: Path) -> None:
    """Looking writes nothing."""
    file = tmp_path / "app.db"
    store = open_store(f"sqlite:///{file}", blocking=True)
    migratable(store).migrations().upgrade()
    run(store.close())
    store = open_store(f"sqlite:///{file}?mode=ro", blocking=True)
    assert migratable(store).migrations().current().revision == NEWEST
    assert migratable(store).migrations().check() == []
    assert migratable(store).migrations().upgrade().revision == NEWEST
    run(store.close())


def test_a_file_that_may_only_be_read_is_not_upgraded(tmp_path: Path) -> None:
    """The error says so."""
    file = tmp_path / "app.db"
    store = open_store(f"sqlite:///{file}", blocking=True)
    run(store.prepare([USERS]))
    run(store.close())
    store = open_store(f"sqlite:///{file}?mode=ro", blocking=True)
    with pytest.raises(StoreUnavailableError, match="is read-only"):
        migratable(store).migrations().upgrade()
    run(store.close())


def test_the_engine_of_an_application_is_left_open(tmp_path: Path) -> None:
    """It is the application's, and may be in use."""
    engine = create_engine(f"sqlite:///{tmp_path}/app.db")
    assert SQLAlchemyStore.from_engine(engine).migrations().upgrade().at == NEWEST
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM userkit_users").scalar() == 0
    engine.dispose()


def test_neither_a_session_nor_an_event_loop_is_migrated_on() -> None:
    """An upgrade commits and blocks."""
    engine = create_engine("sqlite://")
    stores = [SQLAlchemyStore.from_engine(create_async_engine("postgresql+asyncpg://127.0.0.1/app"))]
    with Session(engine) as session:
        stores.append(SQLAlchemyStore.from_session(session))
        for store in stores:
            with pytest.raises(UnsupportedStoreError, match="a blocking engine of their own"):
                store.migrations()


def test_a_store_without_tables_says_so() -> None:
    """At the time when it is asked."""
    with pytest.raises(UnsupportedStoreError, match="MemoryStore cannot run migrations"):
        migratable(MemoryStore())
