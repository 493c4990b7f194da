"""Which passwords are accepted, and in what form they are hashed."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from userkit.errors import ConfigurationError, WeakPasswordError
from userkit.features.passwords.guessing import Guesses, common_passwords, hard_part, own_words

__all__ = ["LONGEST_PASSWORD_BYTES", "PasswordPolicy", "presented"]

LONGEST_PASSWORD_BYTES = 1024
"""In UTF-8 and NFC. It keeps the cost of a request small, and is the same for everybody."""

_LEAST_LENGTH = 8  # NIST SP 800-63B-4, section 3.1.1.2, even with a second factor
_MOST_LENGTH = 64  # and at least so many must be accepted
# What decomposed characters shrink to in NFC: at most three code points to two bytes.
_LONGEST_TYPED = 2 * LONGEST_PASSWORD_BYTES

_NOTHING = Guesses.of(())


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """What a new password must be: long, and not easy to guess. Nothing is said of its characters.

    - ``min_length``: in code points, after NFC; at least 8, at most 64.
    - ``min_length_with_second_factor``: for those who prove something else as well.
    - ``blocklist``: common passwords to refuse instead of the list that is shipped.
    - ``words``: what else is no secret, such as the name of the service.
    """

    min_length: int = 15
    min_length_with_second_factor: int = 8
    blocklist: Iterable[str] | None = field(default=None, repr=False)
    words: tuple[str, ...] = ()
    _chosen: Guesses | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Refuse what would let weak passwords pass, or good ones not."""
        _check_length("min_length", self.min_length)
        _check_length("min_length_with_second_factor", self.min_length_with_second_factor)
        if self.min_length_with_second_factor > self.min_length:
            raise ConfigurationError(
                "min_length_with_second_factor is at most min_length: "
                f"take {self.min_length} or less instead of {self.min_length_with_second_factor}."
            )
        object.__setattr__(self, "words", _texts("words", self.words))
        if self.blocklist is not None:
            object.__setattr__(self, "blocklist", frozenset(_texts("blocklist", self.blocklist)))
            object.__setattr__(self, "_chosen", Guesses.of(self.blocklist))

    def check(self, password: object, *, context: Iterable[str] = (), second_factor: bool = False) -> str:
        """Return a new password in the form that is hashed: NFC, otherwise as it was typed.

        ``context`` is what others know of its owner: address and name.

        Raises WeakPasswordError, which says what to change and never repeats the password.
        """
        text = _text(password)
        least = self.min_length_with_second_factor if second_factor else self.min_length
        if len(text) < least:
            raise WeakPasswordError(f"A password has at least {least} characters.")
        common = self._chosen or common_passwords()
        if hard_part(text, common, _NOTHING) < _LEAST_LENGTH:
            raise WeakPasswordError(
                "This password is easy to guess: it is a common one, a repetition or a row of keys, or "
                "little more. Take several words that have nothing to do with each other."
            )
        if hard_part(text, common, own_words((*self.words, *context))) < _LEAST_LENGTH:
            raise WeakPasswordError(
                "This password is easy to guess: it is little more than your name, your address or the "
                "name of the service. Take several words that have nothing to do with you."
            )
        return text


def presented(password: object) -> str | None:
    """Return what was typed at a sign-in as it is compared, or None if it is nobody's password.

    It is nobody's when it is no text, too long, or holds NUL or half of a surrogate pair.
    """
    try:
        return _text(password)
    except WeakPasswordError:
        return None


def _text(password: object) -> str:
    if not isinstance(password, str):
        raise WeakPasswordError("A password is text.")
    if "\0" in password or any("\ud800" <= char <= "\udfff" for char in password[:_LONGEST_TYPED]):
        raise WeakPasswordError("A password has no NUL characters and no halves of surrogate pairs.")
    # What is longer cannot become short enough, and normalising it could take long.
    text = unicodedata.normalize("NFC", password) if len(password) <= _LONGEST_TYPED else password
    if len(text) > LONGEST_PASSWORD_BYTES or len(text.encode("utf-8")) > LONGEST_PASSWORD_BYTES:
        raise WeakPasswordError(f"A password has at most {LONGEST_PASSWORD_BYTES:,} bytes.")
    return text


def _check_length(name: str, value: int) -> None:
    if type(value) is not int:
        raise ConfigurationError(f"{name} is a number of characters, not {type(value).__name__}.")
    if not _LEAST_LENGTH <= value <= _MOST_LENGTH:
        raise ConfigurationError(
            f"{name}={value}: take a number from {_LEAST_LENGTH}, below which passwords are guessed, "
            f"to {_MOST_LENGTH}, which every password manager can make."
        )


def _texts(name: str, values: Iterable[str]) -> tuple[str, ...]:
    texts = () if isinstance(values, str) else tuple(values)
    if isinstance(values, str) or not all(isinstance(each, str) for each in texts):
        raise ConfigurationError(f"{name} is a collection of texts, such as ('Example', 'Example Ltd').")
    return texts
