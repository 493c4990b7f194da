"""Those who page by number may, up to a bound."""

from typing import Any

import pytest

from tests.storage.things import NOTES, Note, note
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidInputError
from userkit.storage.changes import Add
from userkit.storage.paging import LARGEST_SKIP, check_page, skip_to
from userkit.sync import run


def store_with(count: int) -> tuple[MemoryStore, list[Note]]:
    """Return a store with so many notes, and the notes in order."""
    store, notes = MemoryStore(), [note(str(number)) for number in range(count)]
    run(store.prepare([NOTES]))
    for each in notes:
        run(store.commit(Add(each)))
    return store, notes


@pytest.mark.parametrize(("limit", "skip"), [(1, 0), (1000, 0), (1, LARGEST_SKIP)])
def test_a_caller_may_ask_for_pages_within_bounds(limit: int, skip: int) -> None:
    """The bounds themselves are within."""
    check_page(limit=limit, skip=skip)


@pytest.mark.parametrize("limit", [0, -1, 1001, 2.0, "5", None, True, {"$gt": 0}])
def test_another_limit_is_bad_input(limit: Any) -> None:
    """It may come from a query string."""
    with pytest.raises(InvalidInputError, match="limit is a number from 1 to 1000"):
        check_page(limit=limit)


@pytest.mark.parametrize("skip", [-1, LARGEST_SKIP + 1, 2.0, "5", None, False, {"$gt": 0}])
def test_another_skip_is_bad_input(skip: Any) -> None:
    """The sentence points to cursors."""
    with pytest.raises(InvalidInputError, match="skip is a number from 0 to 10000; page by cursor"):
        check_page(limit=1, skip=skip)


@pytest.mark.parametrize("newest_first", [False, True])
def test_skipping_leads_to_the_same_place_as_counting(newest_first: bool) -> None:
    """Also past the end, where there is nothing."""
    store, notes = store_with(7)
    expected = notes[::-1] if newest_first else notes
    for skip in range(10):
        page = run(skip_to(store, Note, skip=skip, limit=3, newest_first=newest_first))
        assert list(page.items) == expected[skip : skip + 3]
        assert page.next == (expected[skip + 2].id if skip + 3 < 7 else None)


def test_more_than_a_page_is_skipped_page_by_page() -> None:
    """However many pages it takes."""
    store, notes = store_with(2003)
    for skip in (999, 1000, 1001, 2000, 2002):
        assert list(run(skip_to(store, Note, skip=skip, limit=1)).items) == notes[skip : skip + 1]
    assert run(skip_to(store, Note, skip=2003, limit=1)).items == ()
