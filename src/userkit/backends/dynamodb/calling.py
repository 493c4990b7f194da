"""Requests: tried again when DynamoDB is busy or does not answer, within bounds, and out of step."""

import random
import time
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from userkit.backends.dynamodb.faults import (
    Fault,
    OutcomeUnknownError,
    Refusal,
    code_of,
    fault_of,
    reasons_of,
)
from userkit.backends.dynamodb.links import Link
from userkit.backends.dynamodb.translation import Place, translated
from userkit.errors import StoreUnavailableError, UserKitError

__all__ = ["Answer", "Caller"]

Answer = Mapping[str, Any]

_WRITES = frozenset({"delete_item", "put_item", "transact_write_items"})
_FIRST_PAUSE = 0.025
_LONGEST_PAUSE = 1.0


class Caller:
    """Make requests about one table."""

    def __init__(
        self, link: Link, table: str, *, attempts: int, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Take where requests go out, and how often to try."""
        self.table = table
        self.link = link
        self.attempts = attempts
        self._pause = pause

    def __call__(self, operation: str, /, **request: Any) -> Answer:
        """Make a request about the table, named as boto3 does: ``get_item``."""
        return self.bare(operation, TableName=self.table, **request)

    def bare(self, operation: str, /, **request: Any) -> Answer:
        """Make a request, again while that may help.

        Raises Refusal when a condition is not met, StoreUnavailableError when it was of no avail,
        and ConfigurationError for what somebody must mend. An attempt of which nobody knows
        whether it was done is noted as ``doubtful``.
        """
        doubtful = False
        for attempt in range(self.attempts):
            try:
                answer: Answer = getattr(self.link.client, operation)(**request)
            except (BotoCoreError, ClientError, ResponseParserError) as error:
                fault = fault_of(error)
                if fault is Fault.REFUSED:
                    raise _refusal(error, doubtful=doubtful) from error
                doubtful = doubtful or (fault is Fault.DOUBTFUL and operation in _WRITES)
                if fault is Fault.FINAL or attempt + 1 == self.attempts:
                    raise self._failure(error, operation, doubtful=doubtful) from error
            else:
                return answer
            self.wait(attempt)
        raise AssertionError  # there is one attempt at least

    def unless(self, codes: Container[str], operation: str, /, **request: Any) -> Answer | str:
        """Make a request about the table; return the code of an error that is one of these."""
        try:
            return self(operation, **request)
        except UserKitError as error:
            cause = error.__cause__
            code = code_of(cause) if isinstance(cause, Exception) else ""
            if code and code in codes:
                return code
            raise

    def pages(self, operation: str, /, **request: Any) -> Iterator[Answer]:
        """Make a request about the table, and go on where each answer ends."""
        while True:
            answer = self(operation, **request)
            yield answer
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def wait(self, attempt: int) -> None:
        """Pause before the next attempt: a random time, longer each time."""
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
        self._pause(random.uniform(0, longest))  # noqa: S311  # only to keep out of step

    def _failure(self, error: Exception, operation: str, *, doubtful: bool) -> UserKitError:
        failure = translated(error, operation, self.place)
        if not doubtful or not isinstance(failure, StoreUnavailableError):
            return failure
        return OutcomeUnknownError(f"{failure.detail} Whether the request was done is not known.")

    @property
    def place(self) -> Place:
        """Return where the table is, in words."""
        return Place(self.table, self.link)


def _refusal(error: Exception, *, doubtful: bool) -> Refusal:
    response: Any = getattr(error, "response", {})
    # The client of an application tries again by itself.
    doubtful = doubtful or response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
    reasons = reasons_of(error)
    if not reasons:
        return Refusal([response.get("Item", {})], doubtful)
    failed = (each.get("Code") == "ConditionalCheckFailed" for each in reasons)
    found = [
        each.get("Item", {}) if is_failed else None for each, is_failed in zip(reasons, failed, strict=True)
    ]
    return Refusal(found, doubtful)
