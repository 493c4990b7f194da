"""Databases for the tests of the SQL store."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.stores.sqlalchemy.database import Database, database_of, kinds


@pytest.fixture(params=kinds())
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database, None, None]:
    """An empty database, once for each driver; parametrise it indirectly for fewer of them."""
    yield from database_of(request.param, request, tmp_path)
