"""Kits as they are offered over HTTP, for every test that asks for one."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.features.surface import OpenSite, Site


@pytest.fixture
def open_site() -> Iterator[OpenSite]:
    """What opens kits; they are closed after the test."""
    opened: list[Site] = []

    def open_one(*features: Any, **changes: Any) -> Site:
        opened.append(Site.opened(*features, **changes))
        return opened[-1]

    yield open_one
    for site in opened:
        site.kit.close()


@pytest.fixture
def site(open_site: OpenSite) -> Site:
    """A kit over an empty store in memory, with a mailbox."""
    return open_site()
