"""What the site does beside rendering Markdown: diagrams as pictures, and llms.txt.

properdocs calls the functions that begin with ``on_`` (see ``hooks`` in ``mkdocs.yml``). Nothing here
asks the network, and nothing of the library is imported: the site is built without its dependencies.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = [
    "DIAGRAMS",
    "diagrams_of",
    "llms_txt",
    "name_of",
    "note_of",
    "on_page_content",
    "on_page_markdown",
    "on_post_build",
    "title_of",
]

DIAGRAMS = Path(__file__).parents[1] / "docs" / "assets" / "diagrams"

_MERMAID = re.compile(
    r"^(?:<!-- drawn from the code: \w+ -->\n\n)?```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NO_PROSE = ("#", "|", "!!!", "???", "```", ":::", "<", "-", "*   ", "1.", "    ", "===", "--8<--")


def diagrams_of(page: str) -> list[str]:
    """Return the sources of the diagrams in the text of a page."""
    return [found[1] for found in _MERMAID.finditer(page)]


def name_of(diagram: str) -> str:
    """Return the name under which the picture of a diagram is kept; another source has another name."""
    return hashlib.sha256(diagram.encode()).hexdigest()[:16]


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Put pictures in the place of diagrams, and say what the page is and how much it counts in searches."""
    page.meta.setdefault("description", note_of(markdown))
    if page.file.src_uri.startswith("explanation/decisions/"):
        page.meta.setdefault("search", {"boost": 0.3})  # who searches wants to know how, before why
    return _MERMAID.sub(_picture, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Take away the two colons that announce an example in docstrings: here they announce nothing."""
    return re.sub(r"<p>::</p>\s*", "", html).replace("::</p>", ":</p>")


def _picture(found: re.Match[str]) -> str:
    drawn = DIAGRAMS / f"{name_of(found[1])}.svg"
    if not drawn.exists():
        raise LookupError(f"A diagram has no picture yet; run scripts/draw_diagrams.py:\n{found[1]}")
    # One line: what Markdown takes for a block of HTML ends at the first empty one.
    return f'<figure class="diagram" tabindex="0">{drawn.read_text(encoding="utf-8").strip()}</figure>'


def on_post_build(*, config: Any, **_: Any) -> None:
    """Write llms.txt (https://llmstxt.org) beside the pages."""
    text = llms_txt(config, Path(config["docs_dir"]))
    (Path(config["site_dir"]) / "llms.txt").write_text(text, encoding="utf-8")


def llms_txt(settings: Mapping[str, Any], docs: Path) -> str:
    """Return what a program should read of the documentation, section by section."""
    about = note_of((docs / "index.md").read_text(encoding="utf-8"))
    lines = [f"# {settings['site_name']}", "", f"> {settings['site_description']}", "", about, ""]
    for section in settings["nav"]:
        ((title, below),) = section.items()
        pages = [page for page in _pages([below]) if page != "index.md"]
        if pages:
            entries = (_entry(settings["site_url"], docs, page) for page in pages)
            lines += [f"## {title}", "", *entries, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _pages(nav: Iterable[Any]) -> Iterator[str]:
    """Return the pages of a part of the navigation, in order."""
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            yield from _pages(entry.values() if isinstance(entry, Mapping) else entry)


def _entry(site: str, docs: Path, page: str) -> str:
    text = (docs / page).read_text(encoding="utf-8")
    address = page.removesuffix("index.md") if page.endswith("index.md") else page.removesuffix(".md") + "/"
    return f"- [{title_of(text)}]({site}{address}): {note_of(text)}"


def title_of(page: str) -> str:
    """Return the title of a page as plain text."""
    return _plain(next(line for line in page.splitlines() if line.startswith("# "))[2:])


def note_of(page: str) -> str:
    """Return the first sentence of a page as plain text."""
    for block in re.split(r"\n\s*\n", _FENCED.sub("", page)):
        if block.strip() and not block.startswith(_NO_PROSE):
            return re.split(r"(?<=[.?!])\s", _plain(" ".join(block.split())), maxsplit=1)[0].rstrip(":")
    return title_of(page)


def _plain(text: str) -> str:
    """Return Markdown without its links and emphasis."""
    text = re.sub(r"\s*\{[^}]*\}$", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[*`]", "", text)
