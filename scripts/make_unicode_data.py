"""Make the Unicode data of the screening rules: confusable characters and scripts.

    python scripts/make_unicode_data.py confusables.txt

``confusables.txt`` is that of https://www.unicode.org/Public/security/; the scripts come from fontTools
(``pip install fonttools``), which carries Scripts.txt and ScriptExtensions.txt as Python. Both must be of
the same version of Unicode, which this prints. It writes one packed file beside the rules: the version,
each confusable character followed by its prototype, and the beginnings of ranges with their scripts.
"""

import gzip
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools.unicodedata import ScriptExtensions, Scripts, script, script_extension

_TARGET = Path(__file__).parent.parent / "src/userkit/features/screening/rules/unicode.txt.gz"


def _main(confusables: Path) -> None:
    text = confusables.read_text("utf-8-sig")
    version = _version(r"# Version: ([\d.]+)", text)
    for module in (Scripts, ScriptExtensions):
        found = _version(r"-([\d.]+)\.txt", inspect.getsource(module))
        if found != version:
            sys.exit(f"{module.__name__} is of Unicode {found}, {confusables} of {version}.")
    parts = (version, *sorted(_prototypes(text)), "", *_ranges())
    _TARGET.write_bytes(gzip.compress("\n".join(parts).encode("utf-8"), mtime=0))
    print(f"Unicode {version}: {_TARGET.stat().st_size} bytes")  # noqa: T201


def _version(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "unknown"


def _prototypes(text: str) -> Iterator[str]:
    """Return each confusable character with its prototype behind it."""
    for line in text.split("\n"):
        source, _, rest = line.partition("#")[0].partition(";")
        if source.strip():
            yield "".join(chr(int(code, 16)) for code in (source, *rest.partition(";")[0].split()))


def _ranges() -> Iterator[str]:
    """Return where ranges of equal scripts begin, and which scripts these are."""
    before: set[str] = set()
    for start in sorted({*Scripts.RANGES, *ScriptExtensions.RANGES}):
        here = script_extension(chr(start)) or {script(chr(start))}
        if here != before:
            yield f"{start:X} {' '.join(sorted(here))}"
        before = here


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
