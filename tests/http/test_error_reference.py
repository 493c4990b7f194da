"""Every problem links to the error reference, so the reference tells of every code."""

import re
from pathlib import Path

import pytest

from tests.http.test_problems import TABLE
from userkit.http.problems import type_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
CODES = sorted({code for _, code in TABLE.values()} | {"internal_error"})


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_told_of(code: str) -> None:
    """At the anchor that the type of its problem leads to."""
    assert type_of(code).endswith(f"/reference/errors/#{code}")
    anchors = re.findall(r'id="([a-z_]+)"|\{:? ?#([a-z_]+) ?\}', PAGE.read_text(encoding="utf-8"))
    assert code in {either for pair in anchors for either in pair}
