"""The table at start: made once, checked always, and never taken from somebody else."""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.servers.dynamodb import DynoxideServer
from tests.stores.dynamodb.opening import open_store
from tests.stores.dynamodb.wire import Wire, answer
from userkit.backends.dynamodb.layout import table_properties
from userkit.backends.dynamodb.preparing import DEFAULT_SHARDS
from userkit.errors import (
    ConfigurationError,
    SchemaOutdatedError,
    StoreUnavailableError,
    UnsupportedStoreError,
)
from userkit.storage.changes import Add
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Person, person

pytestmark = pytest.mark.server


def test_a_new_table_is_made_on_demand_with_expiry_and_recovery(wire: Wire, table: str) -> None:
    """And waited for, until it and its indexes can be used."""
    run(wire.store(table, keep_expired=86400).prepare(COLLECTIONS))
    described = wire.client.describe_table(TableName=table)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert len(described["GlobalSecondaryIndexes"]) == 7
    assert all(
        each["Projection"]["ProjectionType"] == "KEYS_ONLY" for each in described["GlobalSecondaryIndexes"]
    )
    ttl = wire.client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")
    assert ("UpdateContinuousBackups", True) in [
        (operation, request.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"))
        for operation, request in wire.requests
    ]


def test_a_table_that_takes_its_time_is_waited_for(wire: Wire, table: str) -> None:
    """Also while only its indexes are being made; and not for ever."""
    creating = {"Table": {"TableStatus": "CREATING"}}
    indexing = {"Table": {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [{"IndexStatus": "CREATING"}]}}
    missing = answer("ResourceNotFoundException")
    wire.meet("DescribeTable", missing, missing)
    wire.meet("DescribeTable", *[answer("", status=200, **each) for each in (creating, indexing)])
    run(wire.store(table).prepare(COLLECTIONS))
    assert wire.counted["DescribeTable"] == 5
    wire.meet("DescribeTable", *[answer("", status=200, **creating)] * 100)
    with pytest.raises(StoreUnavailableError, match="still being made"):
        run(wire.store(table).prepare(COLLECTIONS))


def test_many_processes_prepare_one_table(dynoxide: DynoxideServer, table: str) -> None:
    """Whoever is late finds what is there already."""
    url = dynoxide.url(database=table, keep_expired=-1, shards=2)

    def enter(number: int) -> None:
        store = open_store(url)
        run(store.prepare(COLLECTIONS))
        run(store.commit(Add(person(f"{number}@example.com"))))
        run(store.close())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(enter, range(8)))
    store = open_store(url)
    run(store.prepare(COLLECTIONS, create=False))
    assert run(store.count(Person)) == 8
    run(store.close())


def test_who_was_slower_to_make_the_table_goes_on(wire: Wire, table: str) -> None:
    """Another process has made it between the look and the making, and its settings as well."""
    wire.prepared(table, shards=3)
    wire.meet("DescribeTable", answer("ResourceNotFoundException"))
    wire.meet("GetItem", answer("", status=200))
    run(wire.store(table, shards=None).prepare(COLLECTIONS))
    assert wire.counted["CreateTable"] == 1


def test_a_missing_table_is_not_made_unasked(wire: Wire, table: str) -> None:
    """Neither by prepare without create, nor with create=false in the URL."""
    for store, create in ((wire.store(table), False), (wire.store(table, create=False), True)):
        with pytest.raises(SchemaOutdatedError, match="userkit db template"):
            run(store.prepare(COLLECTIONS, create=create))
    assert table not in wire.client.list_tables()["TableNames"]


@pytest.mark.parametrize("create", [True, False])
def test_a_table_of_somebody_else_is_refused(wire: Wire, table: str, create: bool) -> None:
    """It is named what it lacks, and it stays as it is."""
    wire.client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "orderId", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "orderId", "KeyType": "HASH"}],
    )
    with pytest.raises(
        UnsupportedStoreError, match="not one of userkit: its keys are not pk and sk"
    ) as refused:
        run(wire.store(table).prepare(COLLECTIONS, create=create))
    assert "no index everything" in str(refused.value)
    assert wire.client.scan(TableName=table)["Count"] == 0


def test_an_index_with_other_keys_is_refused(wire: Wire, table: str) -> None:
    """Its name alone does not make it ours."""
    properties: Any = table_properties(table)
    properties["GlobalSecondaryIndexes"][0]["KeySchema"][1]["AttributeName"] = "sk"
    wire.client.create_table(**properties)
    with pytest.raises(UnsupportedStoreError, match="index everything has other keys"):
        run(wire.store(table).prepare(COLLECTIONS))


