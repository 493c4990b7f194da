"""What an application may choose about its account pages."""

from dataclasses import dataclass
from pathlib import Path

from userkit.errors import ConfigurationError
from userkit.pages.paths import local_path

__all__ = ["PageSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """What an application may choose about its account pages.

    - ``css``: rules that come after userkit's own, such as ``:root { --userkit-accent: #7c2d92 }``.
    - ``templates``: a folder with templates of Jinja2 in the place of userkit's own, by name.
    - ``after_sign_in``: the path that people come to when they have signed in; without one it is the
      overview of their account.

    Raises ConfigurationError.
    """

    css: str = ""
    templates: Path | None = None
    after_sign_in: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would be noticed by the first visitor only."""
        if self.templates is not None and not self.templates.is_dir():
            raise ConfigurationError(f"The folder of page templates is not there: {self.templates}.")
        if self.after_sign_in is not None and local_path(self.after_sign_in) is None:
            raise ConfigurationError("after_sign_in is a path of this site, such as /dashboard.")
