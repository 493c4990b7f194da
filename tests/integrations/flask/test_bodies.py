"""Bodies are read as far as the limit, whatever their length is said to be."""

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integrations.worlds import SECRET
from userkit import SyncUserKit
from userkit.integrations.flask import UserKitExtension
from userkit.testing import InstantHasher

LIMIT = 1000
PATH = "/api/v1/auth/refresh"


class Wire(io.RawIOBase):
    """A connection that counts what is read of it."""

    def __init__(self, body: bytes) -> None:
        self.left = io.BytesIO(body)
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self.left.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.taken += len(chunk)
        return len(chunk)


@pytest.fixture
def client() -> FlaskClient:
    """Speak to an application that reads a kilobyte, and allows itself less than that."""
    app = Flask("shop")
    app.config["MAX_CONTENT_LENGTH"] = 100
    kit = SyncUserKit("memory://", secret=SECRET, hasher=InstantHasher())
    UserKitExtension(app, kit, body_limit=LIMIT)
    return app.test_client()


def body_of(size: int) -> bytes:
    """Return a body of so many bytes."""
    return b'{"refresh_token": "%s"}' % (b"x" * (size - 21))


def sent(client: FlaskClient, body: bytes, **environ: Any) -> tuple[int, str, int]:
    """Return status, code, and how many bytes were read."""
    wire = Wire(body)
    answer = client.post(
        PATH, content_type="application/json", environ_overrides={"wsgi.input": wire, **environ}
    )
    assert answer.json is not None
    return answer.status_code, answer.json["code"], wire.taken


def test_the_limit_is_ours_and_exact(client: FlaskClient) -> None:
    """What is as long as the limit is read; the limit of the application is for its own views."""
    length = str(LIMIT)
    assert sent(client, body_of(LIMIT), CONTENT_LENGTH=length)[:2] == (401, "unauthenticated")


def test_what_is_announced_as_too_long_is_not_read(client: FlaskClient) -> None:
    """Not beyond the byte that shows that it is."""
    for size in (LIMIT + 1, 100 * LIMIT):
        status, code, taken = sent(client, body_of(size), CONTENT_LENGTH=str(size))
        assert (status, code) == (413, "body_too_large")
        assert taken <= LIMIT + 1


def test_chunked_bodies_are_read_as_far_as_the_limit(client: FlaskClient) -> None:
    """They have no length; servers that can read them say so."""
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert sent(client, body_of(LIMIT), **chunked)[:2] == (401, "unauthenticated")
    for size in (LIMIT + 1, 100 * LIMIT):
        status, code, taken = sent(client, body_of(size), **chunked)
        assert (status, code) == (413, "body_too_large")
        assert taken <= LIMIT + 1


@pytest.mark.parametrize("terminated", [False, True])
def test_a_body_that_is_shorter_than_announced_is_malformed(client: FlaskClient, terminated: bool) -> None:
    """What a connection lost half-way has brought counts for nothing, even if it can be read."""
    environ = {"CONTENT_LENGTH": str(LIMIT), **({"wsgi.input_terminated": True} if terminated else {})}
    assert sent(client, body_of(100), **environ)[:2] == (400, "malformed_body")


def test_no_more_is_read_than_announced(client: FlaskClient) -> None:
    """What follows may be the next request."""
    status, code, taken = sent(client, body_of(100) + b"x" * 100, CONTENT_LENGTH="100")
    assert (status, code, taken) == (401, "unauthenticated", 100)


@pytest.mark.parametrize("length", ["", "many", "-5"])
def test_a_length_that_says_nothing_is_no_body(client: FlaskClient, length: str) -> None:
    """Without a length, and without a server that knows the end, nothing is read."""
    assert sent(client, body_of(100), CONTENT_LENGTH=length) == (400, "malformed_body", 0)
