"""Pieces of Markdown, and the places of a page that they are written into."""

import inspect
import re
from collections.abc import Iterable, Sequence

__all__ = ["code", "filled", "first_sentence", "options_of", "prose", "table"]

_OPTIONS = re.compile(r"^- (``\w+``(?:, ``\w+``)*): (.+?)(?=^- |^\S|\Z)", re.MULTILINE | re.DOTALL)


def code(text: str) -> str:
    """Return text as code."""
    return f"`{text}`"


def prose(text: str | None) -> str:
    """Return the text of a docstring in one line of Markdown."""
    return " ".join(inspect.cleandoc(text or "").split()).replace("``", "`").replace("|", "\\|")


def first_sentence(text: str | None) -> str:
    """Return how a docstring begins, up to its first full stop at the end of a line or of a sentence."""
    return re.split(r"(?<=[.)])\s", prose((text or "").split("\n\n")[0]), maxsplit=1)[0]


def options_of(docstring: str | None) -> dict[str, str]:
    """Return what a docstring says of each option, from its list ``- ``option``: text``."""
    told: dict[str, str] = {}
    for names, meaning in _OPTIONS.findall(inspect.cleandoc(docstring or "")):
        told |= dict.fromkeys(re.findall(r"``(\w+)``", names), _as_sentence(meaning))
    return told


def _as_sentence(text: str) -> str:
    told = prose(text)
    return told[:1].upper() + told[1:]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def filled(page: str, name: str, block: str) -> str:
    """Return a page with a block in its place, which two comments mark."""
    begin, end = f"<!-- {name}: made from the code -->", f"<!-- end of {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"The page has no place for {name}: {begin} and {end}")
    return f"{before}{begin}\n\n{block}\n\n{end}{after}"
