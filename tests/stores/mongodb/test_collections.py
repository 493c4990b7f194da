"""What the collections of MongoDB hold, and how they are found by."""

import secrets
import time
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pymongo import MongoClient
from pymongo.errors import WriteError
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from tests.servers.mongodb import MongoServer
from userkit.backends.mongodb import MongoStore
from userkit.backends.mongodb.opening import open_url
from userkit.errors import DuplicateError, SchemaOutdatedError
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.collection import Collection
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Everything, Person, Ticket, everything, person, ticket

DATABASE = "collections"


@pytest.fixture
def bare(mongo: MongoServer) -> Iterator[Any]:
    """The database as the driver sees it."""
    with MongoClient[dict[str, Any]](mongo.url(), uuidRepresentation="standard", tz_aware=True) as client:
        yield client[DATABASE]


@pytest.fixture
def store(mongo: MongoServer) -> Iterator[MongoStore]:
    """A store in a realm of its own."""
    opened = open_url(mongo.url(database=DATABASE, keep_expired=-1), blocking=True)
    run(opened.prepare(COLLECTIONS))
    yield opened.realm(f"r{secrets.token_hex(6)}")
    run(opened.close())


def test_values_have_the_types_of_mongodb(store: MongoStore, bare: Any) -> None:
    """So that people can query and report."""
    each = everything(facts={"nested": {"a": [1, 2.5, None]}})
    run(store.commit(Add(each)))
    found = bare["userkit_specimen_everything"].find_one({"_id": UUID(each.id)})
    assert found["owner"] == UUID(each.owner)
    assert found["moment"] == each.moment
    assert found["blob"] == each.blob
    assert found["labels"] == sorted(each.labels)
    assert found["facts"] == {"nested": {"a": [1, 2.5, None]}}
    assert found["mood"] == each.mood.value


@pytest.mark.parametrize(
    "facts",
    [
        {"$where": "sleep(1)"},
        {"a.b": 1},
        {"$ref": "users", "$id": 1},
        {"deep": [{"$set": {"x": 1}}]},
        {"": {"$": "."}},
    ],
)
def test_rg_2_json_that_means_something_to_mongodb_comes_back_as_it_was(
    store: MongoStore, facts: dict[str, Any]
) -> None:
    """Added and saved."""
    each = everything(facts=facts)
    run(store.commit(Add(each)))
    assert run(store.get(Everything, each.id)) == each
    after = each.evolve(maybe_facts=facts)
    run(store.commit(Save(each, after)))
    assert run(store.get(Everything, each.id)) == after


@pytest.mark.parametrize(
    "value", ["$ne", '{"$ne": null}', "$where", "{$gt: ''}", "address.$", "'; return true; '"]
)
def test_rg_2_a_value_is_never_an_operator(store: MongoStore, value: str) -> None:
    """It finds what is written like it and nothing else."""
    ada, odd = person(), person(value)
    run(store.commit(Add(ada), Add(odd)))
    assert run(store.find(Person, "address", value)).items == (odd,)
    assert run(store.find(Person, "team", value)).items == ()
    assert run(store.search(Person, value)).items in ((), (odd,))


def test_a_document_that_is_none_of_ours_is_refused_by_the_database(store: MongoStore, bare: Any) -> None:
    """Whoever writes beside userkit keeps to the types."""
    with pytest.raises(WriteError, match="validation"):
        bare["userkit_specimen_persons"].insert_one(
            {"realm": "x", "schema": 1, "version": 1, "address": {"$ne": None}}
        )


def _stages(plan: Any) -> set[str]:
    if isinstance(plan, dict):
        own = {plan["stage"]} if "stage" in plan else set()
        return own.union(*map(_stages, plan.values()))
    return set().union(*map(_stages, plan)) if isinstance(plan, list) else set()


def test_no_read_scans_a_collection(store: MongoStore, bare: Any) -> None:
    """And none sorts in memory: every page comes out of an index in its order."""
    people = bare["userkit_specimen_persons"]
    form = store._form(Person)
    realm = {"realm": store._realm}
    words = {"$and": [{"_words": {"$elemMatch": {"$gte": "ada", "$lt": "adb"}}}]}
    filters = [
        {"_id": UUID(person().id), **realm},
        realm,
        {**realm, **form.lookup("address", "ada@example.com")},
        {**realm, **form.lookup("badge", "red#1")},
        {**realm, **form.lookup("team", "red")},
        {**realm, **words},
    ]
    for which in filters:
        plan = people.find(which).sort("_id", 1).limit(10).explain()["queryPlanner"]["winningPlan"]
        assert "COLLSCAN" not in _stages(plan), which
        assert _stages(plan) & {"IXSCAN", "IDHACK"}, which
    for which in (filters[1], filters[2], filters[4]):
        plan = people.find(which).sort("_id", 1).explain()["queryPlanner"]["winningPlan"]
        assert "SORT" not in _stages(plan), which


class Counter(CommandListener):
    """Writes down the commands that a client sends."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Do nothing."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Do nothing."""

    def of(self, work: Coroutine[Any, Any, Any]) -> list[str]:
        """Return what is sent for some work."""
        self.sent.clear()
        run(work)
        return list(self.sent)


