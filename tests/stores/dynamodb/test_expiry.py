"""What DynamoDB deletes by itself, in whatever order, and what becomes of the rest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stores.dynamodb.wire import Wire
from userkit.backends.dynamodb.store import DynamoDBStore
from userkit.errors import DuplicateError, StaleError
from userkit.storage.changes import Add, Remove, Save
from userkit.sync import run
from userkit.testing.specimens import Person, Ticket, person, ticket

pytestmark = pytest.mark.server

NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)
WEEK = 7 * 86400


@pytest.fixture
def store(wire: Wire, table: str) -> DynamoDBStore:
    return wire.prepared(table, keep_expired=60)


def scanned(wire: Wire, table: str) -> dict[str, dict[str, Any]]:
    """Return all items by the first letter of their keys."""
    return {each["pk"]["S"][0]: each for each in wire.client.scan(TableName=table)["Items"]}


def delete(wire: Wire, table: str, letter: str) -> None:
    """Delete what DynamoDB would have deleted."""
    for each in wire.client.scan(TableName=table)["Items"]:
        if each["pk"]["S"].startswith(letter):
            wire.client.delete_item(TableName=table, Key={"pk": each["pk"], "sk": each["sk"]})


def test_expired_items_carry_the_time_after_which_they_may_go(
    wire: Wire, store: DynamoDBStore, table: str
) -> None:
    """``keep_expired`` seconds after their expiry; what leads to them goes a week later."""
    old = ticket(expires_at=NOON + timedelta(milliseconds=1))
    run(store.commit(Add(old)))
    items = scanned(wire, table)
    assert int(items["E"]["ttl"]["N"]) == NOON.timestamp() + 1 + 60
    assert int(items["U"]["ttl"]["N"]) == NOON.timestamp() + 1 + 60 + WEEK
    assert run(store.find(Ticket, "code", old.code)).items == (old,)


def test_what_is_kept_for_ever_carries_no_time(wire: Wire, table: str) -> None:
    """Neither with keep_expired=-1, nor without a time of expiry."""
    for keep_expired, at in ((-1, NOON), (60, None)):
        run(wire.prepared(table, keep_expired=keep_expired).commit(Add(ticket(expires_at=at))))
    assert all("ttl" not in item for item in wire.client.scan(TableName=table)["Items"])


def test_a_new_time_of_expiry_moves_what_leads_there(wire: Wire, store: DynamoDBStore, table: str) -> None:
    """Else the marker would go before its entity."""
    old = ticket(expires_at=NOON)
    run(store.commit(Add(old)))
    later = old.evolve(expires_at=NOON + timedelta(days=1))
    run(store.commit(Save(old, later)))
    items = scanned(wire, table)
    assert int(items["U"]["ttl"]["N"]) - int(items["E"]["ttl"]["N"]) == WEEK
    ever = later.evolve(expires_at=None)
    run(store.commit(Save(later, ever)))
    assert all("ttl" not in item for item in scanned(wire, table).values())
    with pytest.raises(DuplicateError):
        run(store.commit(Add(ticket(old.code))))


def test_a_value_whose_holder_was_deleted_is_free(wire: Wire, store: DynamoDBStore, table: str) -> None:
    """The marker alone stands in nobody's way, for an add and for a save."""
    run(store.commit(Add(ticket("code", expires_at=NOON))))
    delete(wire, table, "E")
    assert run(store.find(Ticket, "code", "code")).items == ()
    new = ticket("code")
    run(store.commit(Add(new)))
    assert run(store.find(Ticket, "code", "code")).items == (new,)
    delete(wire, table, "E")
    other = ticket("other")
    run(store.commit(Add(other)))
    saved = other.evolve(code="code")
    run(store.commit(Save(other, saved)))
    assert run(store.find(Ticket, "code", "code")).items == (saved,)
    with pytest.raises(DuplicateError):
        run(store.commit(Add(ticket("code"))))


def test_a_value_whose_holder_has_another_by_now_is_free(
    wire: Wire, store: DynamoDBStore, table: str
) -> None:
    """The holder was deleted and added again."""
    old = ticket("code", expires_at=NOON)
    run(store.commit(Add(old)))
    delete(wire, table, "E")
    again = ticket("other", id=old.id)
    run(store.commit(Add(again)))
    new = ticket("code")
    run(store.commit(Add(new)))
    assert run(store.find(Ticket, "code", "code")).items == (new,)
    assert run(store.find(Ticket, "code", "other")).items == (again,)


def test_a_holder_who_comes_back_is_not_robbed(wire: Wire, store: DynamoDBStore, table: str) -> None:
    """Between the look at the holder and the taking of the value."""
    old = ticket("code", expires_at=NOON)
    run(store.commit(Add(old)))
    delete(wire, table, "E")

    other = Wire(wire.client.meta.endpoint_url)
    again = other.prepared(table, keep_expired=60)
    wire.meet("TransactWriteItems", lambda *_: None, lambda *_: run(again.commit(Add(old))))
    with pytest.raises(DuplicateError):
        run(store.commit(Add(ticket("code"))))
    assert run(store.find(Ticket, "code", "code")).items == (old,)
    other.close()


