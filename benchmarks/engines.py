"""Point reads and writes on DynamoDB, MongoDB and Valkey, against the bare driver asking for the same."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from benchmarks.measure import Contest, contest
from benchmarks.people import people
from tests.servers.dynamodb import CREDENTIALS, DynoxideServer
from tests.servers.mongodb import MongoServer
from tests.servers.redis import ValkeyServer
from userkit import SyncUserKit, User
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.plugins.urls import StoreURL
from userkit.storage.changes import Add, Save
from userkit.sync import run as step
from userkit.testing import InstantHasher

__all__ = ["run"]

TIMES = 300
CALLERS = (1, 8, 40)
PASSWORD = "mauve otters juggle teapots"
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"

Operation = Callable[[], object]

_CHECKED = """
if redis.call('HGET', KEYS[1], 'v') ~= ARGV[1] then return false end
return redis.call('HSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3])
"""


class Ours:
    """Through the store."""

    def __init__(self, url: str) -> None:
        self.store = open_store(url, blocking=True)
        step(self.store.prepare([USERS]))
        everybody = list(people(200, prefix=f"engines-{id(self)}-"))
        for start in range(0, len(everybody), 10):
            step(self.store.commit(*map(Add, everybody[start : start + 10])))
        self.user, self.other = everybody[100:102]

    def get(self) -> None:
        assert step(self.store.get(User, self.user.id)) is not None

    def find(self) -> None:
        assert step(self.store.find(User, "email_key", self.user.email_key, limit=1)).items

    def save(self) -> None:
        after = self.user.evolve(attributes={"seen": self.user.version})
        step(self.store.commit(Save(self.user, after)))
        self.user = after


def run() -> Iterator[Contest | str]:
    """Compare on each engine; then sign up and refresh, and many callers at once on DynamoDB."""
    with ValkeyServer() as valkey:
        url = f"{valkey.url()}?keep_expired=-1"
        yield from _engine("Valkey", "redis-py", url, _bare_redis(valkey))
        yield from _life("Valkey", url)
    with MongoServer() as mongo:
        url = mongo.url(database="bench", keep_expired=-1)
        yield from _engine("MongoDB", "PyMongo", url, _bare_mongo(mongo))
        yield from _life("MongoDB", url)
    os.environ.update(CREDENTIALS)
    with DynoxideServer.installed() as dynoxide:
        url = dynoxide.url(database=dynoxide.create_database(), keep_expired=-1, shards=2, pool_size=40)
        yield from _engine("DynamoDB (dynoxide)", "boto3", url, _bare_dynamodb(dynoxide, url))
        yield from _life("DynamoDB (dynoxide)", url)
        yield from _crowd(url, dynoxide)


Bare = Callable[[Ours], dict[str, Operation]]


def _engine(name: str, rival: str, url: str, bare: Bare) -> Iterator[Contest]:
    ours = Ours(url)
    theirs = bare(ours)
    for label, other in theirs.items():
        mine = getattr(ours, label.partition(",")[0])
        yield contest(
            f"{name}: {label}",
            rival,
            lambda it=mine: _repeat(it),
            lambda it=other: _repeat(it),
            goal="P7",
            at_most=1.5,
        )
    step(ours.store.close())


def _bare_redis(server: ValkeyServer) -> Bare:
    client = server.client()

    def bare(ours: Ours) -> dict[str, Operation]:
        client.hset("bare", mapping={"v": "1", "d": client.hget(_entity(ours), "d")})
        client.hset("bare:address", ours.user.email_key, "bare")
        script = client.register_script("return redis.call('HSET', KEYS[1], 'v', ARGV[1], 'd', ARGV[2])")
        checked = client.register_script(_CHECKED)
        text = client.hget("bare", "d")

        def save_checked() -> None:
            assert checked(keys=["bare"], args=["2", "2", text]) is not None

        return {
            "get": lambda: client.hget("bare", "d"),
            "find": lambda: client.hget(client.hget("bare:address", ours.user.email_key), "d"),
            "save": lambda: script(keys=["bare"], args=["2", text]),
            "save, where the rival compares the version as well": save_checked,
        }

    return bare


def _entity(ours: Ours) -> str:
    return f"{{userkit:default}}:users:e:{ours.user.id}"


def _bare_mongo(server: MongoServer) -> Bare:
    from pymongo import MongoClient, WriteConcern

    client: Any = MongoClient(server.url(), uuidRepresentation="standard", tz_aware=True)
    users = client["bench"].get_collection("userkit_users", write_concern=WriteConcern("majority"))

    def bare(ours: Ours) -> dict[str, Operation]:
        id, state = UUID(ours.other.id), {"version": 1}

        def save() -> None:
            version = state["version"]
            changes = {"$set": {"version": version + 1, "attributes": {"seen": version}, "schema": 1}}
            found = users.update_one({"_id": id, "realm": "default", "version": version}, changes)
            assert found.matched_count == 1
            state["version"] += 1

        address = ours.other.email_key
        return {
            "get": lambda: users.find_one({"_id": id, "realm": "default"}),
            "find": lambda: users.find({"realm": "default", "email_key": address}).to_list(),
            "save": save,
        }

    return bare


def _bare_dynamodb(server: DynoxideServer, url: str) -> Bare:
    table = StoreURL.read(url).shown.rpartition("/")[2]

    def bare(ours: Ours) -> dict[str, Operation]:
        from userkit.backends.dynamodb.keys import entity_key, marker_key

        client = _client(server)
        key = entity_key("default", "users", ours.other.id)
        marker = marker_key("default", "users", "email_key", ours.other.email_key)
        item = client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        state = {"version": 1}

        def find() -> None:
            assert client.get_item(TableName=table, Key=marker, ConsistentRead=True)["Item"]
            client.get_item(TableName=table, Key=key, ConsistentRead=True)

        def save() -> None:
            version = state["version"]
            client.put_item(
                TableName=table,
                Item={**item, "version": {"N": str(version + 1)}},
                ConditionExpression="version = :v",
                ExpressionAttributeValues={":v": {"N": str(version)}},
            )
            state["version"] += 1

        return {
            "get": lambda: client.get_item(TableName=table, Key=key, ConsistentRead=True),
            "find": find,
            "save": save,
        }

    return bare


def _client(server: DynoxideServer) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        endpoint_url=server.endpoint,
        config=Config(max_pool_connections=max(CALLERS), retries={"total_max_attempts": 1}),
    )


def _life(name: str, url: str) -> Iterator[str]:
    """Time what people do: open an account, and go on with a session."""
    with SyncUserKit(url, secret=SECRET, hasher=InstantHasher(), relay=False) as kit:
        began = time.perf_counter()
        for number in range(TIMES):
            kit.users.register(email=f"life{number}@example.com", name="Ada", password=PASSWORD)
        registered = (time.perf_counter() - began) / TIMES * 1000
        tokens = kit.sessions.sign_in(email="life0@example.com", password=PASSWORD)
        began = time.perf_counter()
        for _ in range(TIMES):
            tokens = kit.sessions.refresh(tokens.refresh_token)
        rotated = (time.perf_counter() - began) / TIMES * 1000
    yield f"{name}: {registered:.2f} ms to open an account, {rotated:.2f} ms to rotate a refresh token.\n"


def _crowd(url: str, server: DynoxideServer) -> Iterator[Contest]:
    """Let 1, 8 and 40 callers read at once: the time that passes for each read, on the wall."""
    ours = Ours(url)
    table = StoreURL.read(url).shown.rpartition("/")[2]
    from userkit.backends.dynamodb.keys import entity_key

    client, key = _client(server), entity_key("default", "users", ours.user.id)

    def bare() -> object:
        return client.get_item(TableName=table, Key=key, ConsistentRead=True)

    for callers in CALLERS:
        with ThreadPoolExecutor(callers) as threads:
            yield contest(
                f"DynamoDB (dynoxide): get, {callers} callers",
                "boto3",
                lambda it=ours.get, pool=threads: _at_once(pool, it),
                lambda it=bare, pool=threads: _at_once(pool, it),
                clock=time.perf_counter,
                unit="µs",
            )
    step(ours.store.close())


def _at_once(threads: ThreadPoolExecutor, operation: Operation) -> int:
    list(threads.map(lambda _: operation(), range(TIMES)))
    return TIMES


def _repeat(operation: Operation) -> int:
    for _ in range(TIMES):
        operation()
    return TIMES
