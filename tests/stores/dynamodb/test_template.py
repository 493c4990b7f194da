"""The exported template: a table made from it is one that the store takes."""

import json
from typing import Any

import pytest

from tests.stores.dynamodb.wire import Wire
from userkit.cli.template import template_text
from userkit.storage.changes import Add
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Person, person


def parsed(wire: Wire, table: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(template_text(wire.store(table)))["Resources"]["UserkitTable"]
    return found


def test_the_template_keeps_what_is_in_the_table(dead_wire: Wire) -> None:
    """Neither a stack that is deleted nor a change that replaces the table takes it along."""
    resource = parsed(dead_wire, "accounts")
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert resource["Properties"]["DeletionProtectionEnabled"] is True
    assert resource["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert resource["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert resource["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.server
def test_a_table_from_the_template_is_accepted(wire: Wire, table: str) -> None:
    """Without being created: the first process only notes its settings."""
    properties = parsed(wire, table)["Properties"]
    apart = ("TimeToLiveSpecification", "PointInTimeRecoverySpecification")
    ttl, _ = (properties.pop(name) for name in apart)
    wire.client.create_table(**properties)
    wire.client.update_time_to_live(TableName=table, TimeToLiveSpecification=ttl)
    wire.requests.clear()
    store = wire.store(table)
    run(store.prepare(COLLECTIONS, create=False))
    assert wire.counted == {"DescribeTable": 1, "GetItem": 1, "PutItem": 1}
    ada = person("ada@example.com")
    run(store.commit(Add(ada)))
    assert run(store.find(Person, "address", "ada@example.com")).items == (ada,)
    assert run(store.find(Person)).items == (ada,)
