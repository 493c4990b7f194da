"""Reading what a form or a query string of a page says."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, unquote

from userkit.http.messages import Request
from userkit.http.problems import MalformedBodyError, UnsupportedMediaTypeError, ValidationFailedError
from userkit.http.route import FORM
from userkit.http.schemas import LONGEST_TEXT

__all__ = ["read_form", "read_query", "token_in"]

_MOST_FIELDS = 200
_MARK = "#token="


def read_form(request: Request, *, takes: Callable[[str], bool]) -> Mapping[str, str]:
    """Return the fields of a form, each of which must be one that the page takes.

    Raises UnsupportedMediaTypeError, MalformedBodyError and ValidationFailedError.
    """
    given = (request.value("content-type") or "").partition(";")[0]
    if given.strip().lower() != FORM:
        raise UnsupportedMediaTypeError(f"Send the form as {FORM}.")
    try:
        text = request.body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise MalformedBodyError("The form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs) or not all(takes(name) for name in fields):
        raise ValidationFailedError([])
    if any(len(value) > LONGEST_TEXT or "\0" in value for value in fields.values()):
        raise ValidationFailedError([])
    return fields


def read_query(request: Request) -> Mapping[str, str]:
    """Return the query string; what cannot be read, or is there twice, is not there."""
    try:
        pairs = parse_qsl(request.query, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def token_in(text: str) -> str:
    """Return the token of a link as it stands in a mail; a token alone is returned as it is."""
    _, mark, rest = text.partition(_MARK)
    return unquote(rest.split()[0].partition("&")[0]) if mark and rest.split() else text.strip()
