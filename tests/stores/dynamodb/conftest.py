"""An emulator, and wires to it."""

from collections.abc import Iterator

import pytest

from tests.servers.dynamodb import DynoxideServer
from tests.stores.dynamodb.wire import Wire


@pytest.fixture
def table(dynoxide: DynoxideServer) -> str:
    """The name of a table that is not there yet."""
    return dynoxide.create_database()


@pytest.fixture
def wire(dynoxide: DynoxideServer) -> Iterator[Wire]:
    """A wire to the emulator."""
    wire = Wire(dynoxide.endpoint)
    yield wire
    wire.close()


@pytest.fixture
def dead_wire() -> Iterator[Wire]:
    """A wire to nowhere: every answer is made up by the test."""
    wire = Wire()
    yield wire
    wire.close()
