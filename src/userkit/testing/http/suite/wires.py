"""What only a server behind a socket can get wrong."""

import socket

from userkit.testing.bench import PATIENCE
from userkit.testing.http.sockets import SocketClient
from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Wires"]

_JSON = ("content-type", "application/json")


class Wires(Standard, needs="on_socket"):
    """Messages on a wire."""

    def test_a_body_may_wait_until_it_is_wanted(self, application: Application) -> None:
        """`Expect: 100-continue` (RFC 9110, section 10.1.1)."""
        body = b'{"email": "nobody@example.com", "password": "mauve otters juggle teapots"}'
        headers = [_JSON, ("expect", "100-continue")]
        answer = application.ask("POST", "/auth/login", body=body, headers=headers)
        assert (answer.status, answer.json()["code"]) == (401, "invalid_credentials")

    def test_a_connection_serves_one_request_after_the_other(self, application: Application) -> None:
        """Nothing of the first is left over for the second, however it was answered."""
        prefix = application.reference.prefix
        head = "Host: app.example\r\nContent-Type: application/json\r\n"
        first = f"HEAD {prefix}/users/me HTTP/1.1\r\nHost: app.example\r\n\r\n"
        second = f"POST {prefix}/auth/login HTTP/1.1\r\n{head}Content-Length: 2\r\n\r\n{{}}"
        third = f"OPTIONS {prefix}/users HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n"
        received = _spoken(application, (first + second + third).encode())
        statuses = [part.split(b" ", 1)[0] for part in received.split(b"HTTP/1.1 ")[1:]]
        # A server may close the connection after any of them.
        assert statuses
        assert statuses == [b"401", b"422", b"204"][: len(statuses)]

    def test_two_requests_in_one_are_refused_or_served_as_two(self, application: Application) -> None:
        """A length and chunks at once is how requests are smuggled (RFC 9112, section 6.1)."""
        prefix = application.reference.prefix
        smuggled = f"GET {prefix}/auth/jwks HTTP/1.1\r\nHost: app.example\r\n\r\n"
        head = f"POST {prefix}/auth/login HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n"
        body = f"0\r\n\r\n{smuggled}"
        lengths = (
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n"
        )
        received = _spoken(application, f"{head}{lengths}\r\n{body}".encode())
        assert b'{"keys":' not in received

    def test_a_body_that_breaks_off_changes_nothing(self, application: Application) -> None:
        """Half of a body is no body, also when the half would do."""
        person = application.person()
        token = application.token(person)
        head = (
            f"PATCH {application.reference.prefix}/users/me HTTP/1.1\r\nHost: app.example\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n"
        )
        received = _spoken(application, f'{head}{{"name": "B"}}'.encode(), hang_up=True)
        assert b" 200 " not in received.split(b"\r\n", 1)[0]
        assert application.kit.users.get(person.id).name == "Ada Lovelace"

    def test_a_long_head_is_no_obstacle(self, application: Application) -> None:
        """Twelve kilobytes of cookies of somebody else."""
        token = application.token(application.person())
        headers = [(f"x-long-{number}", "x" * 3_000) for number in range(4)]
        assert application.check("GET", "/users/me", token=token, headers=headers).status == 200


def _spoken(application: Application, sent: bytes, *, hang_up: bool = False) -> bytes:
    """Write bytes to the server, and return all that comes back."""
    client = application.client
    assert isinstance(client, SocketClient), "on_socket: let start return a SocketClient"
    received = bytearray()
    with socket.create_connection((client.host, client.port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        try:
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionResetError:
            pass
    return bytes(received)
