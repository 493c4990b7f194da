"""The tutorial "A store in an hour": its store passes the kit, and each mistake is met with what it says."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[3] / "docs" / "tutorials" / "a-store-in-an-hour.md"

FENCE = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Mistake(NamedTuple):
    """A change to what a reader has, the test that fails, and what is said."""

    right: str
    wrong: str
    test: str
    said: list[str]


def store_and_tests() -> tuple[str, str]:
    """Return the reader's two files."""
    blocks = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    store = "\n\n".join(text for kind, text in blocks if kind == "python" and "SyncUserKit" not in text)
    (tests,) = [text for kind, text in blocks if kind == "text" and "import pytest" in text]
    return store, tests


def mistakes() -> list[Mistake]:
    """Return what the page says under its heading."""
    texts = [text for kind, text in FENCE.findall(PAGE.read_text(encoding="utf-8")) if kind == "text"]
    return [_mistake(change, said) for change, said in pairwise(texts) if change.startswith("-")]


def _mistake(change: str, said: str) -> Mistake:
    right, wrong = (
        "".join(f"{line[1:]}\n" for line in change.splitlines() if line.startswith(sign)) for sign in "-+"
    )
    test, *lines = said.splitlines()
    return Mistake(right, wrong, test, [" ".join(line.split()) for line in lines])


def ran(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a reader does."""
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_store_of_the_tutorial_passes_the_kit(tmp_path: Path) -> None:
    """Nothing is left out but what the page says, and as many tests pass as it says."""
    store, tests = store_and_tests()
    (tmp_path / "shelf.py").write_text(store, encoding="utf-8")
    (tmp_path / "test_shelf.py").write_text(tests, encoding="utf-8")
    done = ran(tmp_path, "test_shelf.py")
    assert done.returncode == 0, done.stdout + done.stderr
    (promised,) = re.findall(r"^(\d+ passed)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert promised in done.stdout, f"the page says: {promised}"


def test_each_mistake_is_met_with_what_the_page_says(tmp_path: Path) -> None:
    """The test that it names fails, with these words."""
    store, tests = store_and_tests()
    all_of_them = mistakes()
    assert len(all_of_them) == 8
    for number, mistake in enumerate(all_of_them):
        assert (store + tests).count(mistake.right) == 1, mistake
        (tmp_path / f"shelf{number}.py").write_text(
            store.replace(mistake.right, mistake.wrong), encoding="utf-8"
        )
        wrong = tests.replace(mistake.right, mistake.wrong).replace("from shelf ", f"from shelf{number} ")
        (tmp_path / f"test_shelf{number}.py").write_text(wrong, encoding="utf-8")
    done = ran(tmp_path, *(f"test_shelf{n}.py::TestShelf::{each.test}" for n, each in enumerate(all_of_them)))
    assert done.returncode == 1, done.stdout + done.stderr
    reports = re.split(r"^_{3,} .* _{3,}$", done.stdout, flags=re.MULTILINE)[1:]
    assert len(reports) == len(all_of_them), done.stdout
    for report, mistake in zip(reports, all_of_them, strict=True):
        for line in mistake.said:
            assert line in " ".join(report.split()), f"{mistake.test}: {line}\n{report}"
