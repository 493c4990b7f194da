"""A fresh world for every test."""

import pytest

from tests.features.api_keys.world import World, prepared, world
from userkit.backends.memory import MemoryStore


@pytest.fixture
def here() -> World:
    """The feature over an empty store in memory."""
    return world(prepared(MemoryStore()))
