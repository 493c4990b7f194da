"""The table of the documentation is what is run."""

from pathlib import Path

from tests.stores.table import PAGE, differences, passed, stores, written
from userkit.testing import StoreConformance
from userkit.testing.standard import standard_tests


def test_the_page_says_what_is_run() -> None:
    """If it does not: `python -m tests.stores.table`."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page)


def test_every_store_of_ours_is_on_it() -> None:
    """A class that was renamed does not vanish from the page unnoticed."""
    modules = {each.__module__.rpartition(".")[2] for each in stores()}
    assert {"test_memory", "test_sqlite", "test_postgresql", "test_mariadb"} <= modules


def test_a_run_that_passed_everything_is_what_the_page_says(tmp_path: Path) -> None:
    """Other tests of the class count for nothing, and stores that were not run are not compared."""
    results = written_results(tmp_path, failing="")
    assert differences([results]) == []
    assert list(passed([results])) == [MEMORY]


def test_a_run_that_failed_once_is_not(tmp_path: Path) -> None:
    """A test has passed when it did in each of its ways."""
    count = passed([written_results(tmp_path, failing="")])[MEMORY]
    results = written_results(tmp_path, failing='<failure message="lost" />')
    assert differences([results]) == [f"Memory has passed {count - 1} tests, and the page says {count}."]


MEMORY = "tests.stores.test_memory.TestMemoryStore"


def written_results(folder: Path, *, failing: str) -> Path:
    """Write the results of a run of the memory store, as pytest does, with one more way of one test."""
    (memory,) = (each for each in stores() if f"{each.__module__}.{each.__name__}" == MEMORY)
    names = [each.name for each in standard_tests(StoreConformance) if callable(getattr(memory, each.name))]
    cases = [f'<testcase classname="{MEMORY}" name="{name}[one-process]" />' for name in names]
    cases += [f'<testcase classname="{MEMORY}" name="{names[0]}[another]">{failing}</testcase>']
    cases += [f'<testcase classname="{MEMORY}" name="test_of_its_own" />']
    file = folder / "results.xml"
    file.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", encoding="utf-8")
    return file
