"""JSON that comes back from every database as it went in."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["MAX_DEPTH", "JSONObject", "UnfitJSONError", "fit_json", "is_storable_text", "same_json"]

JSONObject = Mapping[str, Any]
"""A JSON object: text keys, and JSON for values."""

MAX_DEPTH = 32
_INT64 = 1 << 63
# Past this a float is written with an exponent, which JSONB turns into an integer of other value.
_LARGEST_FLOAT = 1e16


class UnfitJSONError(ValueError):
    """A value is not JSON, or JSON that some database would change."""


def is_storable_text(text: str) -> bool:
    """Tell whether text is free of NUL and lone surrogates, which databases refuse."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def same_json(one: object, other: object) -> bool:
    """Tell whether two JSON values are written alike; ``1``, ``1.0`` and ``true`` are not."""
    return one is other or json.dumps(fit_json(one), sort_keys=True) == json.dumps(
        fit_json(other), sort_keys=True
    )


def fit_json(value: object, *, depth: int = 0) -> Any:
    """Return a plain copy of a JSON value: dicts with text keys, lists, text, numbers, bools, None.

    Integers fit 64 bits, floats are finite and below 1e16, nesting is at most 32 deep, text holds
    no NUL and no lone surrogate. Raises UnfitJSONError for anything else.
    """
    if value is None or isinstance(value, (bool, str, int, float)):
        return _fit_scalar(value)
    if depth >= MAX_DEPTH:
        raise UnfitJSONError(f"it is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) and is_storable_text(key) for key in value):
            raise UnfitJSONError("a key is not storable text")
        return {str(key): fit_json(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fit_json(item, depth=depth + 1) for item in value]
    raise UnfitJSONError(f"{type(value).__name__} is not JSON")


def _fit_scalar(value: bool | str | int | float | None) -> bool | str | int | float | None:
    if isinstance(value, str) and not is_storable_text(value):
        raise UnfitJSONError("text holds NUL or a lone surrogate")
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise UnfitJSONError("an integer does not fit 64 bits")
    if isinstance(value, float) and not -_LARGEST_FLOAT < value < _LARGEST_FLOAT:
        raise UnfitJSONError("a number is not finite or not below 1e16")
    return value
