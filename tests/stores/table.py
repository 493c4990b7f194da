"""What each store can do, as a table for people, from the classes that put it through the suite.

``python -m tests.stores.table`` writes it into the page of the documentation. A test compares the two,
so that the page says what is run and nothing else. With the results of runs (``pytest --junitxml=FILE``)
as arguments it compares each store that was run with what has passed, and says where they differ.
"""

import importlib
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import tests.stores
from userkit.storage.capabilities import BulkLoadable, Countable, Purgeable, Searchable, Surveyable
from userkit.testing import StoreConformance
from userkit.testing.standard import standard_tests

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "backends" / "capabilities.md"
BEGIN, END = "<!-- the table begins -->", "<!-- the table ends -->"

_ABILITIES = {
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
    head = ["store", "tests", ", ".join(_ABILITIES.values()), "several processes", "durable"]
    lines = [_row(head), _row(["---"] * len(head)), *(_row(_cells(each)) for each in stores())]
    deviations = [each for store in stores() for each in _deviations(store)]
    return "\n".join([*lines, "", *(deviations or ["No store deviates from a standard test."])])


def _deviations(store: type[StoreConformance]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for test, why in store.deviations.items():
        by_reason[why].append(test.removeprefix("test_").replace("_", " "))
    for why, left_out in by_reason.items():
        yield f"- **{_name(store)}** does without {_counted(left_out)}. {why}"
        yield from (f"    - {test}" for test in left_out)


def _counted(tests: list[str]) -> str:
    return "one test" if len(tests) == 1 else f"{len(tests)} tests"


def _count(store: type[StoreConformance]) -> int:
    return len(standard_tests(StoreConformance)) - sum(store.left_out.values()) - len(store.deviations)


def _cells(store: type[StoreConformance]) -> list[str]:
    lacks = [name for ability, name in _ABILITIES.items() if ability in store.lacks]
    abilities = f"all but {', '.join(lacks)}" if lacks else "all"
    shared, durable = store.shared_between_processes, store.durable
    return [_name(store), str(_count(store)), abilities, "yes" if shared else "", "yes" if durable else ""]


def _name(store: type[StoreConformance]) -> str:
    return (store.__doc__ or store.__name__.removeprefix("Test")).splitlines()[0].strip().rstrip(".")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def written(page: str) -> str:
    """Return a page with the table in its place."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


def passed(results: Iterable[Path]) -> Mapping[str, int]:
    """Return how many standard tests have passed, in all their ways, of each class that was run."""
    standard = {each.name for each in standard_tests(StoreConformance)}
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for file in results:
        for case in ElementTree.parse(file).iter("testcase"):  # written by our own run
            test = case.attrib["name"].partition("[")[0]
            if test in standard:
                tests = found[case.attrib["classname"]]
                tests[test] = tests.get(test, True) and not len(case.findall("*[@message]"))
    return {name: sum(tests.values()) for name, tests in found.items()}


def differences(results: Iterable[Path]) -> list[str]:
    """Return a sentence for each store that has not passed as many tests as the page says."""
    run = passed(results)
    promised = {f"{each.__module__}.{each.__qualname__}": each for each in stores()}
    return [
        f"{_name(store)} has passed {run[name]} tests, and the page says {_count(store)}."
        for name, store in promised.items()
        if name in run and run[name] != _count(store)
    ]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit("\n".join(differences(map(Path, sys.argv[1:]))) or None)
