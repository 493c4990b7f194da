"""Attributes are the application's own JSON, checked by its own model."""

import json
import traceback
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from tests.features.users.world import World, prepared, world
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidAttributesError
from userkit.features.users.attributes import LARGEST_ATTRIBUTES, AttributesRule
from userkit.kernel.json import MAX_DEPTH


class Card(BaseModel):
    """One way to pay."""

    number: str = Field(max_length=4)


class Transfer(BaseModel):
    """Another way to pay."""

    account: str = Field(max_length=4)


class Facts(BaseModel):
    """What an application knows of its users."""

    model_config = ConfigDict(extra="forbid")

    plan: Literal["free", "pro"] = "free"
    seats: int = 1
    since: date | None = None
    pay: (
        Annotated[
            Annotated[Card, Tag("card")] | Annotated[Transfer, Tag("transfer")],
            Discriminator(lambda value: value.get("by", "?")),
        ]
        | None
    ) = None

    @field_validator("seats")
    @classmethod
    def _even(cls, seats: int) -> int:
        if seats < 1:
            raise ValueError("at least one is needed")
        return seats


@pytest.fixture
def strict() -> World:
    """A world whose attributes must be Facts."""
    return world(prepared(MemoryStore()), attributes=Facts)


def test_a_model_fills_in_and_tidies_up(strict: World) -> None:
    """What is stored is what the model makes of it, as JSON."""
    user = strict.users.register(
        email="ada@example.com", name="Ada", attributes={"seats": "3", "since": "2026-01-31"}
    )
    assert user.attributes == {"plan": "free", "seats": 3, "since": "2026-01-31", "pay": None}
    assert strict.users.get(user.id) == user
    assert strict.users.update(user.id, attributes={"plan": "pro"}).attributes["seats"] == 1


def test_a_model_applies_to_those_who_give_no_attributes(strict: World) -> None:
    """They get its defaults."""
    assert strict.users.register(email="ada@example.com", name="Ada").attributes["plan"] == "free"


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ({"plan": "hunter2"}, "plan: Input should be 'free' or 'pro'"),
        ({"seats": "hunter2"}, "seats: Input should be a valid integer"),
        ({"seats": 0}, "seats: Value error, at least one is needed"),
        ({"since": "hunter2"}, "since: Input should be a valid date"),
        ({"pay": {"by": "card", "number": "hunter2"}}, "pay.card.number: String should have at most 4"),
        ({"pay": {"by": "hunter2"}}, "pay: Input tag is unknown"),
        ({"colour": "hunter2"}, "colour: Extra inputs are not permitted"),
        ({"plan": "x", "seats": "hunter2"}, "; seats: "),
    ],
)
def test_what_the_model_refuses_is_told_without_what_was_sent(
    strict: World, attributes: dict[str, Any], complaint: str
) -> None:
    """Which attribute and why; the rest stays where it came from."""
    with pytest.raises(InvalidAttributesError) as caught:
        strict.users.register(email="ada@example.com", name="Ada", attributes=attributes)
    assert complaint in str(caught.value)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "hunter2" not in told
    assert strict.stored() == ()


class Refusing:
    """Something that validates as a pydantic model does, and likes nothing."""

    @staticmethod
    def model_validate(value: Any) -> Any:
        """Refuse without saying why."""
        raise ValueError("hunter2")


def test_a_model_need_not_be_pydantics() -> None:
    """A plain ValueError is a refusal; its text may repeat what was sent, so it is not told."""
    with pytest.raises(
        InvalidAttributesError, match=r"^The attributes are not valid: the model refuses them\.$"
    ):
        AttributesRule(Refusing).check({})


class Measured(BaseModel):
    """A model that makes a number of text."""

    number: float = 0.0


def test_what_the_model_makes_is_checked_again() -> None:
    """A model may make what no database keeps."""
    with pytest.raises(InvalidAttributesError, match="not finite"):
        AttributesRule(Measured).check({"number": "1e17"})


def of_size(size: int) -> dict[str, str]:
    """Return attributes that are so many bytes of JSON."""
    return {"a": "x" * (size - len('{"a": ""}'))}


def test_attributes_have_a_largest_size(here: World) -> None:
    """In bytes of UTF-8; the largest can be stored, whatever it is made of."""
    largest: list[dict[str, Any]] = [
        of_size(LARGEST_ATTRIBUTES),
        {"a": "€" * (LARGEST_ATTRIBUTES // 3 - 9)},
        {"a": [0] * ((LARGEST_ATTRIBUTES - 10) // 3)},
        {"a": [[]] * ((LARGEST_ATTRIBUTES - 10) // 4)},
        {"a": [{"": 0}] * ((LARGEST_ATTRIBUTES - 10) // 9)},
    ]
    for number, attributes in enumerate(largest):
        size = len(json.dumps(attributes, ensure_ascii=False).encode())
        assert LARGEST_ATTRIBUTES - 30 < size <= LARGEST_ATTRIBUTES
        here.users.register(email=f"{number}@example.com", name="Ada", attributes=attributes)
    for attributes in (
        of_size(LARGEST_ATTRIBUTES + 1),
        {"a": "€" * (LARGEST_ATTRIBUTES // 3)},
        {"a": "x" * 10_000_000},
    ):
        with pytest.raises(InvalidAttributesError, match="at most 65536 bytes"):
            here.users.register(email="ada@example.com", name="Ada", attributes=attributes)


def test_nesting_has_a_bound(here: World) -> None:
    """The deepest can be stored."""
    deep: dict[str, Any] = {}
    for _ in range(MAX_DEPTH - 1):
        deep = {"in": deep}
    user = here.users.register(email="ada@example.com", name="Ada", attributes=deep)
    assert here.users.get(user.id).attributes == deep
    with pytest.raises(InvalidAttributesError, match="nested more than 32 deep"):
        here.users.register(email="bo@example.com", name="Bo", attributes={"in": deep})
