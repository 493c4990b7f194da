"""Every Python snippet of the README and of the documentation runs."""

import re
import warnings
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# A whole file in the place of a block, as pymdownx.snippets writes it.
INCLUDED = re.compile(r'--8<-- "(\S+)"')
WITH_SNIPPETS = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]


def parsed(page: Path) -> Document:
    document = Sybil(parsers=[PythonCodeBlockParser()], encoding="utf-8").parse(page)
    # Readers type it into a program, which Flask(__name__) asks for its name.
    document.namespace["__name__"] = "__main__"
    return document


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_snippets_of_a_page_run_one_after_the_other(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who types a page from top to bottom meets no error."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for example in parsed(page).examples():
            if not INCLUDED.fullmatch(example.parsed.strip()):
                example.evaluate()


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_file_that_a_page_shows_is_one_that_a_test_runs(page: Path) -> None:
    """It is shown whole, and tests/examples runs what is in its folder."""
    for example in parsed(page).examples():
        for name in INCLUDED.findall(example.parsed):
            assert (ROOT / name).is_file(), name
            assert name.startswith("examples/"), name


def test_the_pages_that_newcomers_read_have_snippets() -> None:
    """The test above is not passing for want of snippets."""
    names = {str(page.relative_to(ROOT)) for page in WITH_SNIPPETS}
    assert {"README.md", "docs/get-started/python.md"} <= names


def test_every_fence_is_of_a_kind_that_is_checked() -> None:
    """A snippet in another language is a command, a configuration or a picture, never untested Python."""
    known = {"python", "console", "toml", "text", "mermaid", "sql", ""}
    for page in PAGES:
        kinds = {
            line[3:].strip() for line in page.read_text(encoding="utf-8").splitlines() if line[:3] == "```"
        }
        assert kinds <= known, page
