"""What happens to letters."""

from dataclasses import dataclass

from userkit.kernel.events import Event

__all__ = ["LetterFailed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFailed(Event):
    """A mail server refused a letter for good, so that it was given up."""

    user_id: str | None
    letter: str
