"""What a crowd that knows its password was counted for is given back to the last, and nobody is kept out."""

import pytest

from tests.races.callers import sign_in
from tests.races.kits import Arena, CarelessStore
from tests.races.test_who_wins import ada
from userkit.features.sessions import Session
from userkit.features.throttling import Attempts

CALLERS = 6


def test_x5_everybody_gets_in_and_nothing_stays_counted(fewer: Arena) -> None:
    """All sign in to one account from one address; no count costs anybody their session."""
    ada(fewer)
    result = fewer.race([sign_in] * CALLERS)
    assert not result.errors
    assert len(fewer.stored(Session)) == CALLERS
    assert [each.count for each in fewer.stored(Attempts)] == [0, 0]


@pytest.mark.parametrize("fewer", [pytest.param(("memory", "threads"), id="memory")], indirect=True)
def test_x5_would_notice_a_store_where_the_last_write_wins(fewer: Arena) -> None:
    """There, of those who give back at the same moment one alone is heard."""
    ada(fewer)
    fewer.broken(CarelessStore).race([sign_in] * CALLERS)
    assert [each.count for each in fewer.stored(Attempts)] != [0, 0]
