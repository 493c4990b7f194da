"""What each verb costs, counted where it is sent, and what is stored by it."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis

from tests.servers.redis import ValkeyServer
from userkit import SyncUserKit
from userkit.backends.redis import RedisStore
from userkit.storage.changes import Add, Remove, Save
from userkit.sync import run
from userkit.testing.bench import new_realm
from userkit.testing.specimens import COLLECTIONS, Person, account, person, ticket

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "mauve otters juggle teapots"


class Counting(redis.Redis):
    """A client that notes what it sends."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sent: list[str] = []

    def execute_command(self, *words: Any, **options: Any) -> Any:
        self.sent.append(words[0])
        return super().execute_command(*words, **options)


@pytest.fixture
def client(valkey: ValkeyServer) -> Iterator[Counting]:
    """A client of an application."""
    with Counting(port=valkey.port, password=valkey.password) as client:
        yield client


@pytest.fixture
def store(client: Counting) -> RedisStore:
    """A warm store in a realm of its own: the server knows its scripts, and it the realm."""
    root = RedisStore.from_client(client, keep_expired=-1)
    run(root.prepare(COLLECTIONS))
    store = root.realm(new_realm())
    ada = person(name="Ada Lovelace")
    run(store.commit(Add(ada)))
    for call in reads(store, ada):
        run(call())  # type: ignore[arg-type]  # each is a coroutine
    return store


def reads(store: RedisStore, who: Person) -> list[Callable[[], Awaitable[object]]]:
    """Return every way to read."""
    return [
        lambda: store.get(Person, who.id),
        lambda: store.find(Person),
        lambda: store.find(Person, "address", who.address),
        lambda: store.find(Person, "team", "blue", newest_first=True),
        lambda: store.search(Person, "ada love"),
        lambda: store.count(Person),
        store.realms,
    ]


def test_every_read_is_one_request(store: RedisStore, client: Counting) -> None:
    """However many entities it returns."""
    run(store.commit(*(Add(person(team="blue", name="Ada Lovelace")) for _ in range(20))))
    ada = run(store.find(Person)).items[0]
    for call in reads(store, ada):
        client.sent.clear()
        run(call())  # type: ignore[arg-type]  # each is a coroutine
        assert len(client.sent) == 1


def test_every_commit_is_one_request(store: RedisStore, client: Counting) -> None:
    """Of one change, or of 25."""
    ada, grace = person(), person()
    client.sent.clear()
    run(store.commit(Add(ada), *(Add(person()) for _ in range(24))))
    run(store.commit(Save(ada, ada.evolve(name="Ada King")), Add(grace)))
    run(store.commit(Remove(grace)))
    assert client.sent == ["EVALSHA"] * 3
    client.sent.clear()
    run(store.commit())
    assert client.sent == []


def test_a_batch_of_a_load_is_one_request(store: RedisStore, client: Counting) -> None:
    """And large entities make smaller batches, since the server answers nobody else meanwhile."""
    client.sent.clear()
    assert run(store.load((ticket() for _ in range(2500)), batch=5000)) == 2500
    assert len(client.sent) == 3
    client.sent.clear()
    large = (person(name="x" * 200_000) for _ in range(50))
    assert run(store.load(large)) == 50
    assert 3 <= len(client.sent) <= 10


def test_a_server_that_forgot_its_scripts_is_told_them_again(store: RedisStore, client: Counting) -> None:
    """As after a restart."""
    client.script_flush()
    client.sent.clear()
    run(store.commit(Add(account())))
    run(store.find(Person))
    assert client.sent == ["EVALSHA", "EVAL"] * 2


def test_the_requests_of_the_kit(client: Counting) -> None:
    """To register is one commit, to refresh two reads and a commit."""
    store = RedisStore.from_client(client, prefix=f"kit{new_realm()[:20]}", keep_expired=-1)
    with SyncUserKit(store, secret=SECRET) as kit:
        kit.users.register(email="eve@example.com", name="Eve", password=PASSWORD)
        client.sent.clear()
        user = kit.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
        registering = len(client.sent)
        tokens = kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
        client.sent.clear()
        kit.users.get(user.id)
        kit.users.get_by_email("ada@example.com")
        assert client.sent == ["HGET", "EVALSHA"]
        client.sent.clear()
        kit.sessions.refresh(tokens.refresh_token)
        refreshing = len(client.sent)
    assert (registering, refreshing) == (1, 3)


def test_everything_of_a_realm_is_in_one_slot(store: RedisStore, client: Counting) -> None:
    """Its name is in braces at the beginning of every key; the list of realms is apart."""
    run(store.commit(Add(ticket(code="a", holder="b"))))
    keys = [each.decode() for each in client.scan_iter(f"*{store._realm}*")]
    assert len(keys) > 5
    assert all(each.startswith(f"{{userkit:{store._realm}}}:") for each in keys)
    assert store._realm in run(store.realms())


def test_nothing_is_left_of_what_was_removed(store: RedisStore, client: Counting) -> None:
    """Neither in an index, nor as an empty key; but the names of commits, which end by themselves."""
    realm = store.realm(new_realm())
    ada = person(name="Ada Lovelace", handle="ada", team="blue", number=7)
    changed = ada.evolve(name="Grace Hopper", handle=None, team="red", number=None)
    run(realm.commit(Add(ada), Add(stub := ticket())))
    run(realm.commit(Save(ada, changed)))
    run(realm.commit(Remove(changed), Remove(stub)))
    left = list(client.scan_iter(f"{{userkit:{realm._realm}}}*"))
    assert len(left) == 3
    assert all(0 < client.pttl(each) <= 120_000 for each in left)


def test_a_record_is_json_that_others_can_read(store: RedisStore, client: Counting) -> None:
    """In a hash beside its version and what it is found by."""
    stub = ticket(code="12", holder="ada")
    run(store.commit(Add(stub)))
    held = client.hgetall(f"{{userkit:{store._realm}}}:specimen_tickets:e:{stub.id}")
    assert held[b"v"] == b"1"
    assert json.loads(held[b"d"])["code"] == "12"
    assert json.loads(held[b"x"])["u"] == [["code", "12"]]
