"""The table of the documentation is what is run."""

from tests.stores.table import PAGE, stores, written


def test_the_page_says_what_is_run() -> None:
    """If it does not: `python -m tests.stores.table`."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page)


def test_every_store_of_ours_is_on_it() -> None:
    """A class that was renamed does not vanish from the page unnoticed."""
    modules = {each.__module__.rpartition(".")[2] for each in stores()}
    assert {"test_memory", "test_sqlite", "test_postgresql", "test_mariadb"} <= modules
