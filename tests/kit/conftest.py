"""Both kits, for tests that state what both do."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.kit.sides import Side, asynchronous, synchronous


@pytest.fixture(params=["asynchronous", "synchronous"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    """One kit after the other."""
    if request.param == "synchronous":
        yield synchronous()
        return
    with asyncio.Runner() as runner:
        yield asynchronous(runner.run)
