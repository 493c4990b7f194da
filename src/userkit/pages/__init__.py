"""Account pages: what people see in a browser when they sign up, sign in and look after their account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from userkit.pages.settings import PageSettings

if TYPE_CHECKING:
    from userkit.kit import SyncUserKit, UserKit
    from userkit.surface import Surface

__all__ = ["PageSettings", "with_pages"]

_USUAL = PageSettings()


def with_pages(
    surface: Surface, kit: UserKit | SyncUserKit, settings: PageSettings | bool = _USUAL
) -> Surface:
    """Return a surface that has pages as well.

    They lie below the path of the kit's ``base_url``, where the links in its mails lead. Raises
    ConfigurationError without a ``base_url`` or where no cookies are taken, and MissingExtraError
    without Jinja2.
    """
    # Nobody needs Jinja2 who wants no pages.
    from userkit.pages.building import build

    return build(surface, kit, _USUAL if isinstance(settings, bool) else settings)
