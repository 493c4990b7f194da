"""Schemas without references: as every family of models takes them."""

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from userkit.backends.bedrock.schemas import without_references
from userkit.errors import UsageError


class Colour(Enum):
    """A colour."""

    RED = "red"


class Cat(BaseModel):
    """A cat."""

    kind: Literal["cat"]
    colour: Colour


class Dog(BaseModel):
    """A dog."""

    kind: Literal["dog"]


class House(BaseModel):
    """A house."""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    best: Cat = Field(description="The best of them.")
    discriminator: Colour
    others: dict[str, tuple[Colour, int]] = Field(default={"$ref": (Colour.RED, 1)})


class Tree(BaseModel):
    """A tree."""

    branches: list["Tree"]


def references(node: Any) -> int:
    """Count what refers to something else, except in values."""
    if isinstance(node, list):
        return sum(map(references, node))
    if not isinstance(node, dict):
        return 0
    return ("$ref" in node) + sum(references(each) for key, each in node.items() if key != "default")


def test_definitions_are_put_where_they_are_referred_to() -> None:
    """What is said beside a reference wins; values and the names of fields are left alone."""
    schema = without_references(House.model_json_schema())
    assert references(schema) == 0
    assert "$defs" not in schema
    fields = schema["properties"]
    colour = {"description": "A colour.", "enum": ["red"], "title": "Colour", "type": "string"}
    assert {key: fields["discriminator"][key] for key in ("enum", "type")} == {
        "enum": ["red"],
        "type": "string",
    }
    assert [each["title"] for each in fields["pet"]["oneOf"]] == ["Cat", "Dog"]
    assert "discriminator" not in fields["pet"]
    assert fields["best"]["description"] == "The best of them."
    assert fields["best"]["properties"]["colour"]["enum"] == colour["enum"]
    assert fields["others"]["default"] == {"$ref": ["red", 1]}
    assert fields["others"]["additionalProperties"]["prefixItems"][0]["enum"] == ["red"]


def test_what_contains_itself_is_refused() -> None:
    """It would have no end."""
    with pytest.raises(UsageError, match="contain itself: Tree"):
        without_references(Tree.model_json_schema())


def test_what_is_not_defined_is_refused() -> None:
    """By its name."""
    with pytest.raises(UsageError, match="not define: Ghost"):
        without_references({"properties": {"ghost": {"$ref": "#/$defs/Ghost"}}})
