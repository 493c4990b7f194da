"""What is counted, where the numbers are known."""

import socket
import threading

import pytest

from benchmarks.counting.engines import counts_of
from benchmarks.counting.hops import hops
from benchmarks.counting.instructions import Executed, per_operation, read_account
from benchmarks.counting.memory import footprint
from benchmarks.counting.meters import split
from benchmarks.counting.proxy import CountingProxy
from benchmarks.counts import promised, table


def test_what_any_store_is_asked() -> None:
    """By itself, and by use cases."""
    counts = counts_of("any store")
    assert counts["get"] == {"reads": 1, "commits": 0, "changes": 0}
    assert counts["save"] == {"reads": 0, "commits": 1, "changes": 1}
    assert counts["register"]["commits"] == 1
    assert counts["request with a token"] == {"reads": 0, "commits": 0, "changes": 0}
    assert counts["request with a token, user read"] == {"reads": 1, "commits": 0, "changes": 0}


def test_what_is_sent_to_sqlite() -> None:
    """A statement for each read, and for a change."""
    counts = counts_of("SQLite")
    read = {"requests": 1, "reads": 1, "writes": 0, "commits": 0}
    assert counts["get"] == counts["find"] == counts["request with a token, user read"] == read
    assert counts["save"] == {"requests": 1, "reads": 0, "writes": 1, "commits": 1}
    assert counts["register"]["commits"] == 1


def test_a_hop_for_each_call_of_a_store() -> None:
    """And none for what asks no store."""
    counted = hops()
    assert (counted["get"], counted["find"], counted["save"], counted["verify a token"]) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    ("words", "counted"),
    [
        ((), (0, 0, 0, 0)),
        (("SELECT", "select"), (2, 2, 0, 0)),
        (("UPDATE", "INSERT"), (2, 0, 2, 2)),
        (("BEGIN", "UPDATE", "INSERT", "COMMIT"), (4, 0, 2, 1)),
        (("START", "DELETE", "COMMIT", "DELETE"), (4, 0, 2, 2)),
        (("GetItem", "TransactWriteItems"), (2, 1, 1, 1)),
    ],
)
def test_statements_are_sorted(words: tuple[str, ...], counted: tuple[int, ...]) -> None:
    """What is written outside a transaction is committed by itself."""
    assert tuple(split(words).values()) == counted


def test_a_wire_counts_bytes_and_round_trips() -> None:
    """Each time that the client speaks after the server has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        echo = threading.Thread(target=_echo, args=(listener,))
        echo.start()
        with (
            CountingProxy(listener.getsockname()[1]) as proxy,
            socket.create_connection(("127.0.0.1", proxy.port)) as client,
        ):
            proxy.begin()
            for said in (b"hello", b"and goodbye"):
                client.sendall(said)
                assert client.recv(100) == said.upper()
            assert proxy.end() == {"round trips": 2, "bytes sent": 16, "bytes received": 16}
        echo.join()


def _echo(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        while said := connection.recv(100):
            connection.sendall(said.upper())


def test_a_wire_takes_the_place_of_a_port() -> None:
    """The rest of a URL stays."""
    with CountingProxy(1) as proxy:
        url = proxy.url("postgresql://ada:secret@127.0.0.1:5432/people?x=1")
        assert url == f"postgresql://ada:secret@127.0.0.1:{proxy.port}/people?x=1"


def test_what_only_the_collector_frees_is_counted() -> None:
    """A list that holds itself."""

    def leave() -> None:
        kept: list[object] = []
        kept.append(kept)

    assert footprint(leave).garbage >= 1
    assert footprint(lambda: None).garbage < 1


def test_memory_is_told_at_its_highest() -> None:
    """Also when it is free again at the end."""
    assert footprint(lambda: bytes(100_000)).bytes >= 100_000
    assert footprint(lambda: None).bytes < 1_000


ACCOUNT = """\
fn=work
cfn=_PyObject_Malloc
calls=7 10
cfn=_PyObject_Free
calls=9 10

summary: {}
"""


def test_an_account_is_read() -> None:
    """The sum of callgrind's, and who asked for memory."""
    assert read_account(ACCOUNT.format(1234)) == Executed(instructions=1234, allocations=7)
    with pytest.raises(ValueError, match="no sum"):
        read_account("fn=work")


def test_an_operation_is_the_difference_of_two_accounts() -> None:
    """So nothing around it counts, whatever it is."""
    accounts = [Executed(instructions=number, allocations=number) for number in (999, 150, 250, 999, 90, 110)]
    assert per_operation(["one", "other"], accounts, 10) == {
        "one": Executed(instructions=10, allocations=10),
        "other": Executed(instructions=2, allocations=2),
    }


def test_what_was_counted_is_a_table() -> None:
    """A row for each operation."""
    counts = {"get": {"requests": 1, "bytes sent": 1234}, "save": {"requests": 2, "bytes sent": 0}}
    assert table(counts).splitlines() == [
        "| operation | statements | bytes sent |",
        "|---|---|---|",
        "| get | 1 | 1,234 |",
        "| save | 2 | 0 |",
    ]


def test_what_is_promised_is_counted_where_it_is_seen() -> None:
    """Where a request leaves, or where any store is asked."""
    assert promised("any store", "register", "commits") == 1
    assert promised("SQLite", "get", "requests") == 1
    assert promised("Valkey", "get", "round trips") == 1
    assert promised("DynamoDB", "find", "round trips") == 2
    assert promised("MongoDB", "verify a token", "round trips") == 0
    assert promised("MongoDB", "get", "bytes sent") is None
    assert promised("MongoDB", "sign in", "round trips") is None
