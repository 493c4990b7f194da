"""What a document keeps, whoever wrote it: another version, another setting, a client of the application."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tests.servers.mongodb import MongoServer
from userkit.backends.mongodb import MongoStore
from userkit.backends.mongodb.errors import is_unknown, translated
from userkit.errors import SchemaOutdatedError, StoreUnavailableError, UsageError
from userkit.storage.changes import Add, Save
from userkit.sync import run
from userkit.testing.specimens import (
    COLLECTIONS,
    NEW_NOTES,
    OLD_NOTES,
    Everything,
    NewNote,
    OldNote,
    Ticket,
    everything,
    new_id,
    ticket,
)

NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)


@pytest.fixture
def client(mongo: MongoServer) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client of the application, which knows nothing of how userkit writes."""
    with MongoClient[dict[str, Any]](mongo.url()) as client:
        yield client


@pytest.fixture
def database(client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """A database for one test."""
    name = f"db_{secrets.token_hex(6)}"
    yield name
    client.drop_database(name)


def opened(client: Any, database: str, *collections: Any, keep_expired: int = -1) -> MongoStore:
    store = MongoStore.from_client(client, database=database, keep_expired=keep_expired)
    run(store.prepare(collections or COLLECTIONS))
    return store


def test_a_client_of_the_application_stays_open(client: Any, database: str) -> None:
    """Its own options do not reach what userkit writes, and closing the store leaves it open."""
    store = opened(client, database)
    each = everything()
    run(store.commit(Add(each)))
    run(store.close())
    assert run(store.get(Everything, each.id)) == each
    assert client.admin.command("ping")["ok"] == 1


@pytest.mark.parametrize("thing", [None, 1, "mongodb://127.0.0.1", {}, MongoClient], ids=repr)
def test_what_is_no_client_is_refused(thing: Any) -> None:
    """At once, and by what it is: a URL goes to the kit."""
    with pytest.raises(UsageError, match="A client is a MongoClient"):
        MongoStore.from_client(thing)


def test_whole_numbers_of_64_bits_are_plain(client: Any, database: str) -> None:
    """BSON has a type of its own for them, which nobody wants in JSON."""
    store = opened(client, database)
    large = 1 << 40
    each = everything(whole=large, facts={"deep": [{"large": large}]}, maybe_facts={"a": -large})
    run(store.commit(Add(each)))
    found = run(store.get(Everything, each.id))
    assert found == each
    facts: Any = found.facts
    kinds = {type(found.whole), type(facts["deep"][0]["large"])}
    assert kinds == {int}


def test_a_saved_record_is_upgraded_as_a_whole(client: Any, database: str) -> None:
    """Also in fields that the save itself did not touch."""
    old = opened(client, database, OLD_NOTES)
    note = OldNote(id=new_id(), text="in small letters")
    run(old.commit(Add(note)))
    new = opened(client, database, NEW_NOTES)
    found = run(new.get(NewNote, note.id))
    assert found is not None
    run(new.commit(Save(found, found.evolve())))
    assert run(new.get(NewNote, note.id)) == found.evolve()


def test_more_time_counts_whoever_gives_it(client: Any, database: str) -> None:
    """A store that deletes nothing by itself takes back when MongoDB was to delete."""
    deletes = opened(client, database, keep_expired=3600)
    keeps = opened(client, database, keep_expired=-1)
    each = ticket(expires_at=NOON)
    run(deletes.commit(Add(each)))
    tickets = client[database]["userkit_specimen_tickets"]
    assert tickets.find_one()["_gone_at"] == NOON.replace(tzinfo=None) + timedelta(hours=1)
    longer = each.evolve(expires_at=None)
    run(keeps.commit(Save(each, longer)))
    assert tickets.find_one()["_gone_at"] is None
    run(deletes.commit(Save(longer, longer.evolve(expires_at=NOON))))
    assert tickets.find_one()["_gone_at"] == NOON.replace(tzinfo=None) + timedelta(hours=1)


def test_large_entities_are_loaded_in_several_transactions(client: Any, database: str) -> None:
    """What one commits the engine keeps in its cache, and that is small here."""
    store = opened(client, database)
    text = "x" * 200_000
    each = [everything(text=text, whole=number) for number in range(400)]
    assert run(store.load(each)) == 400
    assert run(store.count(Everything)) == 400
    assert run(store.get(Everything, each[-1].id)) == each[-1]


def test_values_that_are_there_twice_are_said(client: Any, database: str) -> None:
    """What was not unique before is made so by people; nothing is taken away."""
    documents = [
        {"_id": UUID(ticket().id), "realm": "default", "schema": 1, "version": 1, "code": "twice"}
        for _ in range(2)
    ]
    client.get_database(
        database, codec_options=CodecOptions(uuid_representation=UuidRepresentation.STANDARD)
    ).userkit_specimen_tickets.insert_many(documents)
    with pytest.raises(SchemaOutdatedError, match="unique_code cannot be made"):
        opened(client, database)


def test_realms_come_from_an_index(client: Any, database: str) -> None:
    """However many documents there are, one is looked at for each realm."""
    store = opened(client, database)
    for name in ("acme", "zeta"):
        run(store.realm(name).load(ticket() for _ in range(50)))
    assert run(store.realms()) == ["acme", "zeta"]
    command = {"distinct": "userkit_specimen_tickets", "key": "realm"}
    plan = client[database].command("explain", command, verbosity="executionStats")
    assert plan["executionStats"]["totalDocsExamined"] == 0
    assert plan["executionStats"]["totalKeysExamined"] <= 4


def test_ids_are_binary_uuids_in_the_order_of_their_text(client: Any, database: str) -> None:
    """So that pages by id are pages by time, for other programs as well."""
    store = opened(client, database)
    tickets = [
        ticket(id=str(UUID(int=number << 96 | 7 << 76 | 2 << 62))) for number in (1, 2, 255, 256, 65536)
    ]
    run(store.commit(*map(Add, tickets[::-1])))
    assert list(run(store.find(Ticket)).items) == tickets
    assert {each["_id"].subtype for each in client[database]["userkit_specimen_tickets"].find()} == {4}


@pytest.mark.parametrize("code", [91, 189, 10107, 11600, 11602])
def test_a_primary_that_steps_down_leaves_the_outcome_open(code: int) -> None:
    """It is said in a sentence, and what became of the commit is looked up."""
    error = OperationFailure("secret detail", code)
    assert is_unknown(error)
    told = translated(error, "The database")
    assert isinstance(told, StoreUnavailableError)
    assert "lost its primary" in str(told)
    assert "secret" not in str(told)


def test_an_error_that_nobody_knows_is_told_by_its_number() -> None:
    """Its own text may hold values of documents."""
    assert str(translated(OperationFailure("ada@example.com", 4711), "It")) == "It failed with error 4711."
    assert str(translated(PyMongoError("ada@example.com"), "It")) == "It failed."
