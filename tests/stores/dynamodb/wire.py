"""What goes over the wire between a store and DynamoDB: counted, and broken when a test says so."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from userkit.backends.dynamodb.calling import Caller
from userkit.backends.dynamodb.links import GivenLink
from userkit.backends.dynamodb.store import DynamoDBStore, Options
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS

__all__ = ["Fault", "Wire", "answer", "cancelled", "lost_after", "lost_before"]

Fault = Callable[[Any, Any], Any]
"""Takes a client and a request; returns an answer in its place, raises, or does nothing."""

NOWHERE = "http://127.0.0.1:9"


class Wire:
    """A client of boto3 that notes its requests. Faults wait for the operation that they are set on."""

    def __init__(self, endpoint: str = NOWHERE) -> None:
        """Make the client; without an endpoint every answer is to be a fault."""
        self.client: Any = boto3.client(
            "dynamodb",
            region_name="eu-central-1",
            endpoint_url=endpoint,
            aws_access_key_id="userkit",
            aws_secret_access_key="no-secret",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.pauses: list[float] = []
        self._faults: list[tuple[str, Fault]] = []
        self.client.meta.events.register("before-send.dynamodb", self._meet)

    def store(self, table: str, *, attempts: int = 4, **options: Any) -> DynamoDBStore:
        """Return a store that pauses only on paper."""
        call = Caller(GivenLink(self.client), table, attempts=attempts, pause=self.pauses.append)
        return DynamoDBStore(call, Options(**{"emulated": True, "keep_expired": -1, "shards": 3, **options}))

    def prepared(self, table: str, **options: Any) -> DynamoDBStore:
        """Return a store that is ready, with nothing noted so far."""
        store = self.store(table, **options)
        run(store.prepare(COLLECTIONS))
        store._known.realms.add("default")
        self.requests.clear()
        return store

    def meet(self, operation: str, *faults: Fault) -> None:
        """Let these faults happen, in this order, to the next requests of an operation."""
        self._faults += [(operation, fault) for fault in faults]

    def heal(self) -> None:
        """Forget the faults that have not happened."""
        self._faults.clear()

    @property
    def counted(self) -> dict[str, int]:
        """Return how many requests of each operation were made, and forget them."""
        counted = Counter(operation for operation, _ in self.requests)
        self.requests.clear()
        return dict(counted)

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    def _meet(self, request: Any, **_: Any) -> Any:
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        self.requests.append((operation, json.loads(request.body)))
        for place, (wanted, fault) in enumerate(self._faults):
            if wanted == operation:
                del self._faults[place]
                return fault(self.client, request)
        return None


def answer(code: str, *, status: int = 400, message: str = "", **more: Any) -> Fault:
    """DynamoDB answers with an error, and does nothing."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}

    def fault(client: Any, request: Any) -> Any:
        return AWSResponse(request.url, status, {}, _Raw(json.dumps(body).encode()))

    return fault


def cancelled(*codes: str) -> Fault:
    """DynamoDB cancels a transaction for these reasons, one for each item."""
    return answer("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


def lost_before(client: Any, request: Any) -> Any:
    """The request is lost, and so there is no answer."""
    raise ReadTimeoutError(endpoint_url=request.url)


def lost_after(client: Any, request: Any) -> Any:
    """The request is carried out, and its answer is lost."""
    client._endpoint.http_session.send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body
