"""Options of URLs: read strictly, and told of without what they say, which may be a secret."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from userkit.errors import InvalidURLError

__all__ = ["check_option", "read_options", "settled"]

S = TypeVar("S")

_LONGEST_SHOWN = 40


def read_options(
    query: str, known: Collection[str], *, url: str, broken: str | None = None
) -> dict[str, str]:
    """Return the options of a query by name; ``url`` is what the URL is called, such as ``store URL``.

    With ``broken``, which says so, a pair without ``=`` is refused. Raises InvalidURLError.
    """
    options: dict[str, str] = {}
    for option, value in _pairs(query, broken):
        check_option(option, known, url=url)
        if option in options:
            raise InvalidURLError(f"The {url} says {option} more than once.")
        options[option] = value
    return options


def check_option(option: str, known: Collection[str], *, url: str, told: str | None = None) -> None:
    """Raise InvalidURLError unless an option is known; ``told`` lists those there are, by default all."""
    if option not in known:
        close = get_close_matches(option, known, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise InvalidURLError(
            f"The {url} has an option that is not known here, {option[:_LONGEST_SHOWN]!r}. {hint}"
            f"There are: {told or ', '.join(sorted(known))}."
        )


def settled(kind: Callable[..., S], chosen: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> S:
    """Make settings, a model of pydantic, of what a URL has ``chosen`` and of those ``given`` beside it.

    What is chosen wins. Raises InvalidURLError with what is wrong, and not with what was said.
    """
    try:
        return kind(**{**(given or {}), **chosen})
    except ValueError as error:
        problems = error.errors()  # type: ignore[attr-defined]  # pydantic's own kind of it
        wrong = {str(problem["loc"][0]): problem["msg"] for problem in problems if problem["loc"]}
    # Outside of the except block: what pydantic says repeats the values.
    raise InvalidURLError("; ".join(f"{name}: {message}" for name, message in sorted(wrong.items())) + ".")


def _pairs(query: str, broken: str | None) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query and broken))
    except ValueError:
        pass
    # Outside of the except block: what it says repeats the query.
    raise InvalidURLError(broken)
