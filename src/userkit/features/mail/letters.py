"""The letters that userkit writes, and which names their templates may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ALWAYS", "LETTERS", "LetterKind"]

ALWAYS = ("app_name", "at", "subject", "user_name")
"""What every template may use; ``subject`` is there for the HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterKind:
    """A kind of letter: ``<name>.txt`` and ``<name>.html``, and the names that they may use.

    - ``needs`` and ``may``: what must and what may be given with a letter, each with an example,
      which the templates are tried with at start-up. What may be missing is None then.
    - ``link``: whether there is a ``link``, and ``expires_in`` for how long.
    - ``folder``: where the templates are, None for those of userkit.
    """

    name: str
    needs: Mapping[str, str] = field(default_factory=dict, hash=False)
    may: Mapping[str, str] = field(default_factory=dict, hash=False)
    link: bool = False
    folder: Path | None = None


_NEW_EMAIL = {"new_email": "ada@new.example"}
_ADDRESS = {"address": "192.0.2.1"}

LETTERS = (
    LetterKind(name="verify_email", link=True),
    LetterKind(name="reset_password", link=True),
    LetterKind(name="change_email", link=True),
    LetterKind(name="email_change_requested", needs=_NEW_EMAIL),
    LetterKind(name="email_changed", needs=_NEW_EMAIL),
    LetterKind(name="password_changed", may=_ADDRESS),
    LetterKind(name="password_reset_done", may=_ADDRESS),
    LetterKind(name="sign_in_throttled", may=_ADDRESS),
    LetterKind(name="refresh_reuse", may=_ADDRESS),
    LetterKind(name="api_key_created", needs={"key_name": "ci"}, may=_ADDRESS),
)
"""The letters of userkit."""
