"""Flame graphs as still pictures.

py-spy draws only what it has just recorded, whole and with a script inside, and on the package index there is
nothing well kept that draws from stacks: so these are rectangles of our own, whose titles say what they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from benchmarks.profiles.stacks import Frame, Profile

__all__ = ["MOST_BYTES", "flame_graph"]

MOST_BYTES = 150_000
_LEAST = 0.003
_WIDTH, _HEIGHT, _LETTER, _FOOT = 1200.0, 17, 6.6, 24

# By the Okabe-Ito palette, lightened: told apart whatever one sees.
_COLOURS = {
    "userkit": "#8fd0f5",
    "sqlalchemy": "#f2b266",
    "driver": "#7fd6ae",
    "json": "#f5eb80",
    "cryptography": "#e3aacb",
    "framework": "#aeb8e8",
    "kernel": "#eb9f8e",
    "garbage": "#c6b89e",
    "python": "#d8d8d8",
    "other": "#bcbcbc",
}
_STYLE = (
    "text{font:11px monospace;pointer-events:none;fill:#111}"
    "rect{stroke:#fff;stroke-width:.5}"
    ".foot{fill:#555}"
    "@media(prefers-color-scheme:dark){.foot{fill:#bbb}rect{stroke:#222}}"
)


@dataclass(slots=True)
class _Node:
    frame: Frame
    owner: str
    seen: int = 0
    calls: "dict[Frame, _Node]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Box:
    node: _Node
    begin: float
    depth: int


def flame_graph(name: str, profile: Profile) -> str:
    """Draw a profile as SVG; what is too narrow to be seen is left out."""
    least = _LEAST
    while len(drawn := _drawn(name, profile, least)) > MOST_BYTES:
        least *= 1.5
    return drawn


def _drawn(name: str, profile: Profile, least: float) -> str:
    samples = profile.samples or 1
    boxes = list(_boxes(_tree(profile), least * samples))
    height = _HEIGHT * (1 + max((box.depth for box in boxes), default=0)) + _FOOT
    drawn = "\n".join(_rectangle(box, samples, height) for box in boxes)
    legend = "\n".join(_legend(height - _FOOT + 6))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height}" role="img">'
        f"<title>{escape(name)}</title><style>{_STYLE}</style>\n{drawn}\n{legend}\n</svg>\n"
    )


def _tree(profile: Profile) -> _Node:
    root = _Node(Frame("", ""), "")
    for stack, seen in profile.stacks.items():
        node, owner = root, "other"
        for frame in stack:
            owner = frame.owner or owner
            node = node.calls.setdefault(frame, _Node(frame, owner))
            node.seen += seen
    return root


def _boxes(parent: _Node, least: float, begin: float = 0, depth: int = 0) -> Iterator[_Box]:
    for _, node in sorted(parent.calls.items(), key=lambda it: str(it[0])):
        if node.seen >= least:
            yield _Box(node, begin, depth)
            yield from _boxes(node, least, begin, depth + 1)
        begin += node.seen


def _rectangle(box: _Box, samples: int, height: int) -> str:
    scale = _WIDTH / samples
    x, width = box.begin * scale, box.node.seen * scale
    y = height - _FOOT - (box.depth + 1) * _HEIGHT
    told = escape(str(box.node.frame), quote=False)
    share = f"{100 * box.node.seen / samples:.1f} %"
    return (
        f'<g><title>{told}: {share}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
        f'height="{_HEIGHT}" fill="{_COLOURS[box.node.owner]}"/>{_label(box, x, y, width)}</g>'
    )


def _label(box: _Box, x: float, y: int, width: float) -> str:
    letters = int((width - 4) / _LETTER)
    if letters < 3:  # says nothing
        return ""
    told = box.node.frame.name or box.node.frame.file
    shown = told if len(told) <= letters else f"{told[: letters - 1]}…"
    return f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(shown, quote=False)}</text>'


def _legend(y: int) -> Iterator[str]:
    for number, (owner, colour) in enumerate(_COLOURS.items()):
        x = 4 + number * 118
        yield f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/>'
        yield f'<text class="foot" x="{x + 17}" y="{y + 10}">{owner}</text>'
