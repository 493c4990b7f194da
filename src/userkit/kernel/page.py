"""One page of a longer list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Page"]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Some items in order, and where the next page begins: ``next`` is None on the last one."""

    items: tuple[T_co, ...]
    next: str | None = None
