"""Reading bodies and query strings, strictly: what is not asked for is refused, and nothing is guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from urllib.parse import parse_qsl

from userkit.http.messages import Request
from userkit.http.problems import MalformedBodyError, UnsupportedMediaTypeError, ValidationFailedError
from userkit.http.route import FORM, JSON
from userkit.kernel.origin import printable

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

__all__ = ["read_body", "read_form", "read_query"]

M = TypeVar("M", bound="BaseModel")

_MOST_FIELDS = 100
_LONGEST_NAME = 64
_MOST_COMPLAINTS = 100

# How numbers and switches are written in queries and forms. Pydantic takes 1_0, " 5", 5.0 and "yes", too.
_SPELLINGS = {
    int: ("integer", "int_parsing", re.compile(r"-?(0|[1-9][0-9]*)")),
    bool: ("boolean", "bool_parsing", re.compile(r"true|false")),
}


def read_body(model: type[M], request: Request, *, media_type: str = JSON) -> M:
    """Return the body of a request as a model.

    Raises UnsupportedMediaTypeError, MalformedBodyError and ValidationFailedError.
    """
    _check_media_type(request, media_type)
    if media_type == FORM:
        return read_form(model, request.body)
    _check_json(request.body)
    return _validated(model, request.body, "body")


def read_form(model: type[M], body: bytes) -> M:
    """Return the fields of a form as a model. Raises as ``read_body``."""
    try:
        text = body.decode("ascii")
        fields = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise MalformedBodyError("The body is not a valid form.") from None
    return _from_pairs(model, fields, "body")


def read_query(model: type[M] | None, query: str) -> M | None:
    """Return the query string as a model; where a route takes none, there must be none.

    Raises ValidationFailedError.
    """
    if not query and model is None:
        return None
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise ValidationFailedError(
            [{"loc": ["query"], "msg": "The query string cannot be read", "type": "malformed"}]
        ) from None
    if model is None:
        _refuse_unknown((name for name, _ in pairs), (), "query")
        return None
    return _from_pairs(model, pairs, "query")


def _check_media_type(request: Request, wanted: str) -> None:
    given, _, parameters = (request.value("content-type") or "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if given.strip().lower() != wanted or charset not in ("", "charset=utf-8"):
        raise UnsupportedMediaTypeError(f"Send the body as {wanted}.")


def _check_json(body: bytes) -> None:
    # The model is read by pydantic's own parser, which lets the last of two equal names win and takes NaN.
    try:
        json.loads(body.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise MalformedBodyError from None


def _each_once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError
    return read


def _no_constant(_: str) -> None:
    raise ValueError


def _from_pairs(model: type[M], pairs: list[tuple[str, str]], place: str) -> M:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValidationFailedError(
            [{"loc": [place], "msg": "A field is there more than once", "type": "repeated"}]
        )
    _refuse_unknown(fields, model.model_fields, place)
    _refuse_misspelt(model, fields, place)
    return _validated(model, fields, place)


def _refuse_unknown(names: Iterable[str], known: Iterable[str], place: str) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValidationFailedError(
            [
                {"loc": [place, _shown(name)], "msg": "This is not known here", "type": "extra_forbidden"}
                for name in unknown[:_MOST_COMPLAINTS]
            ]
        )


def _refuse_misspelt(model: type[BaseModel], fields: Mapping[str, str], place: str) -> None:
    complaints = [
        {"loc": [place, name], "msg": f"Input should be a valid {called}", "type": kind}
        for name, text in fields.items()
        for called, kind, spelling in _spellings(model.model_fields[name].annotation)
        if not spelling.fullmatch(text)
    ]
    if complaints:
        raise ValidationFailedError(complaints)


def _spellings(annotation: Any) -> Iterable[tuple[str, str, re.Pattern[str]]]:
    # What may be left out is a union with None, and its parts may be annotated.
    kinds = (getattr(kind, "__origin__", kind) for kind in (annotation, *get_args(annotation)))
    return (_SPELLINGS[kind] for kind in kinds if kind in _SPELLINGS)


def _validated(model: type[M], given: bytes | Mapping[str, str], place: str) -> M:
    from pydantic import ValidationError

    try:
        if isinstance(given, bytes):
            return model.model_validate_json(given, strict=True)
        return model.model_validate_strings(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
    if any(each["type"] == "json_invalid" for each in found):
        raise MalformedBodyError
    raise ValidationFailedError(_complaints(found[:_MOST_COMPLAINTS], place))


def _complaints(found: Iterable[ErrorDetails], place: str) -> list[dict[str, Any]]:
    """Say where and why, never with what was sent: it may be a password."""
    return [
        {
            "loc": [place, *(part if isinstance(part, int) else _shown(part) for part in each["loc"])],
            "msg": each["msg"],
            "type": each["type"],
        }
        for each in found
    ]


def _shown(name: str) -> str:
    # Whoever names a field chooses the text, and it comes back in an answer.
    return printable(name[:_LONGEST_NAME])
