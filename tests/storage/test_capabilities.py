"""What a store can do beyond the three verbs is asked before it is relied on."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.storage.doubles import BareStore
from userkit.backends.memory import MemoryStore
from userkit.errors import UnsupportedStoreError
from userkit.storage.capabilities import (
    BulkLoadable,
    Concurrent,
    Countable,
    InProcess,
    Purgeable,
    Searchable,
    Surveyable,
    bulk_loadable,
    countable,
    migratable,
    purgeable,
    searchable,
    supports,
    surveyable,
)
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore

EACH = pytest.mark.parametrize(
    ("capability", "claim", "verb"),
    [
        (Searchable, searchable, "search"),
        (Countable, countable, "count"),
        (Purgeable, purgeable, "purge"),
        (BulkLoadable, bulk_loadable, "bulk load"),
        (Surveyable, surveyable, "list realms"),
    ],
    ids=["search", "count", "purge", "load", "realms"],
)
Claim = Callable[[Store], object]


@EACH
def test_an_able_store_is_given_as_what_it_is(capability: type[object], claim: Claim, verb: str) -> None:
    """As it is, or behind threads."""
    memory = MemoryStore()
    threaded = ThreadedStore(memory)
    assert supports(memory, capability)
    assert supports(threaded, capability)
    assert claim(memory) is memory
    assert claim(threaded) is threaded


@EACH
def test_a_store_that_cannot_says_so(capability: type[object], claim: Claim, verb: str) -> None:
    """Behind threads the sentence names the store within, for the threads are not what lacks it."""
    bare = BareStore(MemoryStore())
    for store in (bare, ThreadedStore(bare)):
        assert not supports(store, capability)
        with pytest.raises(UnsupportedStoreError, match=f"^BareStore cannot {verb}"):
            claim(store)


class TabledStore(BareStore):
    """A store whose tables have a history."""

    def migrations(self) -> Any:
        """See Migratable."""


def test_migrations_are_run_on_the_blocking_store_itself() -> None:
    """They block, so they are not for event loops."""
    tabled = TabledStore(MemoryStore())
    assert migratable(tabled) is tabled
    for store in (MemoryStore(), ThreadedStore(MemoryStore())):
        with pytest.raises(UnsupportedStoreError, match=r"^MemoryStore cannot run migrations"):
            migratable(store)


def test_threads_are_not_in_process() -> None:
    """An event loop may call memory itself, but not what waits for a thread."""
    assert supports(MemoryStore(), InProcess)
    assert not supports(ThreadedStore(MemoryStore()), InProcess)
    assert not supports(MemoryStore(), Concurrent)
