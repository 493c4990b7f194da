"""What came of running suites, as it is kept in ``report.json``: each with its own day and machine."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.measure import Contest, Count, Result

__all__ = ["Machine", "Report", "SuiteRecord"]

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the suite ran on, and nothing that tells whose it is."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    kernel: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRecord:
    """One run of one suite."""

    name: str
    about: str
    """What the suite measures, in its own words."""
    date: str
    seconds: float
    load_before: Sequence[float]
    load_after: Sequence[float]
    machine: Machine
    versions: Mapping[str, str]
    revision: str | None
    """The revision of userkit's repository, where there is one."""
    results: Sequence[Result]
    error: str | None = None
    """The type of the error that ended the suite, if one did."""

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it; the name is the key that it stands under."""
        told = asdict(replace(self, results=()))
        del told["name"]
        return {**told, "results": [_written(each) for each in self.results]}

    @classmethod
    def of(cls, name: str, told: Mapping[str, Any]) -> "SuiteRecord":
        """Make it of JSON again."""
        results = [_read(each) for each in told["results"]]
        return cls(name=name, **{**told, "machine": Machine(**told["machine"]), "results": results})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The last run of each suite."""

    suites: Mapping[str, SuiteRecord] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Report":
        """Read what a folder has; an empty one has nothing."""
        path = folder / "report.json"
        if not path.exists():
            return cls()
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise ValueError(f"The report has format {told['format']}, and this reads format {FORMAT}.")
        return cls(suites={name: SuiteRecord.of(name, each) for name, each in told["suites"].items()})

    def merged(self, newer: SuiteRecord, order: Sequence[str]) -> "Report":
        """Return it with a newer run in the place of the one before; suites stand in the given order."""
        suites = {**self.suites, newer.name: newer}
        known = [name for name in order if name in suites]
        return Report(suites={name: suites[name] for name in [*known, *sorted(suites.keys() - set(known))]})

    def write(self, folder: Path, *, private: Iterable[str] = ()) -> None:
        """Write it, with ``…`` in the place of paths below those that are ``private``."""
        suites = {name: each.document() for name, each in self.suites.items()}
        text = json.dumps({"format": FORMAT, "suites": suites}, indent=1, ensure_ascii=False, allow_nan=False)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(_without(text, private) + "\n", encoding="utf-8")

    def results(self) -> list[Contest | Count]:
        """Return the comparisons and numbers of suites that came to their end."""
        ended = [each for each in self.suites.values() if each.error is None]
        return [result for each in ended for result in each.results if not isinstance(result, str)]

    @property
    def failed(self) -> list[SuiteRecord]:
        """Return the suites that an error ended."""
        return [each for each in self.suites.values() if each.error is not None]


def _written(result: Result) -> str | dict[str, Any]:
    if isinstance(result, str):
        return result
    kind = "contest" if isinstance(result, Contest) else "count"
    return {"kind": kind, **{name: _short(value) for name, value in asdict(result).items()}}


def _short(value: object) -> object:
    """Return numbers with the digits that mean something."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _read(told: str | Mapping[str, Any]) -> Result:
    if isinstance(told, str):
        return told
    fields = dict(told)
    kind = fields.pop("kind")
    return Contest(**fields) if kind == "contest" else Count(**fields)


def _without(text: str, private: Iterable[str]) -> str:
    for path in sorted(private, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.]){re.escape(path)}(?![\w-])[^\s\"'`\\]*", "…", text)
    return text
