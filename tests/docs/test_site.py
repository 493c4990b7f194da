"""Diagrams are those of the code and have a picture each, and llms.txt leads to every page."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from scripts.diagrams import DRAWN, redrawn
from scripts.site_hooks import (
    DIAGRAMS,
    diagrams_of,
    llms_txt,
    name_of,
    note_of,
    on_page_content,
    on_page_markdown,
    title_of,
)

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
HOW = "run `python scripts/draw_diagrams.py`, and look at what it has drawn"


class Page:
    """A page as properdocs hands it to a hook."""

    def __init__(self, name: str = "new.md") -> None:
        self.meta: dict[str, Any] = {}
        self.file = SimpleNamespace(src_uri=name)


def texts() -> dict[str, str]:
    return {str(page.relative_to(DOCS)): page.read_text(encoding="utf-8") for page in PAGES}


def test_a_diagram_says_what_the_code_says() -> None:
    """Layers, features, tokens and errors are drawn from the code as it is now."""
    assert [name for name, text in texts().items() if redrawn(text) != text] == [], HOW


def test_each_diagram_of_the_code_is_on_a_page() -> None:
    """What nobody looks at is not drawn."""
    shown = {name for text in texts().values() for name in re.findall(r"drawn from the code: (\w+)", text)}
    assert shown == set(DRAWN)


def test_a_diagram_that_the_code_has_left_behind_is_found() -> None:
    """The test above is not passing for want of a difference."""
    stale = "<!-- drawn from the code: layers -->\n\n```mermaid\nflowchart TB\n    cli --> kit\n```\n"
    assert "features" in redrawn(stale)


def test_each_diagram_has_a_picture_and_each_picture_a_diagram() -> None:
    """A diagram that was changed has another name, and no picture until it is drawn."""
    wanted = {name_of(diagram) for text in texts().values() for diagram in diagrams_of(text)}
    assert {picture.stem for picture in DIAGRAMS.glob("*.svg")} == wanted, HOW


def test_pictures_ask_nobody_for_anything() -> None:
    """No font, no style and no script comes from elsewhere."""
    for picture in DIAGRAMS.glob("*.svg"):
        text = picture.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"https?:|<script|<style|@import|<foreignObject", text), picture.name


def test_a_page_shows_the_picture_and_is_described_by_its_first_sentence() -> None:
    """The source stays in the repository, where GitHub draws it by itself."""
    page = Page()
    built = on_page_markdown(texts()["concepts/features.md"], page=page)
    assert "```mermaid" not in built
    assert '<figure class="diagram" tabindex="0"><svg ' in built
    assert page.meta["description"].startswith("A feature is something that a kit can do")


def test_decisions_come_after_the_others_in_searches() -> None:
    """Who searches wants to know how, before why."""
    page = Page("explanation/decisions/0027-diagrams-are-pictures-in-the-page.md")
    on_page_markdown(texts()[page.file.src_uri], page=page)
    assert page.meta["search"]["boost"] < 1


def test_the_colons_before_an_example_are_not_shown() -> None:
    """Docstrings are read in terminals, too, where two colons are the way to write it."""
    html = "<p>Of one kit:</p>\n<p>::</p>\n<pre>kit</pre>\n<p>So::</p>\n<code>a::b</code>"
    shown = "<p>Of one kit:</p>\n<pre>kit</pre>\n<p>So:</p>\n<code>a::b</code>"
    assert on_page_content(html) == shown


def test_a_diagram_without_a_picture_stops_the_build() -> None:
    """It is not left out, and not drawn by a program from elsewhere."""
    with pytest.raises(LookupError, match=r"run scripts/draw_diagrams\.py"):
        on_page_markdown("# New\n\n```mermaid\nflowchart LR\n    new --> newer\n```\n", page=Page())


def test_llms_txt_is_as_its_format_says() -> None:
    """A title, a summary, and sections of links with notes: https://llmstxt.org."""
    lines = llms_txt(SETTINGS, DOCS).splitlines()
    assert lines[:3] == ["# userkit", "", "> User accounts for any Python application."]
    sections = [line[3:] for line in lines if line.startswith("## ")]
    assert sections[:3] == ["Get started", "Tutorials", "Concepts"]
    for line in lines[lines.index("## Get started") :]:
        assert line == "" or line.startswith("## ") or re.fullmatch(r"- \[[^\]]+\]\(\S+\): \S.*", line), line


def test_llms_txt_leads_to_every_page() -> None:
    """To each of the navigation once, but for the first, which it is beside."""
    text = llms_txt(SETTINGS, DOCS)
    linked = re.findall(rf"^- \[[^\]]+\]\({SETTINGS['site_url']}(\S+)\)", text, re.MULTILINE)
    pages = re.findall(r"[\w/-]+\.md", yaml.safe_dump(SETTINGS["nav"], sort_keys=False))
    shown = [
        re.sub(r"(^|/)index\.md$", r"\1", page).replace(".md", "/") for page in pages if page != "index.md"
    ]
    assert linked == shown


@pytest.mark.parametrize(
    ("page", "title", "note"),
    [
        ("# A `kit` { #kit }\n\nIt *is* [this](x.md). And more.\n", "A kit", "It is this."),
        ("# Code\n\n```python\nimport this\n\nthis.that\n```\n\nAfter\nit: so.\n", "Code", "After it: so."),
        ("# Nothing\n\n| a |\n|---|\n", "Nothing", "Nothing"),
    ],
)
def test_a_page_is_told_of_by_its_title_and_its_first_sentence(page: str, title: str, note: str) -> None:
    """As plain text, without code, tables and links."""
    assert (title_of(page), note_of(page)) == (title, note)
