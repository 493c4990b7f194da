"""Whose account it is: nobody gets one by surprise, and nobody gets into that of another."""

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest
from pydantic import BaseModel
from userkit_auth_proxy import sign

from tests.world import ADA, KEY, opens
from userkit import SyncUserKit, User
from userkit.backends.memory import MemoryStore
from userkit.errors import UserNotFoundError
from userkit.storage import Save
from userkit.sync import run
from userkit.testing import FrozenClock

OpenKit = Callable[..., SyncUserKit]
PASSWORD = "mauve otters juggle teapots"


def test_strangers_get_no_account(open_kit: OpenKit, clock: FrozenClock) -> None:
    """Unless the application says so."""
    kit = open_kit()
    assert not opens(kit, sign(ADA, key=KEY, at=clock()))
    assert kit.users.count() == 0


def test_the_first_request_opens_an_account(open_kit: OpenKit, clock: FrozenClock) -> None:
    """One, without a password, and the next request finds it."""
    kit = open_kit(register=True)
    first, second = (kit.authenticate(sign(ADA, key=KEY, at=clock())) for _ in range(2))
    assert first == second
    assert kit.users.get(first.user_id).name == "ada"
    assert not kit.passwords.exists(first.user_id)


def test_first_requests_at_once_open_one_account(open_kit: OpenKit, clock: FrozenClock) -> None:
    """All are the same user."""
    kit, barrier, found = open_kit(register=True), Barrier(8), list[str]()

    def request() -> None:
        barrier.wait()
        found.append(kit.authenticate(sign(ADA, key=KEY, at=clock())).user_id)

    threads = [Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), kit.users.count()) == (8, 1, 1)


@pytest.mark.parametrize("address", ["", "ada", f"{ADA},eve@example.com", "ada@", "a\0@example.com"])
def test_what_is_no_address_gets_no_account(open_kit: OpenKit, clock: FrozenClock, address: str) -> None:
    """Two headers that a server has joined are none either."""
    kit = open_kit(register=True)
    assert not opens(kit, sign(address, key=KEY, at=clock()))
    assert kit.users.count() == 0


class Plan(BaseModel):
    """What this application wants to know of everybody."""

    plan: str


def test_an_account_that_the_application_refuses_is_not_opened(open_kit: OpenKit, clock: FrozenClock) -> None:
    """Its attributes need more than the proxy tells."""
    kit = open_kit(register=True, attributes=Plan)
    assert not opens(kit, sign(ADA, key=KEY, at=clock()))


def test_a_disabled_user_is_not_registered_anew(open_kit: OpenKit, clock: FrozenClock) -> None:
    """The address is taken."""
    kit = open_kit(register=True)
    kit.users.disable(kit.users.register(email=ADA, name="Ada").id)
    assert not opens(kit, sign(ADA, key=KEY, at=clock()))
    assert kit.users.count() == 1


def test_a_squatter_shares_no_account_with_the_owner(open_kit: OpenKit, clock: FrozenClock) -> None:
    """Somebody registered with the owner's address and a password; the owner comes by the proxy."""
    for register in (False, True):
        kit = open_kit(register=register)
        kit.users.register(email=ADA, name="Eve", password=PASSWORD)
        assert not opens(kit, sign(ADA, key=KEY, at=clock()))


def test_a_confirmed_address_is_its_owners(open_kit: OpenKit, clock: FrozenClock) -> None:
    """The account may have a password, too."""
    store = MemoryStore()
    kit = open_kit(store)
    user = kit.users.register(email=ADA, name="Ada", password=PASSWORD)
    run(store.commit(Save(user, user.verified(clock()))))
    assert opens(kit, sign(ADA, key=KEY, at=clock()))


def test_an_application_may_trust_unconfirmed_addresses(open_kit: OpenKit, clock: FrozenClock) -> None:
    """Where administrators open the accounts."""
    kit = open_kit(unconfirmed=True)
    kit.users.register(email=ADA, name="Ada", password=PASSWORD)
    assert opens(kit, sign(ADA, key=KEY, at=clock()))


async def _nobody(email: str) -> User:
    raise UserNotFoundError


def test_an_account_that_goes_between_two_looks_opens_nothing(open_kit: OpenKit, clock: FrozenClock) -> None:
    """It was there when it should be opened, and is not when it is read."""
    kit = open_kit(register=True)
    kit.users.register(email=ADA, name="Ada")
    backends: dict[str, Any] = kit.wiring().authentication.backends
    backend = backends["proxy"]
    backends["proxy"] = replace(backend, users=replace(backend.users, get_by_email=_nobody))
    assert not opens(kit, sign(ADA, key=KEY, at=clock()))
