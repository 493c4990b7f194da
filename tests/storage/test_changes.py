"""A change says what it was made from."""

import pytest

from tests.storage.things import note
from userkit.errors import UsageError
from userkit.kernel.entity import Entity
from userkit.storage.changes import Save


def test_a_revision_is_saved_over_the_one_before() -> None:
    """Both are kept: a store then knows what changed without reading."""
    before = note("draft")
    after = before.evolve(text="done")
    assert (Save(before, after).before, Save(before, after).after) == (before, after)


def test_only_the_next_revision_can_be_saved() -> None:
    """Not the same, not an older one, not one that skips."""
    first = note()
    second = first.evolve()
    for before, after in [(first, first), (second, first), (first, second.evolve())]:
        with pytest.raises(UsageError, match="its successor"):
            Save(before, after)


def test_only_revisions_of_one_entity_can_be_saved() -> None:
    """Another id or another class is another entity."""
    before = note()
    with pytest.raises(UsageError, match="two revisions of one entity"):
        Save(before, note().evolve())
    with pytest.raises(UsageError, match="two revisions of one entity"):
        Save[Entity](before, Entity(id=before.id, version=2))
