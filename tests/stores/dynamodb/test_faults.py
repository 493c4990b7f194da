"""What the emulators never do: be busy, be in conflict, break, and lose requests and answers."""

from typing import Any

import pytest
from botocore import exceptions

from tests.stores.dynamodb.wire import Fault, Wire, answer, cancelled, lost_after, lost_before
from userkit.backends.dynamodb.store import DynamoDBStore
from userkit.errors import (
    ConfigurationError,
    DuplicateError,
    InvalidEntityError,
    SchemaOutdatedError,
    StaleError,
    StoreUnavailableError,
)
from userkit.storage.changes import Add, Remove, Save
from userkit.sync import run
from userkit.testing.specimens import Account, Person, account, person

pytestmark = pytest.mark.server

ATTEMPTS = 4
BUSY = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
]
BROKEN: list[Fault] = [
    answer("InternalServerError", status=500),
    answer("ServiceUnavailable", status=503),
    lost_before,
]


@pytest.fixture
def store(wire: Wire, table: str) -> DynamoDBStore:
    return wire.prepared(table, attempts=ATTEMPTS)


@pytest.mark.parametrize("code", BUSY)
def test_a_busy_table_is_asked_again(wire: Wire, store: DynamoDBStore, code: str) -> None:
    """After pauses of random length, of which none is longer than a second."""
    purse = account()
    wire.meet("PutItem", answer(code), answer(code))
    run(store.commit(Add(purse)))
    assert wire.counted == {"PutItem": 3}
    wire.meet("GetItem", answer(code))
    assert run(store.get(Account, purse.id)) == purse
    assert len(wire.pauses) == 3
    assert all(0 <= pause <= 1 for pause in wire.pauses)


@pytest.mark.parametrize("code", BUSY)
def test_a_table_that_stays_busy_is_unavailable(wire: Wire, store: DynamoDBStore, code: str) -> None:
    """After as many attempts as were asked for, and nothing is done."""
    purse = account()
    wire.meet("PutItem", *[answer(code)] * ATTEMPTS)
    with pytest.raises(StoreUnavailableError, match="is busy"):
        run(store.commit(Add(purse)))
    assert wire.counted == {"PutItem": ATTEMPTS}
    assert run(store.get(Account, purse.id)) is None


def test_a_transaction_in_conflict_is_tried_again(wire: Wire, store: DynamoDBStore) -> None:
    """With the same token, so that it cannot be done twice."""
    ada = person("ada@example.com")
    wire.meet(
        "TransactWriteItems",
        cancelled("None", "TransactionConflict", "None"),
        cancelled("ThrottlingError", "None", "None"),
        answer("TransactionInProgressException"),
    )
    run(store.commit(Add(ada)))
    tokens = [request["ClientRequestToken"] for _, request in wire.requests]
    assert (len(tokens), len(set(tokens))) == (ATTEMPTS, 1)
    assert run(store.find(Person, "address", "ada@example.com")).items == (ada,)


def test_a_condition_counts_for_more_than_a_conflict(wire: Wire, store: DynamoDBStore) -> None:
    """Where both are told of one transaction, the value is taken."""
    wire.meet("TransactWriteItems", cancelled("TransactionConflict", "ConditionalCheckFailed", "None"))
    run(store.commit(Add(person("ada@example.com"))))
    wire.meet("TransactWriteItems", cancelled("TransactionConflict", "ConditionalCheckFailed", "None"))
    with pytest.raises(DuplicateError) as refused:
        run(store.commit(Add(person("ada@example.com"))))
    assert refused.value.field == "address"


@pytest.mark.parametrize("fault", [*BROKEN, lost_after], ids=["500", "503", "lost-before", "lost-after"])
@pytest.mark.parametrize("verb", ["add", "save", "remove", "transaction"])
def test_a_commit_of_unknown_outcome_is_done_once(
    wire: Wire, store: DynamoDBStore, verb: str, fault: Fault
) -> None:
    """It is tried again, and success is told as success, whether or not the first attempt came through."""
    purse, ada = account(), person("ada@example.com")
    richer = purse.evolve(amount=1)
    if verb in ("save", "remove"):
        run(store.commit(Add(purse)))
    operation = {"remove": "DeleteItem", "transaction": "TransactWriteItems"}.get(verb, "PutItem")
    wire.meet(operation, fault)
    change: Any = {"add": Add(purse), "save": Save(purse, richer), "remove": Remove(purse)}.get(
        verb, Add(ada)
    )
    run(store.commit(change))
    expected = {"add": purse, "save": richer, "remove": None}
    if verb == "transaction":
        assert run(store.find(Person)).items == (ada,)
    else:
        assert run(store.get(Account, purse.id)) == expected[verb]


