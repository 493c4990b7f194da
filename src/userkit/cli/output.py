"""What the command line prints: tables for people, JSON for programs, errors in one line."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["plain", "print_error", "print_json", "print_table"]

_WIDE = 240


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as wide as the terminal, or as wide as it needs where the output is not one."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table)


def print_json(document: Any) -> None:
    """Print a document as JSON in ASCII, which every terminal and program reads alike."""
    typer.echo(json.dumps(document, indent=2))


def print_error(sentence: str) -> None:
    """Print ``error: …`` in one line of standard error."""
    sys.stdout.flush()
    typer.echo(f"error: {plain(sentence)}", err=True)


def plain(text: str) -> str:
    """Return text in one line, without what a terminal would obey."""
    return "".join(each if each.isprintable() else "�" for each in " ".join(text.split()))
