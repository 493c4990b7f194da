"""A sample of what features do, over the store that somebody else has written, with both kits."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.features.surface import NEW_PASSWORD, PASSWORD, SECRET, OpenSite, Site
from userkit import UserKit
from userkit.errors import (
    EmailAlreadyExistsError,
    InvalidCredentialsError,
    InvalidTokenError,
    UnauthenticatedError,
    UserNotFoundError,
)
from userkit.features.password_reset import password_reset
from userkit.testing import InstantHasher

pytestmark = pytest.mark.server

EMAIL = "ada@example.com"

FreshURL = Callable[..., str]


@pytest.fixture
def open_site() -> Iterator[OpenSite]:
    """What opens kits; they are closed after the test."""
    opened: list[Site] = []

    def open_one(*features: object, **changes: object) -> Site:
        opened.append(Site.opened(*features, **changes))
        return opened[-1]

    yield open_one
    for site in opened:
        site.kit.close()


@pytest.fixture
def site(open_site: OpenSite, fresh_url: FreshURL) -> Site:
    """A kit on an empty etcd, with a mailbox."""
    return open_site(password_reset(), store=fresh_url())


def test_an_address_is_registered_once(site: Site) -> None:
    """However it is spelt."""
    ada = site.person("ada")
    with pytest.raises(EmailAlreadyExistsError):
        site.kit.users.register(email="ADA@example.com", name="Another Ada", password=PASSWORD)
    assert site.kit.users.list().items == (ada.user,)
    assert site.kit.users.get_by_email(EMAIL) == ada.user


def test_only_the_password_signs_in(site: Site) -> None:
    """And what it gives is an identity."""
    ada = site.person("ada")
    with pytest.raises(InvalidCredentialsError):
        site.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    assert site.kit.authenticate(ada.access_token).user_id == ada.id


def test_a_spent_refresh_token_ends_the_session(site: Site) -> None:
    """It is exchanged once; who shows it again later has stolen it, or was stolen from."""
    ada = site.person("ada")
    pair = site.kit.sessions.refresh(ada.refresh_token)
    site.clock.advance(hours=1)
    with pytest.raises(UnauthenticatedError):
        site.kit.sessions.refresh(ada.refresh_token)
    with pytest.raises(UnauthenticatedError):
        site.kit.sessions.refresh(pair.refresh_token)


def test_a_forgotten_password_is_reset_once(site: Site) -> None:
    """By the link in the letter, which was delivered from the outbox in etcd."""
    ada = site.person("ada")
    site.kit.password_reset.request(email=EMAIL)
    token = site.token("reset_password", EMAIL)
    site.kit.password_reset.complete(token=token, password=NEW_PASSWORD)
    with pytest.raises(InvalidTokenError):
        site.kit.password_reset.complete(token=token, password=PASSWORD)
    with pytest.raises(InvalidCredentialsError):
        site.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert site.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    with pytest.raises(UnauthenticatedError):
        site.kit.sessions.refresh(ada.refresh_token)


def test_who_is_deleted_is_forgotten(site: Site) -> None:
    """With everything that features keep, and the address is free."""
    ada = site.person("ada")
    site.kit.users.delete(ada.id)
    site.letters()
    with pytest.raises(UserNotFoundError):
        site.kit.users.get(ada.id)
    assert site.kit.users.register(email=EMAIL, name="Ada Again").id != ada.id


def test_the_asynchronous_kit_runs_it_in_threads(fresh_url: FreshURL) -> None:
    """Twenty people register at once, two of them with one address."""

    async def main() -> None:
        async with UserKit(fresh_url(), secret=SECRET, hasher=InstantHasher()) as kit:
            emails = [f"ada{number % 19}@example.com" for number in range(20)]
            done = await asyncio.gather(
                *(kit.users.register(email=each, name="Ada", password=PASSWORD) for each in emails),
                return_exceptions=True,
            )
            errors = [each for each in done if isinstance(each, BaseException)]
            assert [type(each) for each in errors] == [EmailAlreadyExistsError]
            assert len((await kit.users.list()).items) == 19

    asyncio.run(main())
