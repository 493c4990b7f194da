"""JSON is kept as it was given, or refused."""

import json
import math
from collections import OrderedDict
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.kernel.json import MAX_DEPTH, UnfitJSONError, fit_json, is_storable_text

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(-1e15, 1e15, allow_nan=False)
    | TEXT
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)


def nested(depth: int) -> object:
    """Return lists in lists."""
    value: object = "here"
    for _ in range(depth):
        value = [value]
    return value


@given(VALUES)
def test_json_comes_back_as_it_went_in(value: object) -> None:
    """Through the check, and through text."""
    fit = fit_json(value)
    assert fit == value
    assert json.loads(json.dumps(fit)) == value


@given(st.dictionaries(TEXT, st.lists(st.integers(0, 9), min_size=1), min_size=1))
def test_what_is_kept_is_a_copy(value: dict[str, list[int]]) -> None:
    """Who gave it may go on changing their own."""
    fit = fit_json(value)
    for numbers in value.values():
        numbers.clear()
    assert all(fit.values())


def test_mappings_and_tuples_become_dicts_and_lists() -> None:
    """What JSON would make of them."""
    value = MappingProxyType({"plan": OrderedDict(steps=("a", ("b",)))})
    fit = fit_json(value)
    assert fit == {"plan": {"steps": ["a", ["b"]]}}
    assert (type(fit), type(fit["plan"]), type(fit["plan"]["steps"])) == (dict, dict, list)


@pytest.mark.parametrize(
    "number", [2**63 - 1, -(2**63), math.nextafter(1e16, 0), -math.nextafter(1e16, 0), 5e-324, -0.0]
)
def test_the_largest_and_smallest_numbers_fit(number: float) -> None:
    """64 bits, and floats that every database prints in full."""
    assert fit_json(number) == number


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        1e16,
        -1e16,
        math.inf,
        -math.inf,
        math.nan,
        "nul \0",
        "half of a character \ud83d",
        {"nul \0": 1},
        {"half \udc00": 1},
        {1: "one"},
        {None: 1},
        {"deep": [{"er": math.nan}]},
        b"bytes",
        {1, 2},
        object(),
        1j,
    ],
)
def test_what_some_database_would_change_or_refuse_is_refused(value: object) -> None:
    """Numbers out of range, text that is none, keys that are no text, and what is not JSON."""
    with pytest.raises(UnfitJSONError):
        fit_json(value)


def test_nesting_has_a_bound() -> None:
    """So has the work: a circle is nested without end."""
    assert fit_json(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    circle: dict[str, object] = {}
    circle["again"] = [circle, circle]
    for value in (nested(MAX_DEPTH + 1), circle):
        with pytest.raises(UnfitJSONError, match="nested"):
            fit_json(value)


@given(TEXT)
def test_text_without_nul_and_lone_surrogates_is_storable(text: str) -> None:
    """Any other text is not."""
    assert is_storable_text(text)
    assert not is_storable_text(f"{text}\0")
    assert not is_storable_text(f"{text}\udfff{text}")
