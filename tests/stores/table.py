"""What each store can do, as a table for people, from the classes that put it through the suite.

``python -m tests.stores.table`` writes it into the page of the documentation. A test compares the two,
so that the page says what is run and nothing else.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import tests.stores
from userkit.storage.capabilities import BulkLoadable, Countable, Purgeable, Searchable, Surveyable
from userkit.testing import StoreConformance
from userkit.testing.standard import standard_tests

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "backends" / "capabilities.md"
BEGIN, END = "<!-- the table begins -->", "<!-- the table ends -->"

_COLUMNS = {
    Searchable: "search",
    Countable: "count",
    Purgeable: "purge",
    BulkLoadable: "bulk load",
    Surveyable: "list realms",
}


def stores() -> list[type[StoreConformance]]:
    """Return every class of this folder that puts a store through the suite, in the order of modules."""
    names = sorted(each.name for each in pkgutil.iter_modules(tests.stores.__path__) if not each.ispkg)
    modules = [importlib.import_module(f"tests.stores.{name}") for name in names if name.startswith("test_")]
    return [each for module in modules for each in _of(module.__name__, vars(module).values())]


def _of(module: str, things: object) -> Iterator[type[StoreConformance]]:
    for thing in things:  # type: ignore[attr-defined]  # the values of a module
        named = isinstance(thing, type) and thing.__name__.startswith("Test")
        if named and issubclass(thing, StoreConformance) and thing.__module__ == module:
            yield thing


def table() -> str:
    """Return the table in Markdown, with the deviations below it."""
    head = ["store", "tests", *_COLUMNS.values(), "several processes", "durable"]
    lines = [_row(head), _row(["---"] * len(head)), *(_row(_cells(each)) for each in stores())]
    deviations = [
        f"- **{_name(each)}**, {test.removeprefix('test_').replace('_', ' ')}: {why}"
        for each in stores()
        for test, why in each.deviations.items()
    ]
    return "\n".join([*lines, "", *(deviations or ["No store deviates from a standard test."])])


def _cells(store: type[StoreConformance]) -> list[str]:
    count = len(standard_tests(StoreConformance)) - sum(store.left_out.values()) - len(store.deviations)
    abilities = ["" if each in store.lacks else "yes" for each in _COLUMNS]
    shared, durable = store.shared_between_processes, store.durable
    return [_name(store), str(count), *abilities, "yes" if shared else "", "yes" if durable else ""]


def _name(store: type[StoreConformance]) -> str:
    return (store.__doc__ or store.__name__.removeprefix("Test")).splitlines()[0].strip().rstrip(".")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def written(page: str) -> str:
    """Return a page with the table in its place."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
