"""Draw the diagrams of the documentation, from the code and as pictures.

    python scripts/draw_diagrams.py

First what the code says is written into the pages, then every Mermaid block without a picture gets one in
``docs/assets/diagrams``, and pictures of no block are deleted. The browser is Chromium, by way of
playwright (``CHROMIUM`` says where it is, if it is not on the path); Mermaid comes from the package index of
npm, and is neither kept nor needed to build the site.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.diagrams import redrawn
from scripts.site_hooks import DIAGRAMS, diagrams_of, name_of

_DOCS = DIAGRAMS.parents[1]
_MERMAID = "mermaid@11.17.2"
# Colours and lines are in docs/assets/site.css; what decides about sizes is here and there alike.
_SETTINGS = {
    "startOnLoad": False,
    "theme": "base",
    "fontFamily": "Helvetica, Arial, sans-serif",
    "themeVariables": {"fontSize": "14px"},
    "htmlLabels": False,
    "flowchart": {"htmlLabels": False, "padding": 10, "nodeSpacing": 20, "rankSpacing": 32},
    "sequence": {
        "mirrorActors": False,
        "width": 120,
        "height": 40,
        "actorMargin": 24,
        "messageFontSize": 14,
        "actorFontSize": 14,
        "noteFontSize": 14,
    },
}


def _main() -> None:
    wanted = {
        name_of(diagram): diagram for page in sorted(_DOCS.rglob("*.md")) for diagram in _drawn_anew(page)
    }
    DIAGRAMS.mkdir(exist_ok=True)
    for picture in DIAGRAMS.glob("*.svg"):
        if picture.stem not in wanted:
            picture.unlink()
    missing = {name: source for name, source in wanted.items() if not (DIAGRAMS / f"{name}.svg").exists()}
    if missing:
        _draw(missing)
    print(f"{len(wanted)} diagrams, {len(missing)} drawn")  # noqa: T201


def _drawn_anew(page: Path) -> list[str]:
    """Write what the code says into a page, and return its diagrams."""
    before = page.read_text(encoding="utf-8")
    after = redrawn(before)
    if after != before:
        page.write_text(after, encoding="utf-8")
    return diagrams_of(after)


def _draw(diagrams: dict[str, str]) -> None:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.add_script_tag(content=_mermaid(Path(folder)))
        page.evaluate("settings => mermaid.initialize(settings)", _SETTINGS)
        for name, source in diagrams.items():
            (DIAGRAMS / f"{name}.svg").write_text(_picture(page, name, source), encoding="utf-8")
        browser.close()


def _mermaid(folder: Path) -> str:
    """Fetch the program that draws, without installing it."""
    command = ["npm", "pack", "--silent", _MERMAID, "--pack-destination", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as files:
        program = files.extractfile("package/dist/mermaid.min.js")
        assert program is not None
        return program.read().decode()


def _picture(page: Page, name: str, source: str) -> str:
    """Return a diagram as SVG on one line: as large as it is, with what is seen and nothing else."""
    svg: str = page.evaluate(
        "async ([name, source]) => (await mermaid.render(name, source)).svg", [f"diagram-{name}", source]
    )
    size = re.search(r'viewBox="\S+ \S+ ([\d.]+) ([\d.]+)"', svg)
    assert size is not None, svg
    svg = re.sub(r"<style>.*?</style>|<defs>(?:<symbol.*?</symbol>)+</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:data-[a-z-]+="[^"]*"|style="[; ]*"|style="(?:max-width|font-family)[^"]*")', "", svg)
    svg = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for marker in re.findall(r'<marker id="([^"]+)"', svg):
        if f"url(#{marker})" not in svg:
            svg = re.sub(
                rf'(?:<defs>)?<marker id="{marker}".*?</marker>(?:</defs>)?', "", svg, flags=re.DOTALL
            )
    width, height = (round(float(each)) for each in size.groups())
    svg = svg.replace("<svg ", f'<svg width="{width}" height="{height}" ', 1)
    svg = re.sub(r"(\d\.\d)\d+", r"\1", svg)  # a tenth of a pixel
    return re.sub(r"\s+", " ", svg) + "\n"


if __name__ == "__main__":
    _main()
