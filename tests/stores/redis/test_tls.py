"""A certificate of the server is checked, always, and what is wrong with it is said at the start."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.redis import RedisServer
from tests.stores.mongodb.test_tls import write_certificate
from userkit import SyncUserKit, UserKit
from userkit.errors import StoreUnavailableError

pytestmark = pytest.mark.server

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates of these tests are: of the server, and of somebody else."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificate(folder / "server.pem")
    write_certificate(folder / "other.pem")
    return folder


@pytest.fixture(scope="module")
def secured(folder: Path) -> Iterator[str]:
    """The URL of a server that speaks TLS."""
    with RedisServer(certificate=folder / "server.pem") as server:
        yield f"rediss://:{server.password}@{server.host}:{server.tls_port}"


def test_a_server_with_the_right_certificate_is_spoken_to(secured: str, folder: Path) -> None:
    """Everything works over TLS, in both kits."""
    url = f"{secured}?tls_ca={folder / 'server.pem'}"
    with SyncUserKit(url, secret=SECRET, limiter=url) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
        kit.sessions.sign_in(email="ada@example.com", password="mauve otters juggle teapots")

    async def read() -> object:
        async with UserKit(url, secret=SECRET) as kit:
            return await kit.users.get(user.id)

    assert asyncio.run(read()) == user


@pytest.mark.parametrize("authority", ["?tls_ca=other.pem", ""])
def test_a_certificate_of_somebody_else_is_said(secured: str, folder: Path, authority: str) -> None:
    """It is nobody's that was vouched for; there is no option to look away."""
    url = secured + authority.replace("other.pem", str(folder / "other.pem"))
    with pytest.raises(StoreUnavailableError, match="by TLS: does it speak TLS, and does tls_ca vouch"):
        SyncUserKit(url, secret=SECRET).open()

    async def enter() -> None:
        with pytest.raises(StoreUnavailableError, match="by TLS"):
            await UserKit(url, secret=SECRET).open()

    asyncio.run(enter())


def test_a_name_that_the_certificate_does_not_have_is_said(secured: str, folder: Path) -> None:
    """It may be somebody between us and the server."""
    url = secured.replace("127.0.0.1", "localhost") + f"?tls_ca={folder / 'server.pem'}"
    with pytest.raises(StoreUnavailableError, match="by TLS"):
        SyncUserKit(url, secret=SECRET).open()
