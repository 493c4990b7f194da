"""Entities and changes that nobody would think of, for Hypothesis to draw."""

from dataclasses import dataclass
from datetime import UTC
from enum import Enum
from typing import Any

import hypothesis.strategies as st

from userkit.kernel.clock import whole_milliseconds
from userkit.kernel.json import JSONObject
from userkit.testing.specimens import Everything, Mood, everything, new_id

__all__ = ["ADDRESSES", "HANDLES", "LAST_PLACE", "TEAMS", "Draft", "Verb", "anything", "drafts"]

LAST_PLACE = 5
"""How many are known at once is small, so that the same ones are met again."""

_INT64 = 1 << 63

# Few values that are mistaken for each other meet often, and meeting is what finds mistakes.
ADDRESSES = ["ada@x", "Ada@x", "ada@x ", "áda@x", "a\u0301da@x", "ad", "%", "_da@x"]
HANDLES = [None, "", " ", "h", "H", "ħ"]
TEAMS = [None, "", "red", "Red", "réd"]
_NAMES = ["", "Ada", "ADA King", "Jean-Luc", "a%b a_b", "😀 \U0010ffff", "ß ss"]


class Verb(Enum):
    """What a draft would do."""

    ADD = "add"
    SAVE = "save"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Draft:
    """A change to somebody among those who are known, whoever that will be.

    ``place`` says to whom, ``behind`` how many revisions ago they were read, ``values`` what changes.
    """

    verb: Verb
    place: int
    behind: int
    values: dict[str, Any]


def drafts() -> st.SearchStrategy[Draft]:
    """Draw a change."""
    values = st.fixed_dictionaries(
        {},
        optional={
            "address": st.sampled_from(ADDRESSES),
            "handle": st.sampled_from(HANDLES),
            "team": st.sampled_from(TEAMS),
            "number": st.sampled_from([None, 1, 2]),
            "name": st.sampled_from(_NAMES),
            "mood": st.sampled_from(Mood),
            "notes": _json_objects(),
        },
    )
    verbs = st.sampled_from([Verb.ADD, Verb.SAVE, Verb.SAVE, Verb.REMOVE])
    return st.builds(Draft, verbs, st.integers(0, LAST_PLACE), st.sampled_from([0, 1]), values)


def anything() -> st.SearchStrategy[Everything]:
    """Draw one of everything, with any values that a store must keep."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "text": _texts(),
        "whole": st.integers(-_INT64, _INT64 - 1),
        "flag": st.booleans(),
        "moment": st.datetimes(timezones=st.just(UTC)).map(whole_milliseconds),
        "blob": st.binary(max_size=200),
        "mood": st.sampled_from(Mood),
        "owner": st.uuids().map(str),
        "labels": st.frozensets(_texts(), max_size=5),
        "steps": st.lists(_texts(), max_size=5).map(tuple),
        "facts": _json_objects(),
    }
    optional = {f"maybe_{name}": st.none() | values for name, values in fields.items()}
    # The id is new each time, so that a history that is played again meets nothing of the last one.
    return st.fixed_dictionaries(fields | optional).map(lambda values: everything(id=new_id(), **values))


def _texts() -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def _json_objects() -> st.SearchStrategy[JSONObject]:
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-_INT64, _INT64 - 1)
        | st.floats(-1e16, 1e16, exclude_min=True, exclude_max=True)
        | _texts()
    )
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts(), inner, max_size=3),
        max_leaves=8,
    )
    return st.dictionaries(_texts(), values, max_size=3)
