"""The texts in a JSON value, as many and as much as can be looked at in good time."""

from collections.abc import Iterator, Mapping

from userkit.features.screening.rules.instructions import LONGEST_TEXT

__all__ = ["texts_in"]

_MOST_VALUES = 500
_MOST_CHARACTERS = 32_000


def texts_in(value: object) -> Iterator[str]:
    """Return the texts in a value, keys of objects inside of it included, however deep it is nested.

    At most 500 values are looked at, and no more texts once 32,000 characters of them were.
    """
    pending: list[object] = [value]
    left = _MOST_CHARACTERS
    for _ in range(_MOST_VALUES):
        if not pending or left <= 0:
            return
        here = pending.pop()
        if isinstance(here, str):
            left -= min(len(here), LONGEST_TEXT)
            yield here
        elif isinstance(here, Mapping):
            pending.extend(
                part for pair in reversed(list(here.items())[:_MOST_VALUES]) for part in pair[::-1]
            )
        elif isinstance(here, (list, tuple)):
            pending.extend(reversed(here[:_MOST_VALUES]))
