"""How many requests each call takes: they cost time and money, and these numbers are exact."""

from datetime import UTC, datetime

import pytest

from tests.stores.dynamodb.wire import Wire
from userkit.backends.dynamodb.store import DynamoDBStore
from userkit.storage.changes import Add, Remove, Save
from userkit.sync import run
from userkit.testing.specimens import Account, Person, Ticket, account, person, ticket

pytestmark = pytest.mark.server

SHARDS = 3
NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)


@pytest.fixture
def store(wire: Wire, table: str) -> DynamoDBStore:
    return wire.prepared(table, shards=SHARDS)


def test_a_get_is_one_consistent_read(wire: Wire, store: DynamoDBStore) -> None:
    """It decides whether a session is still there."""
    purse = account()
    run(store.commit(Add(purse)))
    wire.requests.clear()
    assert run(store.get(Account, purse.id)) == purse
    ((operation, request),) = wire.requests
    assert (operation, request["ConsistentRead"]) == ("GetItem", True)


def test_a_find_by_a_unique_value_is_two_consistent_reads(wire: Wire, store: DynamoDBStore) -> None:
    """The marker, and the entity that it names; one when nobody has the value."""
    ada = person("ada@example.com")
    run(store.commit(Add(ada)))
    wire.requests.clear()
    assert run(store.find(Person, "address", "ada@example.com")).items == (ada,)
    assert [request["ConsistentRead"] for _, request in wire.requests] == [True, True]
    assert wire.counted == {"GetItem": 2}
    assert run(store.find(Person, "address", "eve@example.com")).items == ()
    assert wire.counted == {"GetItem": 1}


def test_a_commit_of_one_plain_change_is_one_request(wire: Wire, store: DynamoDBStore) -> None:
    """A conditional write: to add, to save and to remove."""
    purse = account()
    run(store.commit(Add(purse)))
    richer = purse.evolve(amount=1)
    run(store.commit(Save(purse, richer)))
    run(store.commit(Remove(richer)))
    assert [operation for operation, _ in wire.requests] == ["PutItem", "PutItem", "DeleteItem"]
    assert all("ConditionExpression" in request for _, request in wire.requests)


def test_a_save_that_keeps_its_unique_values_is_one_plain_write(wire: Wire, store: DynamoDBStore) -> None:
    """Markers and words that stay as they are are not written."""
    ada = person("ada@example.com", name="Ada", number=1)
    run(store.commit(Add(ada)))
    wire.requests.clear()
    run(store.commit(Save(ada, ada.evolve(team=None, notes={"a": 1}, mood=ada.mood))))
    assert wire.counted == {"PutItem": 1}


def test_several_items_are_one_transaction(wire: Wire, store: DynamoDBStore) -> None:
    """An entity with its markers and words, and several entities."""
    ada = person("ada@example.com", handle="ada", name="Ada King")
    run(store.commit(Add(ada), Add(account())))
    ((operation, request),) = wire.requests
    assert operation == "TransactWriteItems"
    assert len(request["TransactItems"]) == 1 + 2 + 3 + 1
    assert request["ClientRequestToken"]


def test_only_what_changed_is_written(wire: Wire, store: DynamoDBStore) -> None:
    """A new address is a new marker and the end of the old one, and so with the word."""
    ada = person("ada@example.com", handle="ada", name="Ada King")
    run(store.commit(Add(ada)))
    wire.requests.clear()
    run(store.commit(Save(ada, ada.evolve(address="queen@example.com"))))
    ((_, request),) = wire.requests
    verbs = [next(iter(each)) for each in request["TransactItems"]]
    assert sorted(verbs) == ["Delete", "Delete", "Put", "Put", "Put"]


def test_a_page_is_a_query_for_each_shard_and_a_batch(wire: Wire, store: DynamoDBStore) -> None:
    """What is found is read as last committed."""
    run(store.commit(*(Add(person(team="red")) for _ in range(20))))
    wire.requests.clear()
    assert len(run(store.find(Person, limit=10)).items) == 10
    batches = [request for operation, request in wire.requests if operation == "BatchGetItem"]
    assert all(each["ConsistentRead"] for request in batches for each in request["RequestItems"].values())
    assert wire.counted == {"Query": SHARDS, "BatchGetItem": 1}


def test_a_lookup_is_one_query_and_a_batch(wire: Wire, store: DynamoDBStore) -> None:
    """By an enumeration it is a query for each shard: few values, and many entities of each."""
    run(store.commit(*(Add(person(team="red")) for _ in range(5))))
    wire.requests.clear()
    assert len(run(store.find(Person, "team", "red")).items) == 5
    assert wire.counted == {"Query": 1, "BatchGetItem": 1}
    assert len(run(store.find(Person, "mood", "calm")).items) == 5
    assert wire.counted == {"Query": SHARDS, "BatchGetItem": 1}
    assert run(store.find(Person, "team", "blue")).items == ()
    assert wire.counted == {"Query": 1}


def test_counting_reads_keys_only(wire: Wire, store: DynamoDBStore) -> None:
    """A query for each shard, and no entity."""
    run(store.commit(*(Add(person(team="red")) for _ in range(5))))
    wire.requests.clear()
    assert run(store.count(Person)) == 5
    assert wire.counted == {"Query": SHARDS}


def test_a_purge_looks_up_what_is_due(wire: Wire, store: DynamoDBStore) -> None:
    """A query for each shard, a batch, and transactions; nothing is due in the hours after it."""
    run(store.commit(*(Add(ticket(expires_at=NOON.replace(hour=hour))) for hour in (9, 10, 14))))
    wire.requests.clear()
    assert run(store.purge(Ticket, before=NOON)) == 2
    assert wire.counted == {"Query": SHARDS, "BatchGetItem": 1, "TransactWriteItems": 1}
    assert run(store.purge(Ticket, before=NOON)) == 0
    assert wire.counted == {"Query": SHARDS}


def test_a_load_fills_transactions(wire: Wire, store: DynamoDBStore) -> None:
    """100 items in each: here 50 tickets with a marker for each."""
    assert run(store.load(ticket() for _ in range(120))) == 120
    assert wire.counted == {"TransactWriteItems": 3}


def test_a_realm_is_noted_once_in_a_process(wire: Wire, store: DynamoDBStore) -> None:
    """Before the first commit in it."""
    acme = store.realm("acme")
    for expected in (2, 1):
        run(acme.commit(Add(account())))
        assert wire.counted == {"PutItem": expected}
    assert run(store.realms()) == ["acme"]
    assert wire.counted == {"Query": 1}


def test_preparing_a_table_that_is_there_is_two_requests(wire: Wire, table: str) -> None:
    """To look at it, and at its settings; a view or a second call makes none."""
    wire.prepared(table)
    store = wire.store(table)
    run(store.prepare([]))
    assert wire.counted == {"DescribeTable": 1, "GetItem": 1}
    run(store.realm("acme").prepare([]))
    assert wire.counted == {}
