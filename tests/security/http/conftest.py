"""`open_world` and `world`: an application of each framework, talked to as a stranger would."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.conftest import database_for
from tests.integrations.worlds import FRAMEWORKS, Place, World

OpenWorld = Callable[..., World]


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    """Each framework."""
    return str(request.param)


@pytest.fixture
def open_world(framework: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenWorld]:
    """Return what starts an application, in process over memory unless it is said otherwise."""
    with ExitStack() as stack:

        def start(way: str = "in-process", store: str = "memory", **settings: Any) -> World:
            place = Place(framework, way, store)
            return stack.enter_context(World(place, database_for(place, request, tmp_path), **settings))

        yield start


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    """Start an application in this process, over memory."""
    return open_world()


@pytest.fixture
def wired(open_world: OpenWorld) -> World:
    """Start an application behind a socket, over SQLite."""
    return open_world("socket", "sqlite")
