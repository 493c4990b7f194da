"""Sites with pages, which are closed after the test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.features.surface import PASSWORD, Site
from tests.pages.walker import Walker, pages_of

OpenPages = Callable[..., Site]


@pytest.fixture
def open_pages() -> Iterator[OpenPages]:
    """Open sites with pages."""
    sites: list[Site] = []

    def open_one(*given: Any, **changes: Any) -> Site:
        sites.append(pages_of(*given, **changes))
        return sites[-1]

    yield open_one
    for site in sites:
        site.kit.close()


@pytest.fixture
def site(open_pages: OpenPages) -> Site:
    """Return a site in which Ada has an account."""
    site = open_pages()
    site.kit.users.register(email="ada@example.com", name="Ada Lovelace", password=PASSWORD)
    return site


@pytest.fixture
def walker(site: Site) -> Walker:
    """Return somebody who is not signed in."""
    return Walker(site)


@pytest.fixture
def ada(site: Site) -> Walker:
    """Return Ada, who is signed in."""
    return Walker(site).signed_in()