@pytest.mark.parametrize("verb", ["add", "save", "remove", "transaction"])
def test_a_commit_whose_every_answer_is_lost_is_looked_up(
    wire: Wire, store: DynamoDBStore, verb: str
) -> None:
    """What is stored decides: it was done, and so nothing is to be told."""
    purse, ada = account(), person("ada@example.com")
    if verb in ("save", "remove"):
        run(store.commit(Add(purse)))
    operation = {"remove": "DeleteItem", "transaction": "TransactWriteItems"}.get(verb, "PutItem")
    wire.meet(operation, lost_after, *[lost_before] * (ATTEMPTS - 1))
    change: Any = {
        "add": Add(purse),
        "save": Save(purse, purse.evolve(amount=1)),
        "remove": Remove(purse),
        "transaction": Add(ada),
    }[verb]
    run(store.commit(change))
    found = run(store.get(Person, ada.id) if verb == "transaction" else store.get(Account, purse.id))
    assert (found is None) == (verb == "remove")


def test_a_commit_that_never_arrives_is_unavailable_and_may_be_tried_again(
    wire: Wire, store: DynamoDBStore
) -> None:
    """The sentence says that the outcome was not known."""
    purse = account()
    wire.meet("PutItem", *[lost_before] * ATTEMPTS)
    with pytest.raises(StoreUnavailableError, match="is not known") as told:
        run(store.commit(Add(purse)))
    assert type(told.value) is StoreUnavailableError
    assert run(store.get(Account, purse.id)) is None
    run(store.commit(Add(purse)))
    assert run(store.get(Account, purse.id)) == purse


def test_when_looking_up_fails_as_well_it_is_unavailable(wire: Wire, store: DynamoDBStore) -> None:
    """Nobody knows, and that is what the caller is told."""
    purse = account()
    wire.meet("PutItem", lost_after, *[lost_before] * (ATTEMPTS - 1))
    wire.meet("GetItem", *[lost_before] * ATTEMPTS)
    with pytest.raises(StoreUnavailableError, match="is not known"):
        run(store.commit(Add(purse)))
    with pytest.raises(DuplicateError):
        run(store.commit(Add(purse)))


def test_the_success_of_somebody_else_is_not_ours(wire: Wire, store: DynamoDBStore) -> None:
    """Even if they wrote the very same: every commit knows what it wrote by a token."""
    purse = account()
    run(store.commit(Add(purse)))
    same = purse.evolve(amount=1)
    run(store.commit(Save(purse, same)))
    wire.meet("PutItem", lost_before)
    with pytest.raises(StaleError):
        run(store.commit(Save(purse, same)))
    wire.meet("PutItem", lost_before)
    with pytest.raises(DuplicateError):
        run(store.commit(Add(same)))


@pytest.mark.parametrize("by", ["saving", "removing"])
def test_a_commit_that_was_overtaken_is_unknown_and_not_stale(
    wire: Wire, store: DynamoDBStore, by: str
) -> None:
    """It was done, and its answer lost; to be told that it was not would make the caller do it twice."""
    purse = account()
    run(store.commit(Add(purse)))
    richer = purse.evolve(amount=1)
    over: Any = Save(richer, richer.evolve(amount=2)) if by == "saving" else Remove(richer)

    def overtaken(client: Any, request: Any) -> Any:
        client._endpoint.http_session.send(request)
        run(store.commit(over))
        return lost_before(client, request)

    wire.meet("PutItem", overtaken)
    with pytest.raises(StoreUnavailableError, match="commit was done is not known"):
        run(store.commit(Save(purse, richer)))
    with pytest.raises(StaleError):
        run(store.commit(Save(purse, richer)))


def test_a_removal_by_somebody_else_is_told_while_something_is_there(
    wire: Wire, store: DynamoDBStore
) -> None:
    """A later revision was not removed, so this commit was not done."""
    purse = account()
    run(store.commit(Add(purse)))
    run(store.commit(Save(purse, purse.evolve())))
    wire.meet("DeleteItem", lost_before)
    with pytest.raises(StaleError):
        run(store.commit(Remove(purse)))


