"""Where pages are, and where people may be sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from userkit.errors import ConfigurationError

__all__ = ["Paths", "local_path"]

_LONGEST = 2000
_CHARS = r"\w.~!$&'()*+,;=:@%-"
# No empty segment, so that no path is taken for a host; no backslash, which browsers take for a slash; and
# nothing invisible, which they leave out.
_LOCAL = re.compile(rf"/(?:[{_CHARS}]+(?:/[{_CHARS}]+)*/?)?(?:\?[{_CHARS}/?]*)?", re.ASCII)
# What every framework takes for a path without places in it.
_PLAIN = re.compile(r"(?:/[\w.~-]+)*", re.ASCII)

_HOME = "account"
_NAMES = (
    "sign-in",
    "sign-up",
    "sign-out",
    "confirm-password",
    "forgot-password",
    "profile",
    "change-password",
    "new-email",
    "sessions",
    "api-keys",
    "new-api-key",
    "delete-account",
    "userkit-pages.css",
    "userkit-pages.js",
)
_PURPOSES = ("verify_email", "reset_password", "change_email")


def local_path(text: str | None) -> str | None:
    """Return a path of this site, with or without a query, or None when it may lead anywhere else."""
    if text is None or len(text) > _LONGEST or _LOCAL.fullmatch(text) is None:
        return None
    return text


@dataclass(frozen=True, slots=True)
class Paths:
    """The absolute path of every page, by its name."""

    by_name: Mapping[str, str]

    @classmethod
    def below(cls, base_url: str, *, links: Mapping[str, str]) -> "Paths":
        """Lay pages out below a base URL; ``links`` says where mails lead, by purpose.

        Raises ConfigurationError.
        """
        prefix = urlsplit(base_url).path
        by_name = {name: f"{prefix}/{name}" for name in _NAMES}
        by_name["overview"] = prefix or f"/{_HOME}"
        for purpose in _PURPOSES:
            name = purpose.replace("_", "-")
            by_name[name] = prefix + links.get(purpose, f"/{name}").partition("?")[0]
        _check(by_name)
        return cls(by_name)

    def to(self, name: str, **query: str | None) -> str:
        """Return the path of a page, with what is not None of a query."""
        given = {key: value for key, value in query.items() if value is not None}
        return self.by_name[name] + (f"?{urlencode(given)}" if given else "")


def _check(by_name: Mapping[str, str]) -> None:
    names: dict[str, str] = {}
    for name, path in by_name.items():
        if not path or _PLAIN.fullmatch(path) is None:
            raise ConfigurationError(
                f"No page can be at {path}: write its path with letters, digits, dots, hyphens and slashes."
            )
        if names.setdefault(path, name) != name:
            raise ConfigurationError(f"The pages {names[path]} and {name} are both at {path}.")
