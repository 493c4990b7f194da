"""Errors are problem details (RFC 9457), and what is not meant for clients stays in the log."""

import json
import logging
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.doors import answered, application, asking, problem, route
from userkit import errors
from userkit.errors import UserKitError
from userkit.http import problems
from userkit.http.problems import (
    BodyTooLargeError,
    MalformedBodyError,
    MethodNotAllowedError,
    PreconditionFailedError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
    status_of,
    to_response,
    type_of,
)
from userkit.http.route import PUBLIC, AnyCall, Reply
from userkit.sync import run

# Every error that has a status of its own, as the table of the contract has it.
TABLE: dict[type[UserKitError], tuple[int, str]] = {
    errors.InvalidInputError: (422, "validation_failed"),
    errors.InvalidEmailError: (400, "invalid_email"),
    errors.InvalidNameError: (400, "invalid_name"),
    errors.InvalidAttributesError: (400, "invalid_attributes"),
    errors.InvalidCursorError: (400, "invalid_cursor"),
    errors.InvalidTokenError: (400, "invalid_token"),
    errors.WeakPasswordError: (400, "weak_password"),
    errors.UnknownHashError: (400, "unknown_hash"),
    errors.ScreeningRefusedError: (400, "screening_refused"),
    MalformedBodyError: (400, "malformed_body"),
    UnsupportedMediaTypeError: (415, "unsupported_media_type"),
    ValidationFailedError: (422, "validation_failed"),
    BodyTooLargeError: (413, "body_too_large"),
    MethodNotAllowedError: (405, "method_not_allowed"),
    errors.UnauthenticatedError: (401, "unauthenticated"),
    errors.InvalidCredentialsError: (401, "invalid_credentials"),
    errors.ProofRequiredError: (401, "proof_required"),
    errors.ForbiddenError: (403, "forbidden"),
    errors.ReauthenticationRequiredError: (403, "reauthentication_required"),
    errors.EmailNotVerifiedError: (403, "email_not_verified"),
    errors.CsrfFailedError: (403, "csrf_failed"),
    errors.NotFoundError: (404, "not_found"),
    errors.UserNotFoundError: (404, "user_not_found"),
    errors.DuplicateError: (409, "already_exists"),
    errors.EmailAlreadyExistsError: (409, "email_already_exists"),
    errors.StaleError: (409, "stale"),
    PreconditionFailedError: (412, "stale"),
    errors.RateLimitedError: (429, "rate_limited"),
    errors.OverloadedError: (503, "overloaded"),
    errors.StoreUnavailableError: (503, "unavailable"),
    errors.MailError: (503, "mail_failed"),
    errors.MailRefusedError: (503, "mail_failed"),
    errors.MailUnavailableError: (503, "mail_failed"),
    errors.MailerMissingError: (503, "mailer_missing"),
    errors.LanguageModelError: (502, "language_model_failed"),
    errors.ModelUnavailableError: (503, "language_model_unavailable"),
    errors.ModelTimeoutError: (503, "language_model_unavailable"),
    errors.ModelThrottledError: (503, "language_model_unavailable"),
    errors.ModelNotReadyError: (503, "language_model_unavailable"),
    errors.ModelStreamError: (503, "language_model_unavailable"),
    errors.ModelQuotaError: (502, "language_model_failed"),
    errors.ModelAccessError: (502, "language_model_failed"),
    errors.UnknownModelError: (502, "language_model_failed"),
    errors.ModelRequestError: (502, "language_model_failed"),
    errors.ModelReplyError: (502, "language_model_failed"),
    errors.ContentFilteredError: (502, "content_filtered"),
    errors.GuardrailError: (502, "content_filtered"),
}
MADE: dict[type[UserKitError], Callable[[], UserKitError]] = {
    ValidationFailedError: lambda: ValidationFailedError([]),
    MethodNotAllowedError: lambda: MethodNotAllowedError(("GET", "OPTIONS")),
    errors.DuplicateError: lambda: errors.DuplicateError("name"),
}
SECRET = "postgresql://ada:hunter2@db.internal/var/lib/app.db"


def every_error(root: type[UserKitError] = UserKitError) -> Iterator[type[UserKitError]]:
    """Return every error of userkit."""
    yield root
    for kind in sorted(root.__subclasses__(), key=lambda each: each.__qualname__):
        if kind.__module__ in (errors.__name__, problems.__name__):
            yield from every_error(kind)


def made(kind: type[UserKitError]) -> UserKitError:
    """Return an error of a kind."""
    return MADE.get(kind, kind)()


@pytest.mark.parametrize("kind", list(TABLE), ids=lambda kind: kind.__name__)
def test_every_error_has_its_status_and_code(kind: type[UserKitError]) -> None:
    """And the form of RFC 9457, with a type that leads to the error reference."""
    answer = to_response(made(kind))
    assert problem(answer) == TABLE[kind]
    told = answered(answer)
    assert told["type"] == type_of(told["code"]) == f"{type_of('')}{told['code']}"
    assert told["detail"].endswith(".")
    assert told["title"]
    assert status_of(kind) == answer.status


@pytest.mark.parametrize(
    "kind", [kind for kind in every_error() if kind not in TABLE], ids=lambda kind: kind.__name__
)
def test_all_others_are_ours(kind: type[UserKitError]) -> None:
    """A wrong set-up or call is nobody's input; its code is not told either."""
    answer = to_response(kind(SECRET))
    assert problem(answer) == (500, "internal_error")
    assert b"hunter2" not in answer.body
    assert kind.__name__.encode() not in answer.body
    assert status_of(kind) == 500


