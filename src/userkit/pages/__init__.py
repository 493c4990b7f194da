"""Account pages: what people see in a browser when they sign up, sign in and look after their account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from userkit.kit import SyncUserKit, UserKit
    from userkit.surface import Surface

__all__ = ["with_pages"]


def with_pages(surface: Surface, kit: UserKit | SyncUserKit) -> Surface:
    """Return a surface that has pages as well."""
    return replace(surface, pages={})
