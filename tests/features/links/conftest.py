"""A fresh world for every test."""

import pytest

from tests.features.links.world import World, fresh


@pytest.fixture
def here() -> World:
    """Users and links over an empty store in memory."""
    return fresh()
