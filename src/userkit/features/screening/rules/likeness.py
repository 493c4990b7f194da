"""Names that resemble those of staff and brands, which the application lists."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from userkit.features.screening.rules.reading import Reading, Words, squashed
from userkit.features.screening.rules.reserved import TITLES, Runs

__all__ = ["Protected"]

# One other letter makes another person of a short name.
_LONG = 8
# Of names shorter than this, l and I or 0 and O make another person, too: Ian and Lan.
_SHORT = 5


@dataclass(frozen=True, slots=True, repr=False)
class _Titles:
    words: frozenset[str]
    runs: Runs


@dataclass(frozen=True, slots=True, repr=False)
class _Index:
    """Protected names in one way of reading them, with the scripts they are in."""

    whole: Mapping[str, int]
    in_any_order: Mapping[Words, int]
    without_a_letter: Mapping[str, tuple[str, ...]]
    titles: _Titles

    def match(self, words: Words) -> tuple[str, int | None] | None:
        """Return what of a name is a protected one, and its scripts unless it only comes near; or None."""
        core = tuple(word for word in words if word not in self.titles.words)
        for part in dict.fromkeys((words, core)):
            run = squashed(part)
            scripts = self.whole.get(run, self.in_any_order.get(tuple(sorted(part))))
            if scripts is not None:
                return run, scripts
            if self._is_near(run):
                return run, None
        return self._beside_titles(squashed(words))

    def _is_near(self, run: str) -> bool:
        """Tell whether one letter less, more or another, or two that changed places, make a name of it."""
        if len(run) < _LONG or not self.without_a_letter:
            return False
        return any(
            _is_one_edit(run, name)
            for shorter in _shortened(run)
            for name in self.without_a_letter.get(shorter, ())
        )

    def _beside_titles(self, run: str) -> tuple[str, int] | None:
        """Look for a protected name and titles written as one word, such as ``AcmeSupport``."""
        for cut in range(1, len(run)):
            for name, title in ((run[:cut], run[cut:]), (run[cut:], run[:cut])):
                if name in self.whole and self.titles.runs.make(title):
                    return name, self.whole[name]
        return None


@dataclass(frozen=True, slots=True, repr=False)
class Protected:
    """Names that are not for others, as they are written and as they look."""

    _written: _Index
    _seen: _Index

    @classmethod
    def of(cls, names: Iterable[str]) -> "Protected":
        """Make it of the names as people write them."""
        readings = [reading for name in names if (reading := Reading.of(name)).written]
        return cls(_index(readings, seen=False), _index(readings, seen=True))

    def match(self, name: Reading) -> bool | None:
        """Tell whether a name resembles one of these: True if by a trick, None if it does not."""
        if not self._seen.whole:
            return None
        as_written = self._written.match(name.written)
        if as_written is not None and as_written[1] is not None:
            return name.hidden or name.mixed
        found = [match for way in name.seen if (match := self._seen.match(way)) is not None]
        if any(name.is_trick(scripts) for _, scripts in found):
            return True
        return False if any(len(run) >= _SHORT for run, _ in found) else None


def _index(readings: Iterable[Reading], *, seen: bool) -> _Index:
    ways = [(words, each.scripts) for each in readings for words in each.ways(seen=seen) if words]
    shorter: dict[str, tuple[str, ...]] = {}
    for run in sorted({squashed(words) for words, _ in ways}):
        for key in _shortened(run) if len(run) >= _LONG else ():
            shorter[key] = (*shorter.get(key, ()), run)
    return _Index(
        whole={squashed(words): scripts for words, scripts in ways},
        in_any_order={tuple(sorted(words)): scripts for words, scripts in ways},
        without_a_letter=shorter,
        titles=_titles(seen),
    )


@cache
def _titles(seen: bool) -> _Titles:
    readings = [Reading.of(text) for text in TITLES.split()]
    words = frozenset(squashed(way) for each in readings for way in each.ways(seen=seen))
    return _Titles(words, Runs.of(words))


def _shortened(run: str) -> Iterator[str]:
    """Return a run, and what remains of it when one letter is taken out."""
    yield run
    for place in range(len(run)):
        yield run[:place] + run[place + 1 :]


def _is_one_edit(one: str, other: str) -> bool:
    """Tell whether two runs are at most one edit apart, exchanged neighbours included."""
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return abs(len(one) - len(other)) <= 1
    a, b = one[start:], other[start:]
    if len(a) == len(b) and a[:2] == b[1::-1] and a[2:] == b[2:]:
        return True
    return a[1:] == b[1:] or a[1:] == b or a == b[1:]
