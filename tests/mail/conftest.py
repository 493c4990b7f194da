"""Both sides, and a certificate that nobody signed."""

from pathlib import Path

import pytest

from tests.mail.sides import Send, send_asynchronously, send_blocking
from tests.servers.smtp import Certificate


@pytest.fixture(params=[send_blocking, send_asynchronously], ids=["blocking", "asynchronous"])
def send(request: pytest.FixtureRequest) -> Send:
    """What sends a message by the mailer of a URL."""
    return request.param  # type: ignore[no-any-return]  # one of the two above


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost and 127.0.0.1."""
    return Certificate.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for mail that is not there yet."""
    return tmp_path / "mail"
