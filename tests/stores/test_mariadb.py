"""The SQL store on MariaDB, over a blocking and an asynchronous driver."""

from functools import partial
from typing import ClassVar

import pytest

from tests.servers.mariadb import MariadbServer
from userkit.backends.sqlalchemy.opening import open_url
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


@pytest.fixture(scope="class")
def database(mariadb: MariadbServer) -> str:
    return mariadb.create_database()


class OnMariaDB(StoreConformance):
    driver: ClassVar[str]
    blocking: ClassVar[bool]

    @pytest.fixture
    def open_store(self, mariadb: MariadbServer, database: str) -> OpenStore:
        return partial(open_url, mariadb.url(self.driver, database=database), blocking=self.blocking)


class TestMariaDBPyMySQL(OnMariaDB):
    """MariaDB 10.11, PyMySQL."""

    driver, blocking = "pymysql", True


class TestMariaDBAsyncmy(OnMariaDB):
    """MariaDB 10.11, asyncmy."""

    driver, blocking = "asyncmy", False
