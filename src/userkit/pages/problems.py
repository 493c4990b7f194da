"""What is said of an error: at a form, or on a page of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from userkit.errors import CsrfFailedError, ProofRequiredError, RateLimitedError, UserKitError
from userkit.http.messages import Headers, Response
from userkit.http.problems import to_response
from userkit.pages.page import Page
from userkit.pages.words import wait_in_words

__all__ = ["Problem", "problem_at", "problem_page"]

_TITLES: Mapping[int, str] = {
    403: "This was not accepted",
    404: "There is nothing here",
    405: "This cannot be done here",
    413: "This is too much",
    500: "Something went wrong",
    503: "Try again in a moment",
}
_TEXTS: Mapping[type[Exception], str] = {
    CsrfFailedError: "This form did not come from this site, or you have signed in anew since it was shown. "
    "Go back, load the page again, and send it once more.",
    ProofRequiredError: "One more proof is needed. Type your password again, and the proof below it.",
}
_OF_THE_BODY = frozenset({"content-type", "cache-control"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, for people. ``field`` is what it is about, None for the whole form.

    ``methods`` are the further proofs of which one is asked for.
    """

    title: str
    text: str
    status: int
    headers: Headers = ()
    field: str | None = None
    methods: tuple[str, ...] = ()
    number: str | None = None


def problem_at(page: Page, error: UserKitError) -> Problem:
    """Return what is said at the form of a page."""
    place = page.place_of(error)
    answer = to_response(error)
    return Problem(
        title="There is a problem",
        text=_text(error) if place is None or place.text is None else place.text,
        status=answer.status,
        headers=_headers(answer),
        field=None if place is None else place.field,
        methods=error.methods if isinstance(error, ProofRequiredError) else (),
    )


def problem_page(error: Exception) -> Problem:
    """Return what is said on a page that says nothing else. What is not for people is logged."""
    answer = to_response(error)
    told = json.loads(answer.body)
    return Problem(
        title=_TITLES.get(answer.status, "This was not understood"),
        text=_TEXTS.get(type(error), told["detail"]),
        status=answer.status,
        headers=_headers(answer),
        number=told.get("error_id"),
    )


def _text(error: UserKitError) -> str:
    if isinstance(error, RateLimitedError):
        return f"Too many attempts. Try again {wait_in_words(error.retry_after)}."
    return _TEXTS.get(type(error), error.detail)


def _headers(answer: Response) -> Headers:
    return tuple(header for header in answer.headers if header[0] not in _OF_THE_BODY)