def test_reads_are_made_again(wire: Wire, store: DynamoDBStore) -> None:
    """Of every kind, and give up in the end."""
    people = [person(team="red", name="Ada") for _ in range(3)]
    run(store.commit(*map(Add, people)))
    for fault in BROKEN:
        wire.meet("Query", fault)
        wire.meet("BatchGetItem", fault)
        assert run(store.find(Person, "team", "red")).items == tuple(people)
        wire.meet("Query", fault)
        assert run(store.search(Person, "ada")).items == tuple(people)
    wire.meet("Query", *[answer("InternalServerError", status=500)] * ATTEMPTS)
    with pytest.raises(StoreUnavailableError) as told:
        run(store.find(Person))
    assert "not known" not in str(told.value)  # of a read there is nothing to know


def test_what_a_batch_leaves_out_is_read_again(wire: Wire, store: DynamoDBStore) -> None:
    """A busy table reads a part of a batch; one that reads nothing any more is unavailable."""
    purses = [account() for _ in range(3)]
    run(store.commit(*map(Add, purses)))

    def nothing(client: Any, request: Any) -> Any:
        import json

        keys = json.loads(request.body)["RequestItems"]
        return answer("", status=200, Responses={}, UnprocessedKeys=keys)(client, request)

    wire.meet("BatchGetItem", nothing, nothing)
    assert run(store.find(Account)).items == tuple(purses)
    wire.meet("BatchGetItem", *[nothing] * ATTEMPTS)
    with pytest.raises(StoreUnavailableError, match="is busy"):
        run(store.find(Account))


def test_a_refusal_of_unknown_origin_is_unavailable(wire: Wire, store: DynamoDBStore) -> None:
    """The second attempt meets the first or somebody else's, and nobody can be asked which."""
    purse = account()
    run(store.commit(Add(purse)))
    wire.meet("DeleteItem", lost_after)
    wire.meet("GetItem", *[lost_before] * ATTEMPTS)
    with pytest.raises(StoreUnavailableError, match="commit was done is not known"):
        run(store.commit(Remove(purse)))


def test_the_own_attempts_of_a_client_count_as_well(wire: Wire, store: DynamoDBStore) -> None:
    """Botocore tries again by itself where the application lets it, and says how often."""
    purse = account()
    run(store.commit(Add(purse)))
    run(store.commit(Remove(purse)))

    def tried_before(parsed: Any, **_: Any) -> None:
        parsed["ResponseMetadata"]["RetryAttempts"] = 1

    wire.client.meta.events.register("after-call.dynamodb.DeleteItem", tried_before)
    run(store.commit(Remove(purse)))


