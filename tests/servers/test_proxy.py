"""The proxy breaks the wire exactly where it is told to."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

import psycopg
import pytest

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import FaultProxy


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """A proxy before a server that sends back what it hears."""
    with socketserver.ThreadingTCPServer((LOOPBACK, 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        with FaultProxy(server.server_address[1]) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def connect(proxy: FaultProxy) -> Iterator[Callable[[], socket.socket]]:
    """A function that opens a connection through the proxy."""
    opened: list[socket.socket] = []

    def connect() -> socket.socket:
        opened.append(socket.create_connection((LOOPBACK, proxy.port), timeout=5))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def test_an_untouched_proxy_is_a_wire(connect: Callable[[], socket.socket], proxy: FaultProxy) -> None:
    """A large message comes back whole, and a closed connection is forgotten."""
    connection = connect()
    message = b"x" * 3_000_000
    sender = threading.Thread(target=connection.sendall, args=(message,))
    sender.start()
    assert _receive(connection, len(message)) == message
    sender.join()
    assert proxy.connections == 1
    connection.close()
    _until(lambda: proxy.connections == 0)


def test_cut_drops_open_connections_and_welcomes_new_ones(
    connect: Callable[[], socket.socket], proxy: FaultProxy
) -> None:
    """The open connection ends, the next one works."""
    connection = connect()
    _until(lambda: proxy.connections == 1)
    proxy.cut()
    assert proxy.connections == 0
    assert connection.recv(10) == b""
    assert _echo(connect(), b"hello") == b"hello"


def test_a_match_may_span_two_packets(connect: Callable[[], socket.socket], proxy: FaultProxy) -> None:
    """TCP knows no packets, so neither does the trap."""
    connection = connect()
    assert _echo(connection, b"COMMIT") == b"COMMIT"
    trap = proxy.cut_at(b"COMMIT", "before")
    assert _echo(connection, b"COM") == b"COM"
    assert not trap.has_sprung
    connection.sendall(b"MIT")
    assert trap.wait()
    assert connection.recv(10) == b""


def test_a_trap_springs_for_one_connection_only(
    connect: Callable[[], socket.socket], proxy: FaultProxy
) -> None:
    """The one that sends the match is cut, the bystander lives, and the next match passes."""
    bystander, victim = connect(), connect()
    trap = proxy.cut_at(b"now", "before")
    victim.sendall(b"now")
    assert victim.recv(10) == b""
    assert trap.wait()
    assert _echo(bystander, b"now") == b"now"


def test_a_disarmed_trap_never_springs(connect: Callable[[], socket.socket], proxy: FaultProxy) -> None:
    """`resume` takes the trap away."""
    trap = proxy.cut_at(b"now", "answer")
    proxy.resume()
    assert _echo(connect(), b"now") == b"now"
    assert not trap.has_sprung


def test_a_stalled_connection_is_silent_until_it_resumes(
    connect: Callable[[], socket.socket], proxy: FaultProxy
) -> None:
    """Nothing comes back on a stalled wire, through old connections and new ones; later everything does."""
    old = connect()
    assert _echo(old, b"hello") == b"hello"
    proxy.stall()
    new = connect()
    for connection in (old, new):
        connection.sendall(b"anybody?")
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(10)
        connection.settimeout(5)
    proxy.resume()
    for connection in (old, new):
        assert _receive(connection, 8) == b"anybody?"


def test_a_stalled_connection_can_be_cut(connect: Callable[[], socket.socket], proxy: FaultProxy) -> None:
    """A cut does not wait for the wire to flow again, and what was held back is lost."""
    connection = connect()
    assert _echo(connection, b"hello") == b"hello"
    proxy.stall()
    connection.sendall(b"lost")
    proxy.cut()
    assert connection.recv(10) == b""


def test_refused_connections_work_again_after_resume(
    connect: Callable[[], socket.socket], proxy: FaultProxy
) -> None:
    """While new connections are refused the open ones live on; after `resume` the same port works."""
    connection = connect()
    assert _echo(connection, b"hello") == b"hello"
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        connect()
    assert _echo(connection, b"still here") == b"still here"
    proxy.resume()
    assert _echo(connect(), b"hello") == b"hello"


def test_without_a_server_behind_it_the_proxy_drops_whoever_connects() -> None:
    """The client is let in and shown out, as by a load balancer without a server."""
    with (
        FaultProxy(free_port()) as proxy,
        socket.create_connection((LOOPBACK, proxy.port), timeout=5) as connection,
    ):
        assert connection.recv(10) == b""


@pytest.mark.parametrize(
    ("moment", "outcomes"), [("before", [[]]), ("answer", [[(7,)]]), ("after", [[], [(7,)]])]
)
def test_a_commit_is_lost_or_only_its_answer(
    postgres16: PostgresServer,
    moment: Literal["before", "after", "answer"],
    outcomes: list[list[tuple[int]]],
) -> None:
    """Before: the server never hears COMMIT. Answer: it commits, and nobody is told. After: either."""
    name = postgres16.create_database()
    postgres16.execute("CREATE TABLE marks (mark int)", database=name)
    url = postgres16.url(database=name)
    with FaultProxy(postgres16.port) as proxy:
        assert proxy.url(url) == url.replace(str(postgres16.port), str(proxy.port))
        trap = proxy.cut_at(b"COMMIT", moment)
        with pytest.raises(psycopg.OperationalError), psycopg.connect(proxy.url(url)) as connection:
            connection.execute("INSERT INTO marks VALUES (7)")
        assert trap.wait()
        assert postgres16.execute("SELECT mark FROM marks", database=name) in outcomes


def _echo(connection: socket.socket, message: bytes) -> bytes:
    connection.sendall(message)
    return _receive(connection, len(message))


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (data := connection.recv(size - len(received))):
        received += data
    return received


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
