"""A million sign-ins for names that nobody has: what they cost, and what is left of them (X16)."""

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import repeat

from tests.load.strangers import Strangers, addresses, memory_now

__all__ = ["run"]

ATTEMPTS = 1_000_000
SAMPLES = 5


def run() -> Iterator[str]:
    """Try from one address a thousand times a second, then ten times a second from ever new ones."""
    yield "| attempts | from | passwords compared | rate_limits | audit_log | MiB | CPU µs each |"
    yield "|---|---|---|---|---|---|---|"
    yield from _sampled(Strangers("memory://", apart=0.001), repeat("198.51.100.7"), "one address", ATTEMPTS)
    roaming = Strangers("memory://", apart=0.1, keep=timedelta(hours=1))
    yield from _sampled(roaming, addresses(), "ever new ones", ATTEMPTS // 10)


def _sampled(strangers: Strangers, where: Iterator[str], told: str, attempts: int) -> Iterator[str]:
    part = attempts // SAMPLES
    for number in range(1, SAMPLES + 1):
        begin = time.process_time()
        strangers.knock(part, where)
        spent = (time.process_time() - begin) / part * 1e6
        strangers.purge()
        rows = strangers.rows()
        yield (
            f"| {number * part:,} | {told} | {strangers.hasher.runs:,} | {rows['rate_limits']:,} | "
            f"{rows['audit_log']:,} | {memory_now() / 1024:.0f} | {spent:.0f} |"
        )
    strangers.kit.close()
