"""X16: very many sign-ins for names that nobody has; memory stays flat, and tables are bounded.

``python -m benchmarks strangers`` does the same a million times.
"""

from datetime import timedelta
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from tests.load.strangers import Strangers, addresses, memory_now
from userkit.backends.memory import MemoryStore
from userkit.features.passwords import ACCOUNT_LIMIT, ADDRESS_LIMIT

ONE = "198.51.100.7"
MEBIBYTE = 1024


class Counting(MemoryStore):
    """A memory store that counts commits."""

    commits = 0

    async def commit(self, *changes: Any) -> None:
        type(self).commits += 1
        await super().commit(*changes)


def test_x16_from_one_address_100_000_attempts_leave_no_more_than_a_few() -> None:
    """Only what the limit lets pass costs a hash and leaves a row, and memory is flat."""
    strangers = Strangers("memory://")
    strangers.knock(1_000, repeat(ONE))
    rows, held = strangers.rows(), memory_now()
    strangers.knock(99_000, repeat(ONE))
    assert strangers.outcomes == {
        "InvalidCredentialsError": ADDRESS_LIMIT.attempts,
        "RateLimitedError": 100_000 - ADDRESS_LIMIT.attempts,
    }
    assert strangers.hasher.runs == ADDRESS_LIMIT.attempts
    # Each that was let pass has an entry in the trail and a count; so have the delay and the address.
    assert strangers.rows() == rows
    assert rows == {"rate_limits": ADDRESS_LIMIT.attempts + 1, "audit_log": ADDRESS_LIMIT.attempts + 1}
    assert memory_now() - held < 8 * MEBIBYTE
    strangers.kit.close()


def test_x16_what_the_limit_of_an_address_refuses_writes_nothing() -> None:
    """Refusing is one read."""
    strangers = Strangers("", store=Counting())
    strangers.knock(ADDRESS_LIMIT.attempts + 1, repeat(ONE))
    before = Counting.commits
    strangers.knock(1_000, repeat(ONE))
    assert Counting.commits == before
    strangers.kit.close()


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
def test_x16_hours_of_attempts_from_one_address_leave_a_few_rows_an_hour(engine: str, tmp_path: Path) -> None:
    """A delay lets one attempt pass when it ends; counts that mean nothing any more are purged."""
    url = "memory://" if engine == "memory" else f"sqlite:///{tmp_path / 'app.db'}"
    strangers = Strangers(url, apart=10.0, keep=timedelta(hours=1))
    strangers.knock(3_600, repeat(ONE))  # ten hours
    assert strangers.hasher.runs < ADDRESS_LIMIT.attempts + 50
    strangers.purge()
    rows = strangers.rows()
    assert rows["rate_limits"] <= 5
    assert rows["audit_log"] <= 12
    strangers.clock.advance(days=1)
    strangers.purge()
    assert strangers.rows() == {"rate_limits": 0, "audit_log": 0}
    strangers.kit.close()


def test_x16_from_ever_new_addresses_counts_clear_themselves_away() -> None:
    """Nobody purges; of 6,000 attempts in 100 minutes the counts of the last quarter of an hour are there.

    The trail has an entry for every password that was refused, until they expire.
    """
    strangers = Strangers("memory://", apart=1.0, keep=timedelta(hours=1))
    here, most = addresses(), 0
    for _ in range(60):
        strangers.knock(100, here)
        most = max(most, strangers.rows()["rate_limits"])
    counted = 2 * ACCOUNT_LIMIT.within / timedelta(seconds=1)  # one of the address and one of the name
    assert counted / 2 < most < counted + 1_000
    assert strangers.rows()["audit_log"] == 6_000
    strangers.purge()
    assert strangers.rows()["audit_log"] == 3_600
    strangers.clock.advance(hours=1)
    strangers.purge()
    assert strangers.rows() == {"rate_limits": 0, "audit_log": 0}
    strangers.kit.close()
