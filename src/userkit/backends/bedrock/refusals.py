"""What goes wrong with Bedrock, in our errors: what it means, and whether to ask again.

What AWS says of a request may repeat the request, so that none of it is passed on: an error of ours
has the code, the id of the request for AWS's support, and what to do.

Source: the errors of Converse, ConverseStream and InvokeModel in the API reference of Amazon Bedrock
Runtime, and "Troubleshooting Amazon Bedrock API error codes" in the user guide.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore import exceptions
from urllib3.exceptions import ReadTimeoutError as LateBytesError

from userkit.backends.bedrock.mishaps import INVALID, Refusal, refusal_of_mishap
from userkit.errors import (
    LanguageModelError,
    ModelAccessError,
    ModelNotReadyError,
    ModelQuotaError,
    ModelRequestError,
    ModelStreamError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnknownModelError,
)

__all__ = ["broken_stream", "refusal_of"]

E = TypeVar("E", bound=LanguageModelError)

_SERVER_ERROR = 500
_BUSY = 429

_ACCESS = (
    "AWS refuses these credentials the model: allow bedrock:InvokeModel (to stream also "
    "bedrock:InvokeModelWithResponseStream) on it and its inference profile, bedrock:ApplyGuardrail on a "
    "guardrail, and see that the account has access to the model."
)
_CREDENTIALS = "AWS does not take these credentials: they are wrong, or have expired."
_UNKNOWN = "AWS knows no such model or inference profile in this region."
_ON_DEMAND = (
    "This model is served through inference profiles only: name one, such as eu.anthropic.… or its ARN, "
    "instead of the model."
)
_GUARDRAIL = "AWS does not take the guardrail of the settings: check its id and its version."
_TOOLS = "The model does not take the tool by which an object is asked for: see the option tool_choice."

_TEMPERATURE = "The model takes no temperature."
_NOT_TAKEN = ("deprecated", "not supported", "unsupported", "not allowed", "does not support")

_Reading = Callable[[str, str, float | None], Refusal]
"""Makes a refusal of what to add to the sentence, AWS's message, and the seconds to wait."""


def refusal_of(error: Exception) -> Refusal:
    """Return what an error of boto3 means."""
    if isinstance(error, exceptions.ClientError):
        return _of_answer(error)
    return refusal_of_mishap(error)


def broken_stream(error: Exception) -> LanguageModelError:
    """Return what an error in the middle of a stream means."""
    if isinstance(error, exceptions.ClientError):
        code = _text(error.response.get("Error"), "Code")
        if code.lower().startswith("throttling"):
            return ModelThrottledError()
    if isinstance(error, LateBytesError | exceptions.ReadTimeoutError | TimeoutError):
        return ModelTimeoutError("The next piece of the answer did not come in time.")
    return ModelStreamError()


def _of_answer(error: exceptions.ClientError) -> Refusal:
    facts: Mapping[str, Any] = error.response.get("ResponseMetadata") or {}
    code = _text(error.response.get("Error"), "Code")
    message = _text(error.response.get("Error"), "Message").lower()
    status = facts.get("HTTPStatusCode")
    more = _more(code, _text(facts, "RequestId"))
    after = _seconds(facts.get("HTTPHeaders") or {})
    reading = _CODES.get(code)
    if reading is None:
        reading = _of_status(status if isinstance(status, int) else 0)
    return reading(more, message, after)


def _of_status(status: int) -> _Reading:
    if status == _BUSY:
        return _throttled
    if status in {401, 403}:
        return _final(ModelAccessError, _ACCESS)
    return _unavailable if status >= _SERVER_ERROR or status < 400 else _final(ModelRequestError, INVALID)


def _final(kind: type[E], sentence: str) -> _Reading:
    return lambda more, _message, _after: Refusal(error=kind(f"{sentence}{more}"))


def _throttled(more: str, message: str, after: float | None) -> Refusal:
    if "per day" in message or "daily" in message:
        return Refusal(error=ModelQuotaError(f"{ModelQuotaError.summary}{more}"))
    error = ModelThrottledError(f"{ModelThrottledError.summary}{more}", retry_after=after or 1.0)
    return Refusal(error=error, again=True, after=after)


def _not_ready(more: str, _message: str, after: float | None) -> Refusal:
    error = ModelNotReadyError(f"{ModelNotReadyError.summary}{more}", retry_after=after or 1.0)
    return Refusal(error=error, again=True, after=after)


def _unavailable(more: str, _message: str, after: float | None) -> Refusal:
    error = ModelUnavailableError(f"{ModelUnavailableError.summary}{more}", retry_after=after or 1.0)
    return Refusal(error=error, again=True, after=after)


def _invalid(more: str, message: str, _after: float | None) -> Refusal:
    if "temperature" in message and any(words in message for words in _NOT_TAKEN):
        return Refusal(error=ModelRequestError(f"{_TEMPERATURE}{more}"), without="temperature")
    if "on-demand throughput" in message:
        return Refusal(error=ModelRequestError(f"{_ON_DEMAND}{more}"))
    if "model identifier is invalid" in message:
        return Refusal(error=UnknownModelError(f"{_UNKNOWN}{more}"))
    if "guardrail" in message:
        return Refusal(error=ModelRequestError(f"{_GUARDRAIL}{more}"))
    if "toolconfig" in message or "tool use" in message or "toolchoice" in message:
        return Refusal(error=ModelRequestError(f"{_TOOLS}{more}"))
    return Refusal(error=ModelRequestError(f"{INVALID}{more}"))


_CODES: Mapping[str, _Reading] = {
    "AccessDenied": _final(ModelAccessError, _ACCESS),
    "AccessDeniedException": _final(ModelAccessError, _ACCESS),
    "NotAuthorized": _final(ModelAccessError, _ACCESS),
    "OptInRequired": _final(ModelAccessError, _ACCESS),
    **dict.fromkeys(
        (
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        _final(ModelAccessError, _CREDENTIALS),
    ),
    "ResourceNotFoundException": _final(UnknownModelError, _UNKNOWN),
    "ValidationException": _invalid,
    "ServiceQuotaExceededException": _final(ModelQuotaError, ModelQuotaError.summary),
    "Throttling": _throttled,
    "ThrottlingException": _throttled,
    "TooManyRequestsException": _throttled,
    "ModelNotReadyException": _not_ready,
    # The model has worked as long as it may: a second time would cost as much, and end as this did.
    "ModelTimeoutException": _final(ModelTimeoutError, ModelTimeoutError.summary),
    # The model itself failed, and fails again on the same words as a rule.
    "ModelErrorException": _final(ModelUnavailableError, "The language model failed while it answered."),
    "ModelStreamErrorException": _final(ModelStreamError, ModelStreamError.summary),
    "InternalFailure": _unavailable,
    "InternalServerException": _unavailable,
    "ServiceUnavailable": _unavailable,
    "ServiceUnavailableException": _unavailable,
}


def _text(facts: Any, key: str) -> str:
    value = facts.get(key) if isinstance(facts, Mapping) else None
    return value if isinstance(value, str) else ""


def _more(code: str, request: str) -> str:
    facts = [each for each in (_plain(code), f"request {_plain(request)}" if _plain(request) else "") if each]
    return f" ({', '.join(facts)})" if facts else ""


def _plain(text: str) -> str:
    return text if len(text) <= 100 and text.replace("-", "").isalnum() and text.isascii() else ""


def _seconds(headers: Any) -> float | None:
    text = _text(headers, "retry-after").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None
