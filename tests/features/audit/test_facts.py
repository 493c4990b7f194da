"""What of an event gets into the trail, and in which form."""

import json
from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.audit.world import World
from userkit import Secret
from userkit.features.audit.facts import (
    LARGEST_FACTS,
    LONGEST_TEXT,
    MOST_ITEMS,
    facts_of,
    name_of,
    subject_of,
)
from userkit.features.users import User
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event
from userkit.kernel.json import fit_json

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA = "019c9f2f-3d7b-7000-8000-000000000001"
GRACE = "019c9f2f-3d7b-7000-8000-000000000002"


class Reason(Enum):
    """Why, in text."""

    WRONG = "wrong"


class Grade(IntEnum):
    """How much, as a number."""

    HIGH = 2


class Shape(Enum):
    """What has no place in JSON."""

    ROUND = object()


def user(id: str) -> User:
    """Return somebody."""
    return User(
        id=id, email="a@example.com", email_key="a@example.com", name="A", created_at=NOW, updated_at=NOW
    )


def event(**facts: Any) -> Event:
    """Return an event with these fields."""
    kind = make_dataclass(
        "SomethingHappened",
        [(name, Any, field()) for name in facts],
        bases=(Event,),
        frozen=True,
        slots=True,
        kw_only=True,
    )
    made: Event = kind(at=NOW, realm="acme", **facts)
    return made


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        ("text", "text"),
        ("", ""),
        (7, 7),
        (-1.5, -1.5),
        (True, True),
        (False, False),
        (NOW, "2026-01-01T00:00:00.000Z"),
        (NOW.astimezone(timezone(timedelta(hours=2))), "2026-01-01T00:00:00.000Z"),
        (frozenset({"b", "a"}), ["a", "b"]),
        (("b", "a"), ["a", "b"]),
        ((), []),
        ((2, "a", None, b"x", Reason.WRONG, NOW), [2, "2026-01-01T00:00:00.000Z", "a", "wrong"]),
        (Reason.WRONG, "wrong"),
        (Grade.HIGH, 2),
    ],
    # A set has no order that every process agrees on.
    ids=lambda value: "a set" if isinstance(value, frozenset) else repr(value),
)
def test_what_is_plain_is_kept(value: object, fact: object) -> None:
    """As JSON; sets and tuples in order of their text."""
    facts = facts_of(event(it=value))
    assert facts == {"it": fact}
    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize(
    "value",
    [
        None,
        Secret("hunter2-hunter2"),
        b"hunter2",
        {"password": "hunter2"},
        ["hunter2"],
        {"hunter2"},
        object(),
        lambda: "hunter2",
        timedelta(days=1),
        datetime(2026, 1, 1),  # noqa: DTZ001
        Shape.ROUND,
        float("nan"),
        float("inf"),
        1e300,
        1 << 63,
    ],
    ids=lambda value: type(value).__name__,
)
def test_everything_else_stays_out(value: object) -> None:
    """A secret above all, also within a list."""
    assert facts_of(event(it=value)) == {}
    assert facts_of(event(it=(value,))) == {"it": []}


def test_an_entity_becomes_its_id() -> None:
    """Nothing of what it holds is copied."""
    assert facts_of(event(session=Entity(id=GRACE))) == {"session_id": GRACE}


@pytest.mark.parametrize(
    ("facts", "subject", "rest"),
    [
        ({"user": user(ADA), "before": user(ADA)}, ADA, {}),
        ({"user": user(ADA), "before": user(GRACE)}, ADA, {"before_id": GRACE}),
        ({"user_id": ADA, "granted_by": ADA}, ADA, {"granted_by": ADA}),
        ({"user_id": None}, None, {}),
        ({"user_id": "somebody"}, None, {"user_id": "somebody"}),
        ({"user_id": 7}, None, {"user_id": 7}),
        ({"user": "ada"}, None, {"user": "ada"}),
        ({"by": user(GRACE)}, None, {"by_id": GRACE}),
        ({}, None, {}),
    ],
)
def test_whom_it_is_about_is_no_fact(
    facts: dict[str, Any], subject: str | None, rest: dict[str, Any]
) -> None:
    """It has a field of its own, as long as it is the id of a user."""
    assert (subject_of(event(**facts)), facts_of(event(**facts))) == (subject, rest)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("UserRegistered", "user_registered"),
        ("RefreshReuseDetected", "refresh_reuse_detected"),
        ("OIDCLinked", "oidc_linked"),
        ("APIKeyRevoked", "api_key_revoked"),
        ("Sha256Seen", "sha256_seen"),
        ("Gone", "gone"),
    ],
)
def test_the_name_of_an_event_is_that_of_its_class(kind: str, name: str) -> None:
    """In lower case, with lines between the words."""
    assert name_of(kind) == name


def test_text_and_lists_are_cut() -> None:
    """What a stranger sends does not fill the trail."""
    facts = facts_of(event(text="x" * 10_000_000, many=tuple(map(str, range(1000)))))
    assert facts["text"] == "x" * LONGEST_TEXT
    assert len(facts["many"]) == MOST_ITEMS


def test_all_facts_together_are_bounded() -> None:
    """What does not fit stays out, and what fits beside it stays in."""
    large = tuple(f"{number:255}" for number in range(100))
    facts = facts_of(event(one=large, other=large, small="kept"))
    assert set(facts) == {"one", "small"}
    assert len(json.dumps(facts)) <= LARGEST_FACTS


@given(st.text(), st.frozensets(st.text(), max_size=5), st.integers(), st.floats())
def test_facts_can_be_stored_whatever_they_are(
    text: str, texts: frozenset[str], count: int, rate: float
) -> None:
    """No event can make a commit fail by what it tells."""
    facts = facts_of(event(text=text, texts=texts, count=count, rate=rate))
    assert fit_json(facts) == facts
    assert facts["text"].isprintable()
    assert all(each.isprintable() for each in facts["texts"])


def test_an_event_of_the_application_is_told_as_one_of_ours(here: World) -> None:
    """Whatever class it is."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class BadgeGiven(Event):
        user: User
        badge: str

    ada = here.ada()
    here.tell(BadgeGiven(at=here.clock(), user=ada, badge="gold"))
    entry = here.last()
    assert (entry.event, entry.user_id, entry.facts) == ("badge_given", ada.id, {"badge": "gold"})
