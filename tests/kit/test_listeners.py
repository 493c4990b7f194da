"""Listeners may wait where the kit is asynchronous, and only there."""

import asyncio
import logging

import pytest

from tests.kit.sides import SECRET
from userkit import SyncUserKit, UserKit, UserRegistered
from userkit.errors import WouldWaitError


def test_an_asynchronous_kit_waits_for_its_listeners() -> None:
    """When a call returns, everybody has been told."""
    told: list[str] = []

    async def slow(event: UserRegistered) -> None:
        await asyncio.sleep(0)
        told.append(event.user.name)

    async def use() -> None:
        async with UserKit("memory://", secret=SECRET) as kit:
            kit.listen(UserRegistered, slow)
            await kit.users.register(email="ada@example.com", name="Ada")
            assert told == ["Ada"]

    asyncio.run(use())


def test_a_synchronous_kit_takes_asynchronous_listeners_that_do_not_wait() -> None:
    """One listener serves both kits."""
    told: list[str] = []

    async def quick(event: UserRegistered) -> None:
        told.append(event.user.name)

    with SyncUserKit("memory://", secret=SECRET) as kit:
        kit.listen(UserRegistered, quick)
        kit.users.register(email="ada@example.com", name="Ada")
    assert told == ["Ada"]


def test_a_listener_of_a_synchronous_kit_that_waits_is_named() -> None:
    """It is a mistake in the program, so it is not merely logged; the user is registered all the same."""

    async def mail_a_welcome(event: UserRegistered) -> None:
        await asyncio.sleep(0)

    with SyncUserKit("memory://", secret=SECRET) as kit:
        kit.listen(UserRegistered, mail_a_welcome)
        with pytest.raises(WouldWaitError, match=r"mail_a_welcome -> sleep waited .* listeners"):
            kit.users.register(email="ada@example.com", name="Ada")
        assert kit.users.count() == 1


def test_a_listener_that_asks_for_a_loop_is_logged_by_name(caplog: pytest.LogCaptureFixture) -> None:
    """That is an error of its own, and hurts nobody else."""

    async def asks_for_a_loop(event: UserRegistered) -> None:
        asyncio.get_running_loop()

    with SyncUserKit("memory://", secret=SECRET) as kit:
        kit.listen(UserRegistered, asks_for_a_loop)
        kit.users.register(email="ada@example.com", name="Ada")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "asks_for_a_loop" in record.__dict__["listener"]
