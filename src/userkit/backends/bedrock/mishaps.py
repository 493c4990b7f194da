"""What goes wrong before AWS answers, or on the way of its answer, in our errors."""

from collections.abc import Callable
from dataclasses import dataclass

from botocore import exceptions
from botocore.eventstream import ParserError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as LateBytesError

from userkit.errors import (
    LanguageModelError,
    ModelAccessError,
    ModelReplyError,
    ModelRequestError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnknownModelError,
)

__all__ = ["FAILURES", "INVALID", "UNREADABLE", "Refusal", "refusal_of_mishap"]

FAILURES = (
    exceptions.BotoCoreError,
    exceptions.ClientError,
    HTTPError,
    OSError,
    ParserError,
    ResponseParserError,
)
"""What a request of boto3, and reading what it answers, may raise."""

INVALID = "AWS finds the request not valid for this model: it may be too long, or ask for what it cannot do."
"""What is said of a request that is refused for what it is."""

UNREADABLE = "What AWS answered cannot be read."
"""What is said of an answer in another shape than the documented one."""

_NO_CREDENTIALS = (
    "There are no usable AWS credentials: set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
    "give the machine a role."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error of ours, and whether the request may be made ``again``, after so many seconds if said.

    ``without`` names what of ``inferenceConfig`` the model does not take.
    """

    error: LanguageModelError
    again: bool = False
    after: float | None = None
    without: str | None = None


def refusal_of_mishap(error: Exception) -> Refusal:
    """Return what an error of boto3 means that is not an answer of AWS."""
    for kinds, refusal in _MEANINGS:
        if isinstance(error, kinds):
            return refusal()
    return Refusal(error=ModelUnavailableError("The request to AWS failed on the way."))


def _said(kind: type[LanguageModelError], sentence: str, *, again: bool = False) -> Callable[[], Refusal]:
    return lambda: Refusal(error=kind(sentence), again=again)


_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Callable[[], Refusal]], ...] = (
    # Nothing was sent, so that it does no harm to try again.
    ((exceptions.ConnectTimeoutError,), _said(ModelTimeoutError, "AWS did not answer in time.", again=True)),
    (
        (exceptions.EndpointConnectionError, exceptions.ProxyConnectionError),
        _said(ModelUnavailableError, "AWS cannot be reached.", again=True),
    ),
    # Answers are not counted against a connection that ended before there was one: often it is one that had
    # been kept too long.
    (
        (exceptions.ConnectionClosedError,),
        _said(ModelUnavailableError, "AWS ended the connection without an answer.", again=True),
    ),
    # The answer may be on its way and is paid for, so that nobody asks for a second one here.
    (
        (exceptions.ReadTimeoutError, LateBytesError, TimeoutError),
        _said(ModelTimeoutError, "The language model did not answer in time."),
    ),
    ((exceptions.SSLError,), _said(ModelUnavailableError, "No secure connection to AWS can be made.")),
    (
        (
            exceptions.CredentialRetrievalError,
            exceptions.LoginError if hasattr(exceptions, "LoginError") else exceptions.SSOError,
            exceptions.MetadataRetrievalError,
            exceptions.NoAuthTokenError,
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.ProfileNotFound,
            exceptions.SSOError,
            exceptions.TokenRetrievalError,
        ),
        _said(ModelAccessError, _NO_CREDENTIALS),
    ),
    (
        (exceptions.NoRegionError, exceptions.EndpointProviderError),
        _said(UnknownModelError, "AWS has no place to ask for this model: check the region."),
    ),
    ((exceptions.ParamValidationError,), _said(ModelRequestError, INVALID)),
    (
        (ParserError, ResponseParserError),
        _said(ModelReplyError, UNREADABLE),
    ),
    ((HTTPError, OSError), _said(ModelUnavailableError, "The answer of AWS broke off.")),
)
