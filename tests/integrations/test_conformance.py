"""Both frameworks pass the one suite, in this process and over sockets, on SQLite and on PostgreSQL."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.integrations.applications import KINDS
from tests.servers.dynamodb import DynoxideServer, MinistackServer
from tests.servers.mongodb import MongoServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer, ValkeyCluster, ValkeyServer
from userkit import SyncUserKit
from userkit.testing import HttpConformance
from userkit.testing.http import Client, Stage, Start

__all__ = ["starting"]

_PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-an-integration.md"


def starting(framework: str, *, on_socket: bool = False) -> Start:
    """Return what starts an application of a framework."""
    kind = KINDS[framework]

    @contextmanager
    def start(stage: Stage) -> Generator[Client]:
        kit = kind.kit(stage.store, **stage.kit_options)
        app = kind.make(kit, **stage.http_options)
        with (kind.serve if on_socket else kind.drive)(app) as client:
            yield client
        if isinstance(kit, SyncUserKit):
            kit.close()

    return start


class _OnPostgres:
    @pytest.fixture
    def database(self, postgres18: PostgresServer) -> str:
        return postgres18.url(database=postgres18.create_database())


class _OnDynamoDB:
    @pytest.fixture
    def database(self, dynoxide: DynoxideServer) -> str:
        return dynoxide.url(database=dynoxide.create_database(), keep_expired=-1, shards=2)


class _OnMongoDB:
    @pytest.fixture
    def database(self, mongo: MongoServer) -> str:
        return mongo.url(database="http", keep_expired=-1)


class _OnValkey:
    @pytest.fixture
    def database(self, valkey: ValkeyServer) -> str:
        return f"{valkey.url()}?keep_expired=-1&prefix=http"


class _OnMiniStack:
    @pytest.fixture
    def database(self, ministack: MinistackServer) -> str:
        return ministack.url(database=ministack.create_database(), keep_expired=-1, shards=2)


class _OnRedis:
    @pytest.fixture
    def database(self, redis7: RedisServer) -> str:
        return f"{redis7.url()}?keep_expired=-1&prefix=http"


class _OnCluster:
    @pytest.fixture
    def database(self, valkey_cluster: ValkeyCluster) -> str:
        return valkey_cluster.url(keep_expired=-1, prefix="http")


class TestFastAPI(HttpConformance):
    @pytest.fixture
    def start(self) -> Start:
        return starting("fastapi")


@pytest.mark.server
class TestFastAPIOnPostgres(_OnPostgres, TestFastAPI):
    pass


@pytest.mark.server
class TestFastAPIOnDynamoDB(_OnDynamoDB, TestFastAPI):
    pass


@pytest.mark.server
class TestFastAPIOnMongoDB(_OnMongoDB, TestFastAPI):
    pass


@pytest.mark.server
class TestFastAPIOnValkey(_OnValkey, TestFastAPI):
    pass


@pytest.mark.server
class TestFastAPIOnMiniStack(_OnMiniStack, TestFastAPI):
    pass


@pytest.mark.server
class TestFastAPIOnCluster(_OnCluster, TestFastAPI):
    pass


class TestFastAPIOnSocket(HttpConformance):
    on_socket = True

    @pytest.fixture
    def start(self) -> Start:
        return starting("fastapi", on_socket=True)


@pytest.mark.server
class TestFastAPIOnSocketAndPostgres(_OnPostgres, TestFastAPIOnSocket):
    pass


class TestFlask(HttpConformance):
    openapi_path = "/api/v1/openapi.json"

    @pytest.fixture
    def start(self) -> Start:
        return starting("flask")


@pytest.mark.server
class TestFlaskOnPostgres(_OnPostgres, TestFlask):
    pass


@pytest.mark.server
class TestFlaskOnMongoDB(_OnMongoDB, TestFlask):
    pass


@pytest.mark.server
class TestFlaskOnDynamoDB(_OnDynamoDB, TestFlask):
    pass


@pytest.mark.server
class TestFlaskOnValkey(_OnValkey, TestFlask):
    pass


@pytest.mark.server
class TestFlaskOnRedis(_OnRedis, TestFlask):
    pass


class TestFlaskOnSocket(HttpConformance):
    on_socket = True
    openapi_path = "/api/v1/openapi.json"

    @pytest.fixture
    def start(self) -> Start:
        return starting("flask", on_socket=True)


@pytest.mark.server
class TestFlaskOnSocketAndPostgres(_OnPostgres, TestFlaskOnSocket):
    pass


class TestThePageOfTheManual(HttpConformance):
    """The integration that others learn from, as it is on its page."""

    @pytest.fixture
    def start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
        monkeypatch.chdir(tmp_path)
        page = Sybil(parsers=[PythonCodeBlockParser()], encoding="utf-8").parse(_PAGE)
        for example in page.examples():
            example.evaluate()
        start: Start = page.namespace["start"]
        return start
