"""Worlds that screen, closed after each test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.features.screening.world import OpenWorld, World


@pytest.fixture
def open_world() -> Iterator[OpenWorld]:
    """What opens worlds."""
    opened: list[World] = []

    def open_one(*given: Any, **options: Any) -> World:
        opened.append(World.opened(*given, **options))
        return opened[-1]

    yield open_one
    for world in opened:
        world.kit.close()