def test_an_entity_whose_marker_was_deleted_can_go(wire: Wire, store: DynamoDBStore, table: str) -> None:
    """Also when somebody else has taken the value since, who keeps it."""
    first, second = ticket("code", expires_at=NOON), ticket("other", expires_at=NOON)
    run(store.commit(Add(first), Add(second)))
    delete(wire, table, "U")
    taker = ticket("code")
    run(store.commit(Add(taker)))
    run(store.commit(Remove(first), Remove(second)))
    assert run(store.find(Ticket)).items == (taker,)
    with pytest.raises(DuplicateError):
        run(store.commit(Add(ticket("code"))))


def test_a_purge_passes_over_who_was_given_more_time(wire: Wire, store: DynamoDBStore) -> None:
    """While it was at work; the others go."""
    old = [ticket(expires_at=NOON - timedelta(hours=1)) for _ in range(3)]
    run(store.commit(*map(Add, old)))
    other = Wire(wire.client.meta.endpoint_url)
    saved = old[1].evolve(expires_at=None)
    longer = other.prepared(store._call.table, keep_expired=60)
    wire.meet("TransactWriteItems", lambda *_: run(longer.commit(Save(old[1], saved))))
    assert run(store.purge(Ticket, before=NOON)) == 2
    assert run(store.find(Ticket)).items == (saved,)
    other.close()


def test_words_that_lead_nowhere_find_nobody(wire: Wire, store: DynamoDBStore, table: str) -> None:
    """An entity that DynamoDB deleted is not in a search."""
    run(store.commit(Add(person(name="Ada"))))
    delete(wire, table, "E")
    assert run(store.search(Person, "ada")).items == ()


def test_more_words_than_fit_are_written_beside_the_transaction(wire: Wire, table: str) -> None:
    """Before it those that come, after it those that go; a commit that fails loses none."""
    store = wire.prepared(table, transaction_items=10)
    crowded = person("ada@example.com", name=" ".join(f"word{number}" for number in range(30)))
    run(store.commit(Add(crowded)))
    assert wire.counted == {"TransactWriteItems": 1, "PutItem": 31 - 8}
    assert run(store.search(Person, "word0 word29 word15")).items == (crowded,)
    with pytest.raises(StaleError):
        run(store.commit(Save(crowded.evolve(), crowded.evolve().evolve(name=""))))
    assert run(store.search(Person, "word29")).items == (crowded,)
    plain = crowded.evolve(name="")
    wire.requests.clear()
    run(store.commit(Save(crowded, plain)))
    assert wire.counted == {"TransactWriteItems": 1, "DeleteItem": 30 - 9}
    run(store.commit(Remove(plain)))
    assert "W" not in scanned(wire, table)


def test_words_of_a_later_revision_outlive_what_comes_late(wire: Wire, table: str) -> None:
    """A removal that was held up does not take away what was put since."""
    store = wire.prepared(table, transaction_items=10)
    many = " ".join(f"word{number}" for number in range(30))
    ada = person("ada@example.com", name=many)
    run(store.commit(Add(ada)))
    plain, again = ada.evolve(name=""), ada.evolve(name="").evolve(name=many)
    other = Wire(wire.client.meta.endpoint_url)
    rival = other.prepared(table, transaction_items=10)
    wire.meet("DeleteItem", lambda *_: run(rival.commit(Save(plain, again))))
    run(store.commit(Save(ada, plain)))
    for number in range(30):
        assert run(store.search(Person, f"word{number}")).items == (again,)
    other.close()


def test_a_commit_larger_than_a_transaction_is_refused(wire: Wire, store: DynamoDBStore) -> None:
    """By its items, and by its bytes, with the limit in the sentence; nothing is done."""
    from userkit.errors import UsageError
    from userkit.testing.specimens import Everything, everything

    people = [person(handle=str(number), number=number) for number in range(25)]
    run(store.commit(*map(Add, people[:12])))
    run(store.commit(*map(Add, people[12:])))
    moved = [each.evolve(handle=f"{each.handle}x", address=f"{each.id}x", team="red") for each in people]
    with pytest.raises(UsageError, match=r"175 items.*100"):
        run(store.commit(*map(Save, people, moved)))
    with pytest.raises(UsageError, match="4 MB"):
        run(store.commit(*(Add(everything(text="x" * 200_000)) for _ in range(21))))
    assert run(store.find(Person)).items == tuple(people)
    assert run(store.find(Everything)).items == ()
    assert run(store.load(everything(text="x" * 200_000) for _ in range(21))) == 21
