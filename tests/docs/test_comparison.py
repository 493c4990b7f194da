"""The comparison says what was found, and no more."""

import json
from pathlib import Path

from benchmarks.comparison.table import table

ROOT = Path(__file__).parents[2]
FOUND = ROOT / "benchmarks" / "comparison"


def test_the_table_of_the_page_is_made_of_what_was_found() -> None:
    """Nobody has written into it by hand."""
    found = json.loads((FOUND / "facts.json").read_text("utf-8"))
    assert (FOUND / "facts.md").read_text("utf-8") == table(found)
    assert '--8<-- "benchmarks/comparison/facts.md"' in (ROOT / "docs" / "comparison.md").read_text("utf-8")
