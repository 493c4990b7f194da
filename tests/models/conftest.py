"""Both sides."""

import pytest

from tests.models.sides import SIDES, Side


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest) -> Side:
    """One of the two kits."""
    return request.param  # type: ignore[no-any-return]  # one of the two
