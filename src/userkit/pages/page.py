"""A page: what it shows, what its form does, and who may see it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, ClassVar

from userkit.errors import UnauthenticatedError, UserKitError
from userkit.features.users import User
from userkit.http.messages import Headers, Request
from userkit.kernel.identity import Identity
from userkit.pages.paths import local_path

__all__ = ["Answer", "At", "Goto", "Page", "Shown", "Visit", "Visitor", "Whom"]


class Whom(Enum):
    """Who may see a page."""

    ANYBODY = auto()
    STRANGERS = auto()
    """Who is not signed in; others are led on."""
    MEMBERS = auto()
    """Who is signed in; others are asked to."""
    FRESH = auto()
    """Who has proved lately who they are; others are asked for their password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is signed in. ``csrf`` is what their forms carry."""

    identity: Identity
    session_id: str
    user: User
    csrf: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request to a page. ``fields`` is what its form says, and empty unless it was sent."""

    request: Request
    query: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    visitor: Visitor | None = None

    @property
    def member(self) -> Visitor:
        """Return who is signed in. Raises UnauthenticatedError."""
        if self.visitor is None:
            raise UnauthenticatedError
        return self.visitor

    @property
    def next(self) -> str | None:
        """Return where the visitor wants to go afterwards, if that is a path of this site."""
        return local_path(self.fields.get("next") or self.query.get("next"))

    def said(self, name: str) -> str:
        """Return what a field says; nothing when the form did not have it."""
        return self.fields.get(name, "")

    def saying(self, prefix: str) -> Mapping[str, str]:
        """Return what the fields say whose names begin alike, by the rest of their names."""
        return {
            name.removeprefix(prefix): value for name, value in self.fields.items() if name.startswith(prefix)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page, and what its template is filled with."""

    context: Mapping[str, Any] = field(default_factory=dict, repr=False)
    template: str | None = None
    title: str | None = None
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Goto:
    """Another page. It is what every form that has done something answers."""

    path: str
    headers: Headers = ()


Answer = Shown | Goto


@dataclass(frozen=True, slots=True)
class At:
    """The field that an error is about, and what is said instead of the error's own sentence."""

    error: type[UserKitError]
    field: str
    text: str | None = None


class Page(ABC):
    """One page. Forms are sent to the page that has them.

    - ``name``: of its path, and of its template.
    - ``takes``: the fields of its form; ``takes_some``: what the names of further ones begin with.
    - ``at``: where errors are shown; those that are not named stand above the form.
    """

    __slots__ = ()

    name: ClassVar[str]
    title: ClassVar[str]
    whom: ClassVar[Whom] = Whom.MEMBERS
    comes_back: ClassVar[bool] = True
    takes: ClassVar[tuple[str, ...]] = ()
    takes_some: ClassVar[tuple[str, ...]] = ()
    at: ClassVar[tuple[At, ...]] = ()

    @property
    def template(self) -> str:
        """Return the name of the template."""
        return f"{self.name.replace('-', '_')}.html"

    def knows(self, name: str) -> bool:
        """Tell whether the form may have a field."""
        return name in (*self.takes, "csrf", "next") or name.startswith(self.takes_some)

    def place_of(self, error: UserKitError) -> At | None:
        """Return where an error is shown, None for above the form."""
        return next((each for each in self.at if isinstance(error, each.error)), None)

    async def show(self, visit: Visit) -> Answer:
        """Return the page as it is before anybody has written anything."""
        return Shown()

    @abstractmethod
    async def act(self, visit: Visit) -> Answer:
        """Do what the form says. Errors of ours are shown at the form."""
        ...
