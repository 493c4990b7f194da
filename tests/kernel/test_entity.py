"""Entities are values with an identity and revisions; pages are some of them in order."""

import dataclasses

import pytest

from userkit.kernel.entity import Entity
from userkit.kernel.page import Page

ID = "019c9f2f-3d7b-7000-8000-000000000000"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Door(Entity):
    """Something to open."""

    colour: str = "red"


def test_a_new_entity_is_its_first_revision() -> None:
    """Versions begin at 1."""
    assert Door(id=ID).version == 1


def test_evolving_makes_the_next_revision_and_leaves_the_old_one() -> None:
    """Reading, evolving and committing is the only way to write."""
    red = Door(id=ID)
    blue = red.evolve(colour="blue")
    assert blue == Door(id=ID, version=2, colour="blue")
    assert red == Door(id=ID)
    assert type(blue) is Door


def test_an_entity_cannot_be_changed_in_place() -> None:
    """What was read stays what was read."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Door(id=ID).colour = "blue"  # type: ignore[misc]  # the mistake under test


def test_the_last_page_has_no_next() -> None:
    """Unless one says so, a page is the last one."""
    assert Page(("a", "b")) == Page(items=("a", "b"), next=None)
