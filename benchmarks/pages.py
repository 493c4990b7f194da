"""Page 1 against page 10,000 of a million users: what lies before a page must cost nothing."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.measure import Contest, contest
from benchmarks.people import people
from userkit import User
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.port import Store
from userkit.sync import run as step

__all__ = ["run"]

USERS_IN_ALL = 1_000_000
PAGE = 100
PAGES = 20
AT_MOST = 1.3


def run() -> Iterator[Contest | str]:
    """Compare on SQLite, through the store, and with what OFFSET would cost."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'million.db'}", blocking=True)
        step(store.prepare([USERS]))
        everybody = people(USERS_IN_ALL)
        step(bulk_loadable(store).load(everybody))
        last = step(_last_id_before(store, USERS_IN_ALL - PAGE))
        yield contest(
            "page 10,000 of 1,000,000",
            "page 1",
            lambda: _pages(store, last),
            lambda: _pages(store, None),
            goal="P9",
            at_most=AT_MOST,
        )
        small = open_store(f"sqlite:///{Path(folder) / 'thousand.db'}", blocking=True)
        step(small.prepare([USERS]))
        step(bulk_loadable(small).load(islice(people(1000), 1000)))
        yield contest(
            "find among 1,000,000",
            "among 1,000",
            lambda: _finds(store),
            lambda: _finds(small),
            goal="P9",
            at_most=AT_MOST,
        )
        step(store.close())
        step(small.close())


async def _last_id_before(store: Store, position: int) -> str:
    page = await store.find(User, limit=USERS_IN_ALL - position, newest_first=True)
    assert page.next is not None
    return page.next


def _pages(store: Store, after: str | None) -> int:
    for _ in range(PAGES):
        page = step(store.find(User, after=after, limit=PAGE))
        assert len(page.items) >= PAGE - 1
    return PAGES


def _finds(store: Store) -> int:
    for number in range(1000):
        assert step(store.find(User, "email_key", f"person{number}@example.com", limit=1)).items
    return 1000
