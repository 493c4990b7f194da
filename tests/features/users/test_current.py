"""Whom a credential belongs to, as they are now."""

import asyncio

import pytest

from tests.features.surface import PASSWORD, SECRET, Person, Site
from userkit import UserKit
from userkit.errors import UnauthenticatedError
from userkit.kernel.identity import Identity
from userkit.testing import InstantHasher


def identity(site: Site, person: Person) -> Identity:
    """Return whom an access token shows."""
    return site.kit.authenticate(person.access_token)


def test_it_is_the_user_as_they_are_now(site: Site) -> None:
    """Even where the credential is older than the last change."""
    ada = site.person()
    who = identity(site, ada)
    assert site.kit.users.current(who) == site.kit.users.get(ada.id)
    renamed = site.kit.users.update(ada.id, name="Ada King")
    assert site.kit.users.current(who) == renamed


def test_an_api_key_belongs_to_its_owner(site: Site) -> None:
    """As any other credential."""
    ada = site.person()
    key = site.key(ada)["x-api-key"]
    assert site.kit.users.current(site.kit.authenticate(key)).id == ada.id


@pytest.mark.parametrize("end", ["disable", "delete"])
def test_se_3_a_closed_or_deleted_account_has_no_current_user(site: Site, end: str) -> None:
    """Although the access token is good for some minutes more."""
    ada = site.person()
    who = identity(site, ada)
    getattr(site.kit.users, end)(ada.id)
    with pytest.raises(UnauthenticatedError):
        site.kit.users.current(who)


def test_se_3_an_account_that_is_open_again_has_one(site: Site) -> None:
    """Closing is not forgetting."""
    ada = site.person()
    site.kit.users.disable(ada.id)
    site.kit.users.enable(ada.id)
    assert site.kit.users.current(identity(site, ada)).id == ada.id


def test_vf_5_what_was_issued_before_the_owner_took_the_account_over_is_void(site: Site) -> None:
    """What was issued afterwards is not."""
    ada = site.person()
    who = identity(site, ada)
    token = site.token("verify_email", "ada@example.com")
    site.kit.email_verification.complete(token=token)
    with pytest.raises(UnauthenticatedError):
        site.kit.users.current(who)
    site.kit.passwords.set(ada.id, password=PASSWORD)
    pair = site.kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
    assert site.kit.users.current(site.kit.authenticate(pair.access_token)).id == ada.id


def test_the_asynchronous_kit_has_it_as_a_coroutine() -> None:
    """With the same answers."""

    async def ask() -> None:
        async with UserKit("memory://", secret=SECRET, hasher=InstantHasher()) as kit:
            ada = await kit.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
            pair = await kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
            who = await kit.authenticate(pair.access_token)
            assert await kit.users.current(who) == ada
            await kit.users.delete(ada.id)
            with pytest.raises(UnauthenticatedError):
                await kit.users.current(who)

    asyncio.run(ask())
