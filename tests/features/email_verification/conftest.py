"""A fresh world for every test."""

import pytest

from tests.features.email_verification.world import World, fresh


@pytest.fixture
def here() -> World:
    """The features over an empty store in memory."""
    return fresh()
