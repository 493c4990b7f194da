"""What an application may say about screening, checked at start-up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from userkit.errors import ConfigurationError
from userkit.features.screening.model import Verdict
from userkit.ports.rate_limit import Limit

__all__ = ["ASKING_LIMIT", "Settings", "names_of", "verdict_of"]

ASKING_LIMIT = Limit(name="questions to a language model", attempts=60, within=timedelta(hours=1))
"""How many questions one client address or one user may cause; after that they are not judged by it."""

_MOST_ATTRIBUTES = 16
_LONGEST_WAIT = 60
_LEAST_MEMORY = timedelta(minutes=1)
_LONGEST = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """See ``screening``."""

    attributes: tuple[str, ...]
    model: bool
    time_limit: float
    unanswered: Verdict
    remember: timedelta
    keep: timedelta
    limit: Limit
    moment: Callable[[], float]

    @classmethod
    def of(
        cls,
        *,
        attributes: tuple[str, ...],
        model: bool,
        time_limit: float,
        unanswered: str,
        remember: timedelta,
        keep: timedelta,
        limit: Limit,
        moment: Callable[[], float],
    ) -> Self:
        """Take what an application says. Raises ConfigurationError with what to change."""
        if not 0 < time_limit <= _LONGEST_WAIT:
            raise ConfigurationError(
                f"screening(time_limit=…) is more than 0 and at most {_LONGEST_WAIT} seconds."
            )
        if not _LEAST_MEMORY <= remember <= _LONGEST:
            raise ConfigurationError("screening(remember=…) is at least a minute, such as timedelta(days=7).")
        if not timedelta(0) < keep <= _LONGEST:
            raise ConfigurationError("screening(keep=…) is more than nothing, such as timedelta(days=90).")
        return cls(
            attributes=_few(attributes),
            model=model,
            time_limit=time_limit,
            unanswered=verdict_of("unanswered", unanswered),
            remember=remember,
            keep=keep,
            limit=limit,
            moment=moment,
        )


def names_of(option: str, given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of attributes in an option, each once. Raises ConfigurationError."""
    names = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
    if isinstance(given, str) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"screening({option}=…) is a list of names: write {option}=[…].")
    return names


def verdict_of(option: str, given: str) -> Verdict:
    """Return the verdict that an option names. Raises ConfigurationError."""
    try:
        return Verdict(given)
    except ValueError:
        raise ConfigurationError(f'screening({option}=…) is "review", "allow" or "refuse".') from None


def _few(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > _MOST_ATTRIBUTES:
        raise ConfigurationError(f"screening(…) takes at most {_MOST_ATTRIBUTES} attributes.")
    return tuple(dict.fromkeys(names))
