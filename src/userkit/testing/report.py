"""What a run of the suite leaves out, told at its end."""

from typing import Any, Protocol

import pytest

__all__ = ["Conforming", "Report", "report_on"]

_NAME = "userkit-store-conformance"


class Conforming(Protocol):
    """A test class that says what it leaves out and where it deviates."""

    __name__: str
    left_out: dict[str, int]
    deviations: dict[str, str]


class Report:
    """A pytest plugin that prints, for each store, what is not promised and what deviates.

    The suite registers it when it is collected. Where pytest-xdist collects in other processes,
    nothing is printed.
    """

    def __init__(self) -> None:
        """Begin with no store."""
        self._stores: dict[str, Conforming] = {}

    def add(self, store: Conforming) -> None:
        """Tell of this store as well."""
        self._stores[f"{store.__module__}.{store.__name__}"] = store

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Print a section when there is something to tell."""
        lines = [line for store in self._stores.values() for line in _lines(store)]
        if lines:
            terminalreporter.section("store conformance")
            for line in lines:
                terminalreporter.write_line(line)


def report_on(store: Any, config: pytest.Config) -> None:
    """Tell of a test class at the end of this run."""
    report = config.pluginmanager.get_plugin(_NAME)
    if report is None:
        report = Report()
        config.pluginmanager.register(report, _NAME)
    report.add(store)


def _lines(store: Conforming) -> list[str]:
    promises = [f"{needs} ({count})" for needs, count in store.left_out.items()]
    lines = (
        [f"{store.__name__} leaves out what it does not promise: {', '.join(promises)}"] if promises else []
    )
    return [*lines, *(f"{store.__name__} deviates, {name}: {why}" for name, why in store.deviations.items())]
