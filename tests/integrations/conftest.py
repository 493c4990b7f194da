"""`world`: an application to talk to, once for every framework, way and store."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.worlds import PLACES, Place, World

_DATABASE = pytest.StashKey[str]()


def database_for(place: Place, request: pytest.FixtureRequest, folder: Path) -> str:
    """Return the URL of the store of a place; what shares it works in another realm."""
    if place.store == "memory":
        return "memory://"
    if place.store == "sqlite":
        return f"sqlite:///{folder / 'app.db'}"
    server = request.getfixturevalue("postgres18")
    stash = request.config.stash
    if _DATABASE not in stash:
        stash[_DATABASE] = server.create_database()
    return str(server.url(database=stash[_DATABASE]))


def place_params(*places: Place) -> list[Any]:
    """Return parameters that mark those with a server of a database."""
    return [
        pytest.param(place, id=str(place), marks=[pytest.mark.server] * (place.store == "postgresql"))
        for place in places
    ]


@pytest.fixture(params=place_params(*PLACES))
def place(request: pytest.FixtureRequest) -> Place:
    """Where the test happens; parametrise it indirectly for fewer places."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def open_world(
    place: Place, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., World]]:
    """Return what starts an application at the place, with settings of the test's choice."""
    database = database_for(place, request, tmp_path)
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(World(place, database, **settings))


@pytest.fixture
def world(open_world: Callable[..., World]) -> World:
    """Start an application with the usual settings."""
    return open_world()
