"""A database of its own for each test, on each kind of server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, make_url

from tests.migrations.database import KINDS, Database, on

_DRIVERS = {"postgresql": "psycopg", "mariadb": "pymysql"}


@pytest.fixture(params=[on(kind) for kind in KINDS])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/app.db"
    else:
        server = request.getfixturevalue(request.param)
        url = server.url(_DRIVERS[server.scheme], database=server.create_database())
    engine: Engine = create_engine(make_url(url))
    if engine.dialect.name == "sqlite":
        # As a store has it, so that a table which is replaced would take others along.
        event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
    yield Database(url, engine)
    engine.dispose()
