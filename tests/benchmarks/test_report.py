"""What suites found is kept by suite, with its own machine, and with nothing that tells whose it is."""

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.__main__ import main
from benchmarks.measure import Contest, Count, Result
from benchmarks.report.markdown import machines, report_text, suite_text, versions
from benchmarks.report.record import Machine, Report
from benchmarks.report.running import run_suites
from benchmarks.report.suites import SUITES
from benchmarks.report.surroundings import ROOT, machine, private_paths, revision
from tests.benchmarks.made_up import contest, count, record, report

ORDER = ("store", "tokens", "imports")


class Suite:
    """Suites that yield what they were told, and then may raise."""

    def __init__(self, **yielded: list[Result | Exception]) -> None:
        self.yielded = yielded

    def load(self, name: str) -> SimpleNamespace:
        """Give a module."""
        return SimpleNamespace(__doc__=f"Measure {name}.\n\nIn detail.", run=lambda: self.run(name))

    def run(self, name: str) -> Iterator[Result]:
        for each in self.yielded[name]:
            if isinstance(each, Exception):
                raise each
            yield each

    def into(self, folder: Path | None) -> None:
        """Run them all."""
        run_suites([*self.yielded], self.load, folder=folder, order=ORDER)


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Comparisons, numbers and sentences, with all their fields."""
    results = [contest(goal="P11", at_most=1.2), count(at_least=0.5, is_exact=False), "A sentence."]
    written = report(record("tokens", *results))
    written.write(tmp_path)
    assert Report.read(tmp_path) == written


def test_a_folder_without_a_report_has_an_empty_one(tmp_path: Path) -> None:
    """It is where the first one goes."""
    assert Report.read(tmp_path / "none") == Report()


def test_a_report_of_another_format_is_not_guessed_at(tmp_path: Path) -> None:
    """It says what it is, and what is read."""
    (tmp_path / "report.json").write_text('{"format": 99, "suites": {}}')
    with pytest.raises(ValueError, match="format 99"):
        Report.read(tmp_path)


def test_running_some_suites_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    """In the order of the suites, whichever ran last."""
    Suite(tokens=[contest("before")], imports=[count("modules")]).into(tmp_path)
    before = Report.read(tmp_path).suites["imports"]
    Suite(store=["A sentence."], tokens=[contest("after")]).into(tmp_path)
    after = Report.read(tmp_path)
    assert [*after.suites] == [*ORDER]
    assert after.suites["imports"] == before
    assert [each.name for each in after.results()] == ["after", "modules"]


def test_a_suite_that_raises_does_not_lose_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is written as failed, by the type of its error alone, and what it found counts for nothing."""
    Suite(store=[contest(), OSError("in /a/secret/place")], tokens=[contest("HS256: verify")]).into(tmp_path)
    after = Report.read(tmp_path)
    assert [(each.name, each.error) for each in after.failed] == [("store", "OSError")]
    assert [each.name for each in after.results()] == ["HS256: verify"]
    assert "secret" not in (tmp_path / "report.json").read_text()
    assert "It ended with an `OSError`" in (tmp_path / "report.md").read_text()
    assert "in /a/secret/place" in capsys.readouterr().err


def test_without_a_folder_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found is printed all the same."""
    Suite(tokens=["First.", contest("HS256: verify"), count("modules"), "Last."]).into(None)
    printed = capsys.readouterr().out
    assert "First.\n\n| what |" in printed
    assert "| modules | |" in printed
    assert printed.endswith("\n\nLast.\n")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_suite_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing has run then."""
    with pytest.raises(SystemExit):
        main(["tokens", "nonsense"])
    told = capsys.readouterr().err
    assert "there is no suite nonsense" in told
    assert "tokens" in told


def test_no_folder_of_the_machine_is_in_a_report(tmp_path: Path) -> None:
    """Whatever a suite says; words that begin like a folder stay."""
    file = Path(tempfile.gettempdir()) / "abc" / "million.db"
    said = f"Wrote {file}, from {ROOT}/benchmarks and {Path.home()}; see https://example.org{file}x."
    Suite(tokens=[said, "GET /api/v1/users/me stays."]).into(tmp_path)
    for name in ("report.json", "report.md"):
        text = (tmp_path / name).read_text()
        assert not any(re.search(rf"(?<![\w.]){re.escape(path)}\b", text) for path in private_paths()), name
        assert "GET /api/v1/users/me stays." in text
    json.loads((tmp_path / "report.json").read_text())


def test_the_machine_is_told_without_its_name() -> None:
    """What counts for speed, and nothing else."""
    here = machine()
    assert here.cores > 0
    assert here.memory_gib > 0
    assert {each.name for each in fields(Machine)} == {
        *("processor", "cores", "memory_gib", "system", "kernel", "python"),
    }
    assert revision() is None or re.fullmatch(r"[0-9a-f]{10,}( and changes)?", str(revision()))


def test_a_mix_of_machines_and_versions_is_told_as_one() -> None:
    """By suite, where they differ; once, where they do not."""
    same = report(record("store", cores=2), record("tokens", cores=2))
    assert machines(same).count("cores") == 1
    mixed = report(
        record("store", cores=2, versions={"SQLAlchemy": "2.0.58"}),
        record("tokens", cores=8, versions={"SQLAlchemy": "2.1.9"}),
        record("imports", cores=8, versions={"SQLAlchemy": "2.1.9", "PyJWT": "2.15.1"}),
    )
    assert "- The machine of store: 2 cores" in machines(mixed)
    assert "- The machine of tokens, imports: 8 cores" in machines(mixed)
    assert versions(mixed) == (
        "Versions: SQLAlchemy 2.1.9 (2.0.58 in store), PyJWT none (2.15.1 in imports)."
    )


def test_a_table_ends_where_a_sentence_begins() -> None:
    """Rows of one table stay together, and so do lines that are a table or a list already."""
    text = suite_text(
        record("store", count("a"), count("b"), "So.", "| c | d |", "| e | f |", "- g", count("h"))
    )
    assert "| a |  | 1 |  |  | modules |  |\n| b |" in text
    assert "\n\nSo.\n\n| c | d |\n| e | f |\n\n- g\n\n| what |" in text


def test_a_row_says_what_is_promised_and_whether_it_is_kept() -> None:
    """With the goal that it belongs to; bars in names do not end a cell."""
    text = suite_text(
        record("store", contest("get|find", ratio=1.4, goal="P7", at_most=1.5), count(at_most=0, goal="P8"))
    )
    assert "| get\\|find | a rival | 1.4 | 1.0 | **1.40** (1.40-1.40) | CPU µs | ≤ 1.5 (P7) |" in text
    assert "≤ 0 (P8), **not reached**" in text


def test_the_help_names_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to read the code to choose."""
    with pytest.raises(SystemExit):
        main(["--help"])
    told = re.sub(r"\s+", "", capsys.readouterr().out)
    assert all(name in told for name in SUITES)


def test_report_text_has_every_suite_and_every_goal() -> None:
    """Measured or not."""
    text = report_text(report(record("store", contest()), record("tokens", count())))
    assert [f"| P{number} |" in text for number in range(1, 17)] == [True] * 16
    assert "### store" in text
    assert "### tokens" in text


def test_numbers_are_kept_with_the_digits_that_mean_something(tmp_path: Path) -> None:
    """A report is read by people, too."""
    report(record("store", count(value=1234567.891), contest(ratio=0.123456789))).write(tmp_path)
    kept = Report.read(tmp_path).results()
    assert isinstance(kept[0], Count)
    assert kept[0].value == 1234570
    assert isinstance(kept[1], Contest)
    assert kept[1].ratio == 0.123457
