"""What the errors of botocore mean: whether to try again, and whether something may have happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from botocore import exceptions
from botocore.parsers import ResponseParserError

from userkit.errors import StoreUnavailableError

__all__ = ["Fault", "OutcomeUnknownError", "Refusal", "code_of", "fault_of", "reasons_of"]

_BUSY = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
_DOUBTFUL = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "TransactionInProgressException",
    }
)
_BUSY_REASONS = frozenset(
    {"ProvisionedThroughputExceeded", "ReplicatedWriteConflict", "ThrottlingError", "TransactionConflict"}
)
_SERVER_ERROR = 500
_NOT_SENT = (
    exceptions.ConnectTimeoutError,
    exceptions.CredentialRetrievalError,
    exceptions.EndpointConnectionError,
    exceptions.MetadataRetrievalError,
    exceptions.ProxyConnectionError,
)


class Fault(Enum):
    """What an error says about its request."""

    REFUSED = auto()
    """A condition was not met."""

    BUSY = auto()
    """It was not done, and may be done later."""

    DOUBTFUL = auto()
    """Nobody knows whether it was done."""

    FINAL = auto()
    """It was not done, and would not be."""


@dataclass(slots=True, eq=False)
class Refusal(Exception):  # noqa: N818  # it never leaves this package
    """Conditions that were not met: for each item None, or the item that was found instead.

    ``doubtful``: an earlier attempt of the same request may have been done.
    """

    found: Sequence[Mapping[str, Any] | None]
    doubtful: bool


class OutcomeUnknownError(StoreUnavailableError):
    """A request was of no avail, or done: no answer says which."""


def fault_of(error: Exception) -> Fault:
    """Return what an error of botocore means."""
    if isinstance(error, exceptions.ClientError):
        return _of_answer(error)
    if isinstance(error, _NOT_SENT):
        return Fault.BUSY
    # A lost or garbled answer: the request may have been done.
    lost = (exceptions.HTTPClientError, exceptions.ReadTimeoutError, ResponseParserError)
    return Fault.DOUBTFUL if isinstance(error, lost) else Fault.FINAL


def code_of(error: Exception) -> str:
    """Return the code of an answer of DynamoDB, or nothing."""
    answer = error.response if isinstance(error, exceptions.ClientError) else {}
    return str(answer.get("Error", {}).get("Code", ""))


def reasons_of(error: Exception) -> Sequence[Mapping[str, Any]]:
    """Return for each item of a transaction why it was cancelled."""
    response: Any = getattr(error, "response", {})
    reasons: Sequence[Mapping[str, Any]] = response.get("CancellationReasons", ())
    return reasons


def _of_answer(error: exceptions.ClientError) -> Fault:
    code = code_of(error)
    if code == "ConditionalCheckFailedException":
        return Fault.REFUSED
    if code == "TransactionCanceledException":
        return _of_reasons({str(each.get("Code")) for each in reasons_of(error)})
    if code in _BUSY:
        return Fault.BUSY
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Fault.DOUBTFUL if code in _DOUBTFUL or status >= _SERVER_ERROR else Fault.FINAL


def _of_reasons(codes: set[str]) -> Fault:
    if "ConditionalCheckFailed" in codes:
        return Fault.REFUSED
    return Fault.BUSY if codes & _BUSY_REASONS else Fault.FINAL
