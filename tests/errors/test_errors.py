"""Errors are one tree, each with a stable code, and all of them travel."""

import copy
import inspect
import pickle
from collections.abc import Iterator
from itertools import takewhile

import pytest

import userkit
from userkit import errors
from userkit.errors import (
    DuplicateError,
    EmailAlreadyExistsError,
    OverloadedError,
    ProofRequiredError,
    RateLimitedError,
    StaleError,
    UserKitError,
)

EVERY = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, UserKitError)]

# What clients and logs rely on. Each class not named here has the code of its parent.
CODES = {
    "UserKitError": "internal_error",
    "ConfigurationError": "configuration_error",
    "UsageError": "usage_error",
    "InvalidInputError": "validation_failed",
    "InvalidEmailError": "invalid_email",
    "InvalidNameError": "invalid_name",
    "InvalidAttributesError": "invalid_attributes",
    "InvalidCursorError": "invalid_cursor",
    "InvalidTokenError": "invalid_token",
    "WeakPasswordError": "weak_password",
    "UnknownHashError": "unknown_hash",
    "ScreeningRefusedError": "screening_refused",
    "UnauthenticatedError": "unauthenticated",
    "InvalidCredentialsError": "invalid_credentials",
    "ProofRequiredError": "proof_required",
    "ForbiddenError": "forbidden",
    "ReauthenticationRequiredError": "reauthentication_required",
    "EmailNotVerifiedError": "email_not_verified",
    "CsrfFailedError": "csrf_failed",
    "NotFoundError": "not_found",
    "UserNotFoundError": "user_not_found",
    "RateLimitedError": "rate_limited",
    "OverloadedError": "overloaded",
    "MailError": "mail_failed",
    "MailerMissingError": "mailer_missing",
    "LanguageModelError": "language_model_failed",
    "ModelUnavailableError": "language_model_unavailable",
    "ContentFilteredError": "content_filtered",
    "StoreError": "store_error",
    "DuplicateError": "already_exists",
    "EmailAlreadyExistsError": "email_already_exists",
    "StaleError": "stale",
    "InvalidEntityError": "invalid_entity",
    "StoreUnavailableError": "unavailable",
}


def drawn() -> Iterator[tuple[str, str | None]]:
    """Yield each name in the tree of the docstring with the name it hangs from."""
    lines = (errors.__doc__ or "").splitlines()[2:]
    path: list[str] = []
    for line in takewhile(str.strip, lines):
        drawing = line[4:]
        name = drawing.lstrip("│├└─ ").split()[0]
        depth = (len(drawing) - len(drawing.lstrip("│├└─ "))) // 4
        yield name, path[depth - 1] if depth else None
        path[depth:] = [name]


def made(kind: type[UserKitError]) -> UserKitError:
    """Return an error with everything it may carry."""
    if kind is DuplicateError:
        return DuplicateError("label", "This label is taken.")
    if kind is RateLimitedError:
        return RateLimitedError("Wait.", retry_after=7.5)
    if kind is OverloadedError:
        return OverloadedError("Busy.", retry_after=2.5)
    if kind is ProofRequiredError:
        return ProofRequiredError("One more.", methods=("otp", "hwk"))
    return kind()


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Nothing is missing, misplaced or made up, and a child stands under its parent."""
    tree = list(drawn())
    assert len({name for name, _ in tree}) == len(tree)
    assert dict(tree) == {
        each.__name__: None if each is UserKitError else each.__bases__[0].__name__ for each in EVERY
    }


def test_an_error_has_one_parent() -> None:
    """So that catching one catches what hangs from it, and nothing else."""
    assert all(len(each.__bases__) == 1 for each in EVERY)


def test_every_error_is_public() -> None:
    """Also those that the package itself offers."""
    assert sorted(errors.__all__) == sorted(each.__name__ for each in EVERY)
    offered = {name for name in userkit.__all__ if name.endswith("Error")}
    assert all(getattr(userkit, name) is getattr(errors, name) for name in offered)


def test_codes_are_stable() -> None:
    """A client written today understands tomorrow's answers."""
    assert {each.__name__: vars(each)["code"] for each in EVERY if "code" in vars(each)} == CODES


def test_a_code_means_one_thing() -> None:
    """No two errors that are told apart share one."""
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_an_error_says_something_of_its_own(kind: type[UserKitError]) -> None:
    """Its summary is a sentence, and stands where no detail is given."""
    assert "summary" in vars(kind)
    assert kind.summary.endswith((".", "`."))
    assert kind.summary[0].isupper()
    if kind is not DuplicateError:
        assert str(kind()) == kind().detail == kind.summary
        assert str(kind("")) == kind.summary


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "travel",
    [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_an_error_travels_between_processes(kind: type[UserKitError], travel: object) -> None:
    """With all that it carries."""
    error = made(kind)
    arrived = travel(error)  # type: ignore[operator]  # one of the above
    assert type(arrived) is kind
    assert (str(arrived), arrived.args, vars(arrived)) == (str(error), error.args, vars(error))


def test_an_error_takes_a_detail() -> None:
    """The sentence for people; the code stays."""
    error = StaleError("Somebody else renamed it.")
    assert (error.detail, str(error), error.code) == ("Somebody else renamed it.",) * 2 + ("stale",)


def test_a_clash_names_its_field() -> None:
    """As the caller knows it."""
    assert DuplicateError("label").field == "label"
    assert str(DuplicateError("label")) == "Another record already has this label."
    assert str(DuplicateError("label", "Taken.")) == "Taken."
    assert EmailAlreadyExistsError().field == "email"
    assert EmailAlreadyExistsError("address", "Taken.").field == "address"


def test_too_many_attempts_say_how_long_to_wait() -> None:
    """In seconds, one unless told otherwise."""
    assert RateLimitedError().retry_after == 1.0
    assert RateLimitedError(retry_after=30).retry_after == 30