def test_words_that_cannot_be_taken_out_do_not_undo_a_commit(
    wire: Wire, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is done, and success is success; they lead to nobody."""
    store = wire.prepared(table, transaction_items=10)
    crowded = person("ada@example.com", name=" ".join(f"word{number}" for number in range(20)))
    run(store.commit(Add(crowded)))
    caplog.clear()
    wire.meet("DeleteItem", *[lost_before] * 4)
    plain = crowded.evolve(name="")
    run(store.commit(Save(crowded, plain)))
    assert run(store.get(Person, crowded.id)) == plain
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    for number in range(20):
        assert run(store.search(Person, f"word{number}")).items == ()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (exceptions.UnauthorizedSSOTokenError(), ConfigurationError, "have expired"),
        (exceptions.SSLError(endpoint_url="", error=""), StoreUnavailableError, "certificate"),
        (exceptions.ConnectionClosedError(endpoint_url=""), StoreUnavailableError, "broke off"),
        (exceptions.ProxyConnectionError(proxy_url="", error=""), StoreUnavailableError, "reached"),
        (exceptions.ConnectTimeoutError(endpoint_url=""), StoreUnavailableError, "reached"),
        (
            exceptions.CredentialRetrievalError(provider="", error_msg=""),
            StoreUnavailableError,
            "cannot be fetched",
        ),
        (exceptions.DataNotFoundError(data_path=""), StoreUnavailableError, "DataNotFoundError"),
    ],
    ids=["sso", "tls", "closed", "proxy", "connect-timeout", "credentials", "other"],
)
def test_what_botocore_raises_is_said(
    wire: Wire, store: DynamoDBStore, error: Exception, kind: type[Exception], words: str
) -> None:
    """In a sentence of ours, with its own error as the cause."""

    def fail(**_: Any) -> None:
        raise error

    wire.client.meta.events.register_first("before-call.dynamodb.GetItem", fail)
    with pytest.raises(kind, match=words) as told:
        run(store.get(Account, account().id))
    assert told.value.__cause__ is error


def test_a_request_that_is_invalid_is_said(wire: Wire, store: DynamoDBStore) -> None:
    """Somebody has taken the place of the table."""
    wire.meet("Query", answer("ValidationException", message="The table does not have the index"))
    with pytest.raises(StoreUnavailableError, match="is it a table of userkit"):
        run(store.find(Person))
    wire.meet("GetItem", answer("ResourceNotFoundException"))
    with pytest.raises(SchemaOutdatedError, match="does not exist"):
        run(store.get(Person, person().id))


def test_what_is_too_large_is_said_to_be(wire: Wire, store: DynamoDBStore) -> None:
    """DynamoDB counts by itself."""
    wire.meet("PutItem", answer("ValidationException", message="Item size has exceeded the maximum"))
    with pytest.raises(InvalidEntityError, match="too large"):
        run(store.commit(Add(account())))


def test_any_other_error_is_named(wire: Wire, store: DynamoDBStore) -> None:
    """By its code, which can be looked for."""
    wire.meet("PutItem", answer("NobodyExpectedThisException"))
    with pytest.raises(StoreUnavailableError, match="NobodyExpectedThisException"):
        run(store.commit(Add(account())))
    assert wire.counted == {"PutItem": 1}


def test_a_garbled_answer_is_a_lost_one(wire: Wire, store: DynamoDBStore) -> None:
    """Such as that of a proxy in between."""

    def garbled(client: Any, request: Any) -> Any:
        response = client._endpoint.http_session.send(request)
        response._content = b"<html>502"
        return response

    purse = account()
    wire.meet("PutItem", garbled)
    run(store.commit(Add(purse)))
    assert run(store.get(Account, purse.id)) == purse


def test_a_lagging_index_hides_but_decides_nothing(wire: Wire, store: DynamoDBStore) -> None:
    """Lists are late on DynamoDB; ids, unique values and revisions are not."""
    run(store.commit(old := Add(person("old@example.com", team="red"))))

    def behind(parsed: Any, **_: Any) -> None:
        parsed["Items"] = []

    wire.client.meta.events.register("after-call.dynamodb.Query", behind)
    ada = person("ada@example.com", team="red")
    run(store.commit(Add(ada)))
    assert run(store.find(Person, "team", "red")).items == ()
    assert run(store.get(Person, ada.id)) == ada
    assert run(store.find(Person, "address", "ada@example.com")).items == (ada,)
    with pytest.raises(DuplicateError):
        run(store.commit(Add(person("ada@example.com"))))
    saved = ada.evolve(team="blue")
    run(store.commit(Save(ada, saved)))
    with pytest.raises(StaleError):
        run(store.commit(Save(ada, ada.evolve())))
    run(store.commit(Remove(saved), Save(old.entity, old.entity.evolve())))
    assert run(store.find(Person, "address", "ada@example.com")).items == ()


def test_an_index_that_shows_the_past_is_corrected(wire: Wire, store: DynamoDBStore) -> None:
    """What was removed, or has another value by now, is not in the list: each entity is read."""
    people = [person(team="red") for _ in range(4)]
    run(store.commit(*map(Add, people)))
    shown: list[Any] = []

    def note(parsed: Any, **_: Any) -> None:
        shown.append(parsed["Items"])

    events = wire.client.meta.events
    events.register("after-call.dynamodb.Query", note)
    run(store.find(Person, "team", "red"))
    events.unregister("after-call.dynamodb.Query", note)

    def past(parsed: Any, **_: Any) -> None:
        parsed["Items"] = shown[0]

    events.register("after-call.dynamodb.Query", past)
    run(store.commit(Remove(people[0]), Save(people[1], people[1].evolve(team="blue"))))
    page = run(store.find(Person, "team", "red", limit=2))
    assert (page.items, page.next) == (tuple(people[2:]), None)
