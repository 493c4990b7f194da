"""What a backend publishes about itself, as one small value behind an entry point."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from userkit.errors import UsageError

__all__ = ["Plugin", "Settings"]

F_co = TypeVar("F_co", bound=Callable[..., object], covariant=True)

Settings = Callable[[], type[Any]]
"""Returns the pydantic-settings class of a backend; called only when somebody asks for it."""

_NAME = re.compile(r"[a-z][a-z0-9.-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin(Generic[F_co]):
    """What every kind of backend says of itself. Publish one of the kinds, such as StorePlugin.

    - ``name``: lower-case letters, digits, ``-`` and ``.``; the same as the entry point's.
    - ``api_version``: the version of the plugin API it was written for, as a literal number, so
      that a later userkit can tell.
    - ``factory``: makes the backend. It connects to nothing, and imports drivers only now.
    - ``settings``: returns the class of its settings, or None when there are none.
    - ``capabilities``: what it can do beyond its port, by the names of the protocols.
    - ``summary``: one line for ``userkit plugins``.
    """

    name: str
    api_version: int
    factory: F_co
    settings: Settings | None = None
    capabilities: frozenset[str] = frozenset()
    summary: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be found, compared or called later."""
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise UsageError(f"A plugin is named in lower-case letters, digits, - and .: {self.name!r}")
        if type(self.api_version) is not int or self.api_version < 1:
            raise UsageError(f"{self.name}: api_version is a number from 1 on.")
        if not callable(self.factory):
            raise UsageError(f"{self.name}: factory is not callable.")
        if not (self.settings is None or callable(self.settings)) or not isinstance(self.summary, str):
            raise UsageError(f"{self.name}: settings returns a class, and summary is text.")
        if isinstance(self.capabilities, str) or not all(isinstance(each, str) for each in self.capabilities):
            raise UsageError(f"{self.name}: capabilities is a set of names.")
        object.__setattr__(self, "capabilities", frozenset(self.capabilities))