def test_the_number_of_shards_is_a_property_of_the_table(wire: Wire, table: str) -> None:
    """The first process says it; who says nothing takes it, and who says another is refused."""
    run(wire.store(table, shards=5).prepare(COLLECTIONS))
    silent = wire.store(table, shards=None)
    run(silent.prepare(COLLECTIONS))
    assert silent._known.shards == 5
    with pytest.raises(ConfigurationError, match="spread over 5 shards, not 6"):
        run(wire.store(table, shards=6).prepare(COLLECTIONS))


def test_without_a_number_of_shards_there_are_ten(wire: Wire, table: str) -> None:
    """Which is enough for ten thousand new entities of a kind in a second."""
    run(wire.store(table, shards=None).prepare(COLLECTIONS))
    settings = wire.client.get_item(TableName=table, Key={"pk": {"S": "S"}, "sk": {"S": "S"}})["Item"]
    assert int(settings["shards"]["N"]) == DEFAULT_SHARDS == 10


def test_a_table_of_a_newer_userkit_is_refused(wire: Wire, table: str) -> None:
    """Its keys may mean something else."""
    run(wire.store(table).prepare(COLLECTIONS))
    newer = {"pk": {"S": "S"}, "sk": {"S": "S"}, "shards": {"N": "3"}, "layout": {"N": "2"}}
    wire.client.put_item(TableName=table, Item=newer)
    with pytest.raises(SchemaOutdatedError, match="newer version"):
        run(wire.store(table).prepare(COLLECTIONS))


def test_an_emulator_may_lack_what_serves_in_production(
    wire: Wire, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    """That is a warning, and an error of the real DynamoDB."""
    caplog.set_level(logging.WARNING, "userkit.dynamodb")
    wire.meet("UpdateTimeToLive", answer("UnknownOperationException"))
    wire.meet("UpdateContinuousBackups", answer("UnknownOperationException"))
    run(wire.store(table).prepare(COLLECTIONS))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    for operation in ("UpdateTimeToLive", "UpdateContinuousBackups"):
        wire.meet(operation, answer("UnknownOperationException"))
        with pytest.raises(StoreUnavailableError, match="UnknownOperationException"):
            run(wire.store(f"{table}-{operation}", emulated=False).prepare(COLLECTIONS))


def test_a_young_table_is_asked_again_for_its_backups(wire: Wire, table: str) -> None:
    """For the first seconds DynamoDB has none."""
    wire.meet("UpdateContinuousBackups", *[answer("ContinuousBackupsUnavailableException")] * 3)
    wire.meet("UpdateContinuousBackups", answer("", status=200))
    run(wire.store(table, emulated=False).prepare(COLLECTIONS))
    assert wire.counted["UpdateContinuousBackups"] == 4
    wire.meet("UpdateContinuousBackups", *[answer("ContinuousBackupsUnavailableException")] * 100)
    with pytest.raises(StoreUnavailableError, match="cannot be backed up yet"):
        run(wire.store(f"{table}-2").prepare(COLLECTIONS))


def test_what_is_not_allowed_is_named(wire: Wire, table: str) -> None:
    """As the action to grant in IAM; nothing is half made that the next start would take for whole."""
    for operation in ("CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"):
        wire.meet(operation, answer("AccessDeniedException"))
        with pytest.raises(ConfigurationError, match=f"dynamodb:{operation}"):
            run(wire.store(table).prepare(COLLECTIONS))
    run(wire.store(table).prepare(COLLECTIONS))
    wire.meet("TransactWriteItems", answer("AccessDeniedException"))
    with pytest.raises(ConfigurationError, match="PutItem, DeleteItem and ConditionCheckItem"):
        run(wire.prepared(table).commit(Add(person())))


def test_a_client_of_the_application_stays_its_own(wire: Wire, table: str) -> None:
    """Closing the store leaves it open, and its pool is the measure."""
    from userkit.backends.dynamodb import DynamoDBStore

    store = DynamoDBStore.from_client(wire.client, table, shards=2, keep_expired=-1)
    assert (store.blocking, store.concurrency) == (True, 10)
    run(store.prepare(COLLECTIONS))
    run(store.close())
    assert wire.client.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"
