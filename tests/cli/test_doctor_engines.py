"""``userkit doctor`` over servers: what each engine tells of itself."""

import asyncio
import json
import secrets
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.calling import SECRET, Commands
from tests.servers.bedrock import BedrockLoopback, refuses, says
from tests.servers.mariadb import MariadbServer
from tests.servers.mongodb import MongoServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import ValkeyCluster, ValkeyServer
from userkit import SyncUserKit
from userkit.plugins.opening import open_store
from userkit.storage.capabilities import Inspectable


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


def told(commands: Commands, url: str) -> dict[str, tuple[str, str]]:
    """Return the state of each check of the store, and what was found."""
    document = json.loads(commands("doctor", "--json", USERKIT_DATABASE=url).stdout)
    return {each["check"]: (each["state"], each["found"]) for each in document["findings"]}


def test_postgresql_tells_its_clock_and_what_it_keeps(commands: Commands, postgres16: PostgresServer) -> None:
    """One that may take back what it confirmed is a warning."""
    database = postgres16.create_database()
    url = postgres16.url(database=database)
    commands.said("db", "upgrade", url)
    found = told(commands, url)
    assert found["store: engine"][1].startswith("postgresql 16")
    assert found["store: clock"][0] == found["store: reached"][0] == found["store: schema"][0] == "ok"
    for value, state in (("on", "ok"), ("off", "warn")):
        postgres16.execute(f"ALTER DATABASE {database} SET synchronous_commit TO {value}")
        assert told(commands, url)["store: durability"] == (state, f"synchronous_commit is {value}")
    assert postgres16.password not in str(found)


def test_a_server_that_refuses_is_not_reached(commands: Commands, postgres16: PostgresServer) -> None:
    """What is stored is not looked at; the password is not repeated."""
    found = told(commands, postgres16.url("psycopg", password="hunter2"))
    assert found["store: reached"][0] == "fail"
    assert found["store: the rest"][0] == "skipped"
    assert "hunter2" not in str(found)


def test_mariadb_tells_its_clock(commands: Commands, mariadb: MariadbServer) -> None:
    """Whatever its time zone."""
    url = mariadb.url("pymysql", database=mariadb.create_database())
    commands.said("db", "upgrade", url)
    found = told(commands, url)
    assert found["store: engine"][1].startswith(("mariadb", "mysql"))
    assert found["store: clock"][0] == "ok"


def test_redis_tells_what_it_throws_away_and_what_it_writes(commands: Commands, valkey: ValkeyServer) -> None:
    """A server set up as a cache is a warning."""
    found = told(commands, valkey.url())
    assert found["store: engine"][1].startswith("Valkey")
    assert found["store: clock"][0] == "ok"
    assert found["store: eviction"] == ("ok", "maxmemory-policy is noeviction")
    valkey.command("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    valkey.command("CONFIG", "SET", "appendonly", "no")
    valkey.command("CONFIG", "SET", "save", "")
    try:
        found = told(commands, valkey.url())
        assert found["store: eviction"] == ("warn", "maxmemory-policy is volatile-lru")
        assert found["store: persistence"] == ("warn", "nothing is written to disk")
        valkey.command("CONFIG", "SET", "save", "3600 1")
        assert told(commands, valkey.url())["store: persistence"][0] == "ok"
    finally:
        valkey.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        valkey.command("CONFIG", "SET", "save", "")


def test_a_cluster_is_looked_at_as_a_whole(commands: Commands, valkey_cluster: ValkeyCluster) -> None:
    """It has as many clocks as servers, so none is compared."""
    found = told(commands, valkey_cluster.url())
    assert found["store: clock"][0] == "skipped"
    assert found["store: eviction"][0] == "ok"


def test_asynchronous_stores_tell_the_same(postgres16: PostgresServer, valkey: ValkeyServer) -> None:
    """One body of code for both."""

    async def clock(url: str) -> datetime | None:
        store = open_store(url, blocking=False)
        assert isinstance(store, Inspectable)
        try:
            return (await store.inspect()).clock
        finally:
            await store.close()

    for url in (postgres16.url("asyncpg"), valkey.url()):
        assert asyncio.run(clock(url)) is not None


def test_mongodb_tells_how_many_servers_it_has(commands: Commands, mongo: MongoServer) -> None:
    """One alone is a warning."""
    url = mongo.url(database=f"db_{secrets.token_hex(6)}")
    assert told(commands, url)["store: schema"][0] == "warn"
    with SyncUserKit(url, secret=SECRET, relay=False):
        pass
    found = told(commands, url)
    assert found["store: clock"][0] == "ok"
    assert found["store: replica set"][0] == "warn"
    assert found["store: write concern"] == ("ok", "w=majority with each write")


def test_a_language_model_is_asked_only_with_ask(
    commands: Commands, bedrock_loopback: BedrockLoopback
) -> None:
    """For a word; what it refuses is a failure."""
    url = bedrock_loopback.url()
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

    def asked(*arguments: str) -> str:
        told = commands("doctor", "memory://", "--json", *arguments, USERKIT_LANGUAGE_MODEL=url, **keys)
        found = {each["check"]: each["state"] for each in json.loads(told.stdout)["findings"]}
        return str(found["language model"])

    bedrock_loopback.script = [says("Yes."), refuses(403, "AccessDeniedException")]
    assert asked() == "ok"
    assert len(bedrock_loopback.asked) == 0
    assert asked("--ask") == "ok"
    assert len(bedrock_loopback.asked) == 1
    assert asked("--ask") == "fail"
