"""Bars as SVG, for light and for dark pages: words stay words, and the same numbers give the same bytes."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from benchmarks.report.figures import Bar, Figure

__all__ = ["SCHEMES", "Scheme", "drawn"]

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Colours:
    """Tones differ in lightness as well, and stand out from the page by 3 to 1 at least, words by 4.5."""

    words: str
    ours: str
    theirs: str
    beyond: str


SCHEMES: Mapping[Scheme, _Colours] = {
    "light": _Colours(words="#24262c", ours="#303f9f", theirs="#888e98", beyond="#c2571a"),
    "dark": _Colours(words="#dfe1e8", ours="#a3b1ff", theirs="#767d8b", beyond="#d2622a"),
}

# As wide as a phone can show without making the words too small to read, in pixels.
_WIDTH, _MARGIN, _SIZE = 560, 4, 14
_TITLE, _LINE, _BAR, _GAP, _SPACE = 34, 19, 16, 12, 6
# A bar leaves room for what is written behind it.
_LONGEST = 380


def drawn(figure: Figure, scheme: Scheme) -> str:
    """Return a figure as SVG, on a page of a scheme."""
    colours = SCHEMES[scheme]
    body = list(_body(figure, colours))
    height = _height(figure)
    title, told = escape(figure.title), escape(figure.told)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="title told" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="{_SIZE}" fill="{colours.words}">',
        f'<title id="title">{title}</title>',
        f'<desc id="told">{told}</desc>',
        *body,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _height(figure: Figure) -> int:
    bars = sum(len(row.bars) for row in figure.rows)
    return _top(figure) + len(figure.rows) * (_LINE + _GAP) + bars * (_BAR + 2)


def _top(figure: Figure) -> int:
    return _TITLE + (_LINE if figure.mark is not None else 0)


def _body(figure: Figure, colours: _Colours) -> Iterator[str]:
    length = _scale(figure)
    yield _words(figure.title, _MARGIN, 18, weight="bold")
    mark = None if figure.mark is None else length[figure.mark]
    if mark is not None:
        yield _words(f"{figure.marked}: {figure.mark:g}", _MARGIN + mark, _top(figure) - 6, anchor="middle")
    y = _top(figure)
    for row in figure.rows:
        yield _words(row.name, _MARGIN, y + _SIZE)
        y += _LINE
        for bar in row.bars:
            yield _bar(bar, length[bar.value], y, colours)
            yield _words(bar.told, _behind(bar, length[bar.value], mark), y + 13)
            if mark is not None:
                line = f'stroke="{colours.words}" stroke-width="2"'
                yield f'<path d="M{_MARGIN + mark:g} {y - 2}v{_BAR + 4}" {line}/>'
            y += _BAR + 2
        y += _GAP


def _bar(bar: Bar, length: float, y: int, colours: _Colours) -> str:
    colour = getattr(colours, bar.tone)
    return f'<rect x="{_MARGIN}" y="{y}" width="{length:g}" height="{_BAR}" fill="{colour}"/>'


def _behind(bar: Bar, length: float, mark: float | None) -> float:
    """Return where the words of a bar begin: behind it, and behind the line if they would lie on it."""
    reach = length + _SPACE + len(bar.told) * _SIZE * 0.55
    is_crossed = mark is not None and length <= mark <= reach
    return _MARGIN + _SPACE + (mark if is_crossed and mark is not None else length)


def _words(text: str, x: float, y: float, *, weight: str = "", anchor: str = "") -> str:
    more = f' font-weight="{weight}"' if weight else ""
    more += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{round(x, 1):g}" y="{y:g}"{more}>{escape(text)}</text>'


def _scale(figure: Figure) -> Mapping[float, float]:
    """Return how long the bar of each number is, in pixels."""
    values = {bar.value for row in figure.rows for bar in row.bars}
    values |= set() if figure.mark is None else {figure.mark}
    if not figure.is_logarithmic:
        most = max(values) or 1
        return {value: round(_LONGEST * value / most, 1) for value in values}
    finite = [value for value in values if 0 < value < math.inf]
    least, most = math.log(min(finite) / 2), math.log(max(finite) * 1.01)
    return {value: _logarithmic(value, least, most) for value in values}


def _logarithmic(value: float, least: float, most: float) -> float:
    if value <= 0:
        return 0
    if value == math.inf:
        return _LONGEST
    return round(_LONGEST * (math.log(value) - least) / (most - least), 1)
