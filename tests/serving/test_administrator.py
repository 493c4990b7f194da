"""`--admin`: somebody administers from the first start on, and nobody else gets in by it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.serving.served import served
from userkit import UserKit
from userkit.backends.mail import MemoryMailer
from userkit.errors import ConfigurationError, InvalidEmailError
from userkit.features.mail import mail
from userkit.serving.administrator import ADMINISTRATOR
from userkit.testing import InstantHasher

ADMIN = "root@example.com"
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


def over_a_kit(act: Callable[[UserKit, MemoryMailer], Awaitable[None]]) -> None:
    """Act on a kit in memory, which could send mail."""

    async def run() -> None:
        mailer = MemoryMailer()
        kit = UserKit(
            "memory://",
            secret=SECRET,
            hasher=InstantHasher(),
            mailer=mailer,
            base_url="https://app.example",
            features=[ADMINISTRATOR, mail(sender="App <no-reply@app.example>")],
            relay=False,
        )
        async with kit:
            await act(kit, mailer)

    asyncio.run(run())


@pytest.mark.timeout(300)
def test_a_new_administrator_gets_a_password_once(tmp_path: Path) -> None:
    """It opens the account, which may do everything and is confirmed; the next start says nothing of it."""
    with served(tmp_path, "--admin", ADMIN) as server:
        password = server.said["Password"].partition(" ")[0]
        pair = server.post("/auth/login", email=ADMIN, password=password).raise_for_status().json()
        bearer = {"authorization": f"Bearer {pair['access_token']}"}
        listed = server.http.get("/api/v1/users", headers=bearer).raise_for_status().json()
        assert [(user["email"], user["email_verified"]) for user in listed["items"]] == [(ADMIN, True)]
        assert password not in server.log.read_text()
    with served(tmp_path, "--admin", ADMIN.upper()) as server:
        assert "Password" not in server.said
        assert server.post("/auth/login", email=ADMIN, password=password).status_code == 200


def test_a_new_administrator_is_asked_for_nothing() -> None:
    """The address counts as confirmed in the commit that adds the account, so that no letter goes out."""

    async def act(kit: UserKit, mailer: MemoryMailer) -> None:
        password = await kit[ADMINISTRATOR](ADMIN)
        assert password is not None
        user = await kit.users.get_by_email(ADMIN)
        assert (user.version, user.is_email_verified) == (2, True)  # once more by the role
        assert await kit.roles.of(user.id) == {"admin"}
        await kit.outbox.deliver()
        assert mailer.sent == []
        assert await kit[ADMINISTRATOR](ADMIN) is None
        assert await kit.sessions.sign_in(email=ADMIN, password=password.reveal().decode())

    over_a_kit(act)


def test_servers_that_begin_at_once_make_one_administrator() -> None:
    """One of them has the password."""

    async def act(kit: UserKit, mailer: MemoryMailer) -> None:
        told = await asyncio.gather(*(kit[ADMINISTRATOR](ADMIN) for _ in range(4)))
        assert [password is None for password in told].count(False) == 1
        assert await kit.users.count() == 1

    over_a_kit(act)


def test_an_address_that_nobody_has_confirmed_is_no_administrator() -> None:
    """Whoever registers it before its owner does would administer."""

    async def act(kit: UserKit, mailer: MemoryMailer) -> None:
        user = await kit.users.register(email=ADMIN, name="Mallory", password="four unlikely words in a row")
        with pytest.raises(ConfigurationError, match="has not confirmed it"):
            await kit[ADMINISTRATOR](ADMIN)
        assert await kit.roles.of(user.id) == set()
        await kit.outbox.deliver()
        token = mailer.sent[0].text.partition("#token=")[2].split()[0]
        await kit.email_verification.complete(token=token)
        assert await kit[ADMINISTRATOR](ADMIN) is None
        assert await kit.roles.of(user.id) == {"admin"}

    over_a_kit(act)


def test_an_account_that_is_disabled_is_no_administrator() -> None:
    """The sentence says how to go on."""

    async def act(kit: UserKit, mailer: MemoryMailer) -> None:
        await kit[ADMINISTRATOR](ADMIN)
        await kit[ADMINISTRATOR]("other@example.com")
        await kit.users.disable((await kit.users.get_by_email(ADMIN)).id)
        with pytest.raises(ConfigurationError, match="userkit users enable"):
            await kit[ADMINISTRATOR](ADMIN)
        with pytest.raises(InvalidEmailError):
            await kit[ADMINISTRATOR]("root")

    over_a_kit(act)