def test_every_verb_is_one_command(mongo: MongoServer) -> None:
    """A commit of one change as well; several are a transaction, one command each and one to commit."""
    counter = Counter()
    with MongoClient[dict[str, Any]](mongo.url(), event_listeners=[counter]) as client:
        opened = MongoStore.from_client(client, database=DATABASE, keep_expired=-1)
        run(opened.prepare(COLLECTIONS))
        view, ada, grace = opened.realm(f"r{secrets.token_hex(6)}"), person(), person()
        assert counter.of(view.commit(Add(ada))) == ["insert"]
        assert counter.of(view.commit(Save(ada, ada.evolve(name="B")))) == ["update"]
        assert counter.of(view.commit(Remove(ada.evolve(name="B")))) == ["delete"]
        assert counter.of(view.get(Person, ada.id)) == ["find"]
        assert counter.of(view.find(Person, "address", ada.address)) == ["find"]
        assert counter.of(view.find(Person, "team", "red")) == ["find"]
        assert counter.of(view.find(Person)) == ["find"]
        assert counter.of(view.commit(Add(ada), Add(grace))) == ["insert", "insert", "commitTransaction"]
        run(opened.close())
        assert client.admin.command("ping")["ok"] == 1


def test_what_has_expired_is_deleted_after_a_while(mongo: MongoServer, bare: Any) -> None:
    """By MongoDB itself, so many seconds later; what has more time, or all of it, stays."""
    database = f"db_{secrets.token_hex(6)}"
    opened = open_url(mongo.url(database=database, keep_expired=3600), blocking=True)
    run(opened.prepare(COLLECTIONS))
    now = datetime.now(UTC).replace(microsecond=0)
    gone = ticket(expires_at=now - timedelta(hours=2))
    kept = [ticket(expires_at=each) for each in (now - timedelta(minutes=30), now + timedelta(days=1), None)]
    run(opened.commit(Add(gone), *map(Add, kept)))
    deadline = time.monotonic() + 60
    while run(opened.get(Ticket, gone.id)) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [run(opened.get(Ticket, each.id)) for each in kept] == kept
    longer = kept[0].evolve(expires_at=datetime.max.replace(microsecond=0, tzinfo=UTC))
    run(opened.commit(Save(kept[0], longer)))
    assert run(opened.get(Ticket, longer.id)) == longer
    bare.client.drop_database(database)
    run(opened.close())


def test_without_create_what_lacks_is_named(mongo: MongoServer, bare: Any) -> None:
    """A collection first, then an index of it."""
    database = f"db_{secrets.token_hex(6)}"
    opened = open_url(mongo.url(database=database), blocking=True)
    with pytest.raises(SchemaOutdatedError, match="lacks userkit_specimen"):
        run(opened.prepare(COLLECTIONS, create=False))
    run(opened.close())
    first = open_url(mongo.url(database=database), blocking=True)
    run(first.prepare(COLLECTIONS))
    run(first.close())
    bare.client[database]["userkit_specimen_persons"].drop_index("unique_address")
    second = open_url(mongo.url(database=database), blocking=True)
    with pytest.raises(SchemaOutdatedError, match="unique_address"):
        run(second.prepare(COLLECTIONS, create=False))
    bare.client.drop_database(database)
    run(second.close())


def test_an_index_of_somebody_else_in_the_place_of_ours_is_said(mongo: MongoServer, bare: Any) -> None:
    """It is not dropped behind their back."""
    database = f"db_{secrets.token_hex(6)}"
    people = bare.client[database]["userkit_specimen_persons"]
    people.create_index([("realm", 1), ("address", 1)], name="unique_address")
    opened = open_url(mongo.url(database=database), blocking=True)
    with pytest.raises(SchemaOutdatedError, match="unique_address"):
        run(opened.prepare(COLLECTIONS))
    bare.client.drop_database(database)
    run(opened.close())


def test_versions_with_other_fields_keep_each_others_schema(mongo: MongoServer, bare: Any) -> None:
    """The older one comes last, and takes nothing away."""
    database = f"db_{secrets.token_hex(6)}"
    name = "userkit_specimen_persons"
    opened = open_url(mongo.url(database=database), blocking=True)
    run(opened.prepare(COLLECTIONS))
    bare.client[database].command(
        "collMod",
        name,
        validator={"$jsonSchema": {"properties": {"nickname": {"bsonType": ["string", "null"]}}}},
    )
    run(opened.close())
    again = open_url(mongo.url(database=database), blocking=True)
    run(again.prepare(COLLECTIONS))
    (options,) = bare.client[database].list_collections(filter={"name": name})
    properties = options["options"]["validator"]["$jsonSchema"]["properties"]
    assert {"nickname", "address"} <= properties.keys()
    bare.client.drop_database(database)
    run(again.close())


def test_an_error_of_validation_is_one_of_ours(mongo: MongoServer) -> None:
    """A unique value in an index that two versions of a collection share."""
    database = f"db_{secrets.token_hex(6)}"
    opened = open_url(mongo.url(database=database), blocking=True)
    run(opened.prepare([Collection("specimen_persons", Person, unique=("address",))]))
    run(opened.commit(Add(person("a"))))
    with pytest.raises(DuplicateError, match="address"):
        run(opened.commit(Add(person("a"))))
    run(opened.close())
