"""Clients of boto3 that ask nobody: one that checks every request, one that answers from a list."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

__all__ = ["NOVA", "FakeStream", "ListedClient", "answer", "checked_client", "refusal"]

NOVA = "us.amazon.nova-lite-v1:0"


def checked_client() -> Any:
    """Return a client of boto3 for botocore's Stubber, which compares requests with the service model."""
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )


def answer(*content: Mapping[str, Any], stop: str = "end_turn") -> dict[str, Any]:
    """Return what Converse answers."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
        "metrics": {"latencyMs": 5},
    }


def refusal(
    code: str, *, message: str = "", status: int = 400, headers: Mapping[str, str] | None = None
) -> Any:
    """Return an error of botocore."""
    facts = {"HTTPStatusCode": status, "RequestId": "e1-42", "HTTPHeaders": dict(headers or {})}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": facts}, "Converse")


class FakeStream:
    """The events of a stream, or errors in their place; it notes that it was closed."""

    def __init__(self, *events: Any) -> None:
        """Take what comes."""
        self._events = events
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        """Give one after the other."""
        for event in self._events:
            found = event() if callable(event) else event
            if isinstance(found, Exception):
                raise found
            yield found

    def close(self) -> None:
        """Note it."""
        self.closed += 1


class ListedClient:
    """Give listed answers, one after the other; raise those that are errors, call those that can be."""

    def __init__(self, *answers: Any, connections: int = 2) -> None:
        """Take the answers."""
        self.answers = list(answers)
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.closed = 0
        self.meta = SimpleNamespace(config=SimpleNamespace(max_pool_connections=connections))

    def converse(self, **request: Any) -> Any:
        """Answer."""
        return self._answer("converse", request)

    def converse_stream(self, **request: Any) -> Any:
        """Answer."""
        return self._answer("converse_stream", request)

    def invoke_model(self, **request: Any) -> Any:
        """Answer."""
        return self._answer("invoke_model", request)

    def close(self) -> None:
        """Note it."""
        self.closed += 1

    def _answer(self, operation: str, request: Mapping[str, Any]) -> Any:
        self.asked.append((operation, request))
        found: Any | Callable[[], Any] = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found() if callable(found) else found
