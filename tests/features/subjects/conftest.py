"""A fresh world for every test."""

from collections.abc import Iterator

import pytest

from tests.features.subjects.world import World, lived, opened


@pytest.fixture
def here() -> Iterator[World]:
    """A world in which Ada has lived, in memory."""
    with opened() as world:
        lived(world)
        yield world
