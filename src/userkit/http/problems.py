"""Errors as problem details (RFC 9457): one table says which error is which status."""

import json
import logging
import math
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from userkit.errors import (
    DuplicateError,
    ForbiddenError,
    InvalidAttributesError,
    InvalidCredentialsError,
    InvalidCursorError,
    InvalidEmailError,
    InvalidInputError,
    InvalidNameError,
    InvalidTokenError,
    LanguageModelError,
    MailerMissingError,
    MailError,
    ModelUnavailableError,
    NotFoundError,
    OverloadedError,
    ProofRequiredError,
    RateLimitedError,
    ScreeningRefusedError,
    StaleError,
    StoreUnavailableError,
    UnauthenticatedError,
    UnknownHashError,
    UserKitError,
    WeakPasswordError,
)
from userkit.http.messages import Headers, Response

__all__ = [
    "PROBLEM_JSON",
    "BodyTooLargeError",
    "MalformedBodyError",
    "MethodNotAllowedError",
    "PreconditionFailedError",
    "UnsupportedMediaTypeError",
    "ValidationFailedError",
    "status_of",
    "to_response",
    "type_of",
]

PROBLEM_JSON = "application/problem+json"

_log = logging.getLogger("userkit.http")

_REFERENCE = "https://userkit-sdk.readthedocs.io/reference/errors/"
_CHALLENGE = 'Bearer realm="userkit"'
_DEFAULT_WAIT = 1
_LONGEST_WAIT = 24 * 60 * 60

# What these say names hosts and files: it is for whoever runs the application.
_FOR_OPERATORS = (StoreUnavailableError, MailError, MailerMissingError, LanguageModelError)
# Of these a credential that was shown is not the cause.
_OF_SIGNING_IN = (InvalidCredentialsError, ProofRequiredError)


class MalformedBodyError(InvalidInputError):
    """The body is not what its content type says."""

    code = "malformed_body"
    summary = "The body is not valid JSON."


class UnsupportedMediaTypeError(InvalidInputError):
    """The body is of a kind that is not read here."""

    code = "unsupported_media_type"
    summary = "Send the body as application/json."


class BodyTooLargeError(InvalidInputError):
    """The body is longer than what is read."""

    code = "body_too_large"
    summary = "The body is too large."


class MethodNotAllowedError(InvalidInputError):
    """This path knows other methods; ``allowed`` names them."""

    code = "method_not_allowed"
    summary = "This method is not allowed here."

    def __init__(self, allowed: tuple[str, ...]) -> None:
        """Take the methods that are allowed."""
        super().__init__()
        self.allowed = allowed

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.allowed,)


class ValidationFailedError(InvalidInputError):
    """The body or the query does not match the schema; ``errors`` says where and why."""

    code = "validation_failed"
    summary = "Some fields are missing, unknown or not valid."

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        """Take what is wrong, without what was sent."""
        super().__init__()
        self.errors = errors

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.errors,)


class PreconditionFailedError(StaleError):
    """What If-Match names is not what is stored."""


STATUSES: Mapping[type[UserKitError], HTTPStatus] = {
    MalformedBodyError: HTTPStatus.BAD_REQUEST,
    UnsupportedMediaTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MethodNotAllowedError: HTTPStatus.METHOD_NOT_ALLOWED,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidEmailError: HTTPStatus.BAD_REQUEST,
    InvalidNameError: HTTPStatus.BAD_REQUEST,
    InvalidAttributesError: HTTPStatus.BAD_REQUEST,
    InvalidCursorError: HTTPStatus.BAD_REQUEST,
    InvalidTokenError: HTTPStatus.BAD_REQUEST,
    WeakPasswordError: HTTPStatus.BAD_REQUEST,
    UnknownHashError: HTTPStatus.BAD_REQUEST,
    ScreeningRefusedError: HTTPStatus.BAD_REQUEST,
    UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    DuplicateError: HTTPStatus.CONFLICT,
    PreconditionFailedError: HTTPStatus.PRECONDITION_FAILED,
    StaleError: HTTPStatus.CONFLICT,
    RateLimitedError: HTTPStatus.TOO_MANY_REQUESTS,
    OverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    MailError: HTTPStatus.SERVICE_UNAVAILABLE,
    MailerMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    LanguageModelError: HTTPStatus.BAD_GATEWAY,
    ModelUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of every error; of several classes that fit, the nearest counts. All others are 500."""


def status_of(error: type[UserKitError]) -> HTTPStatus:
    """Return the status that an error is answered with."""
    return next(
        (STATUSES[each] for each in error.__mro__ if each in STATUSES), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def type_of(code: str) -> str:
    """Return where the error reference tells of a code."""
    return f"{_REFERENCE}#{code}"


def to_response(error: Exception, *, presented: bool = False) -> Response:
    """Return what a client is told of an error; ``presented``: it had shown a credential.

    What is not meant for clients is logged under a number, and only the number is told.
    """
    if isinstance(error, UserKitError):
        status = status_of(type(error))
        if status is not HTTPStatus.INTERNAL_SERVER_ERROR:
            return _told(error, status, presented=presented)
    number = secrets.token_hex(8)
    _log.error(
        "An error that is nobody's input, number %s", number, exc_info=error, extra={"error_id": number}
    )
    return _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal_error",
        detail="Something went wrong on our side; the log has it under this number.",
        more={"error_id": number},
    )


def _told(error: UserKitError, status: HTTPStatus, *, presented: bool) -> Response:
    detail = error.detail
    if isinstance(error, _FOR_OPERATORS):
        _log.warning("Cannot serve: %s", detail, extra={"code": error.code})
        detail = error.summary
    return _problem(
        status, code=error.code, detail=detail, more=_more(error), headers=_headers(error, presented)
    )


def _problem(
    status: HTTPStatus, *, code: str, detail: str, more: Mapping[str, Any], headers: Headers = ()
) -> Response:
    body = {
        "type": type_of(code),
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        **more,
    }
    return Response(
        status=int(status),
        headers=(("content-type", PROBLEM_JSON), ("cache-control", "no-store"), *headers),
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"),
    )


def _more(error: UserKitError) -> Mapping[str, Any]:
    if isinstance(error, ValidationFailedError):
        return {"errors": error.errors}
    if isinstance(error, ProofRequiredError):
        return {"methods": list(error.methods)}
    if isinstance(error, ScreeningRefusedError):
        return {"reasons": list(error.reasons)}
    return {}


def _headers(error: UserKitError, presented: bool) -> Headers:
    match error:
        case UnauthenticatedError():
            # RFC 6750, section 3: nothing is said of an error where no credential was shown.
            blamed = presented and not isinstance(error, _OF_SIGNING_IN)
            return (("www-authenticate", _CHALLENGE + (', error="invalid_token"' if blamed else "")),)
        case RateLimitedError() | OverloadedError() | ModelUnavailableError():
            return (("retry-after", _seconds(error.retry_after)),)
        case StoreUnavailableError() | MailError() | MailerMissingError():
            return (("retry-after", str(_DEFAULT_WAIT)),)
        case MethodNotAllowedError():
            return (("allow", ", ".join(error.allowed)),)
        case _:
            return ()


def _seconds(wait: float) -> str:
    """Return a wait as whole seconds (RFC 9110, section 10.2.3); a limiter may not know an end."""
    if math.isnan(wait):
        return str(_DEFAULT_WAIT)
    return str(math.ceil(min(max(wait, _DEFAULT_WAIT), _LONGEST_WAIT)))
