"""What happens to API keys."""

from dataclasses import dataclass
from typing import ClassVar

from userkit.kernel.events import Event

__all__ = ["ApiKeyCreated", "ApiKeyRevoked", "ApiKeyUsed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(Event):
    """A user has one more API key."""

    user_id: str
    key_id: str
    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(Event):
    """An API key opens nothing any more."""

    user_id: str
    key_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyUsed(Event):
    """A program has used an API key; told at most once a minute for each key."""

    routine: ClassVar[bool] = True

    user_id: str
    key_id: str