def test_errors_of_others_have_the_status_of_their_parents() -> None:
    """A feature of somebody else may have errors of its own."""

    class TeapotError(errors.ForbiddenError):
        """A teapot."""

        code = "teapot"

    assert problem(to_response(TeapotError("No coffee here."))) == (403, "teapot")


@pytest.mark.parametrize(
    "kind", [kind for kind in TABLE if TABLE[kind][0] == 401], ids=lambda kind: kind.__name__
)
def test_every_401_says_how_to_sign_in(kind: type[UserKitError]) -> None:
    """It blames a credential only where one was shown and is the reason (RFC 6750, section 3)."""
    assert to_response(made(kind)).header("www-authenticate") == 'Bearer realm="userkit"'
    shown = to_response(made(kind), presented=True).header("www-authenticate")
    blamed = ', error="invalid_token"' if kind is errors.UnauthenticatedError else ""
    assert shown == f'Bearer realm="userkit"{blamed}'


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (0.0, "1"),
        (-5.0, "1"),
        (0.2, "1"),
        (1.0, "1"),
        (1.01, "2"),
        (59.5, "60"),
        (7, "7"),
        (math.inf, "86400"),
        (-math.inf, "1"),
        (math.nan, "1"),
        (1e300, "86400"),
    ],
)
def test_a_wait_is_whole_seconds(wait: float, told: str) -> None:
    """At least one, and never more than a day."""
    for kind in (errors.RateLimitedError, errors.OverloadedError):
        assert to_response(kind(retry_after=wait)).header("retry-after") == told


@given(st.floats() | st.integers())
def test_any_wait_can_be_told(wait: float) -> None:
    """Whatever a limiter has computed."""
    told = to_response(errors.RateLimitedError(retry_after=wait)).header("retry-after")
    assert told is not None
    assert 1 <= int(told) <= 24 * 60 * 60


def test_who_is_not_served_may_come_back() -> None:
    """Each 429 and 503 says when."""
    for kind, (status, _) in TABLE.items():
        assert (to_response(made(kind)).header("retry-after") is not None) is (status in (429, 503))


def test_some_problems_say_more() -> None:
    """What is allowed, what is wrong and where, and what is to be proved."""
    assert to_response(MethodNotAllowedError(("GET", "HEAD"))).header("allow") == "GET, HEAD"
    wrong = [{"loc": ["body", "name"], "msg": "Field required", "type": "missing"}]
    assert answered(to_response(ValidationFailedError(wrong)))["errors"] == wrong
    proof = errors.ProofRequiredError(methods=("totp", "recovery_code"))
    assert answered(to_response(proof))["methods"] == ["totp", "recovery_code"]


@pytest.mark.parametrize(
    "kind", [errors.StoreUnavailableError, errors.MailUnavailableError, errors.MailRefusedError]
)
def test_st_4_hosts_and_files_are_told_to_the_log_only(
    kind: type[UserKitError], caplog: pytest.LogCaptureFixture
) -> None:
    """What a store says of its address is for whoever runs the application."""
    answer = to_response(kind("The SQLite database /var/lib/app.db is locked."))
    assert answered(answer)["detail"] == kind.summary
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "Cannot serve: The SQLite database /var/lib/app.db is locked."
    assert record.__dict__["code"] == kind.code


def _failing() -> Exception:
    try:
        raise OSError(2, "No such file", "/etc/hunter2")
    except OSError as cause:
        error = RuntimeError(SECRET)
        error.__cause__ = cause
        error.add_note("hunter2")
        return error


@pytest.mark.parametrize("error", [_failing(), errors.ConfigurationError(SECRET), KeyError("hunter2")])
def test_st_4_what_went_wrong_inside_stays_inside(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Neither text, class, cause nor path are told, but a number, under which the log has it once."""

    async def fail(_: AnyCall) -> Reply:
        raise error

    answer = run(application().run(route(fail, access=PUBLIC), asking()))
    assert problem(answer) == (500, "internal_error")
    told = answered(answer)
    assert set(told) == {"type", "title", "status", "detail", "code", "error_id"}
    shown = answer.body.decode().replace("internal_error", "").replace("Internal Server Error", "")
    for leak in ("hunter2", "/etc", "Error", "Traceback", "postgresql", __file__, "configuration"):
        assert leak not in shown
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("userkit.http", logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert record.__dict__["error_id"] == told["error_id"]
    assert told["error_id"] in record.getMessage()


def test_numbers_differ() -> None:
    """Each failure is found on its own."""
    numbers = {answered(to_response(RuntimeError()))["error_id"] for _ in range(50)}
    assert len(numbers) == 50


def test_whatever_a_detail_holds_is_sent() -> None:
    """Also what is no text that UTF-8 can say."""
    answer = to_response(errors.ForbiddenError('"Grüße" \ud800\n\0'))
    assert answered(answer)["detail"] == '"Grüße" ?\n\0'


@pytest.mark.parametrize(
    "error",
    [MethodNotAllowedError(("GET",)), ValidationFailedError([{"loc": [], "msg": "m", "type": "t"}])],
)
def test_errors_travel(error: Any) -> None:
    """Between processes, as all errors of userkit do."""
    kind, given_ = error.__reduce__()
    again = kind(*given_)
    assert (type(again), again.__dict__) == (type(error), error.__dict__)


def test_a_problem_is_compact_json() -> None:
    """In UTF-8, with the members in the order of the contract."""
    body = to_response(errors.NotFoundError()).body
    assert list(json.loads(body)) == ["type", "title", "status", "detail", "code"]
    assert b'","' in body
