"""A certificate of the server is checked, and what is wrong with it is said at the start."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers.mongodb import MongoServer
from userkit import SyncUserKit
from userkit.errors import InvalidURLError, StoreUnavailableError

pytestmark = pytest.mark.server

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
QUICK = {"selection_timeout": 2, "connect_timeout": 1, "keep_expired": -1, "tls": "true"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates of these tests are: of the server, and of somebody else."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificate(folder / "server.pem")
    write_certificate(folder / "other.pem")
    return folder


@pytest.fixture(scope="module")
def secured(folder: Path) -> Iterator[MongoServer]:
    """A server that speaks TLS with whoever asks for it."""
    with MongoServer(certificate=folder / "server.pem") as server:
        yield server


def write_certificate(path: Path) -> None:
    """Write a key and a certificate for this machine that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    written = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(pem)
    path.write_bytes(written)


def test_a_server_with_the_right_certificate_is_spoken_to(secured: MongoServer, folder: Path) -> None:
    """Everything works over TLS."""
    with SyncUserKit(secured.url(tlsCAFile=folder / "server.pem", **QUICK), secret=SECRET) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada Lovelace")
        assert kit.users.get(user.id) == user


def test_a_certificate_of_somebody_else_is_said(secured: MongoServer, folder: Path) -> None:
    """It is nobody's that was vouched for."""
    url = secured.url(tlsCAFile=folder / "other.pem", **QUICK)
    with pytest.raises(StoreUnavailableError, match="by TLS: check tlsCAFile"):
        SyncUserKit(url, secret=SECRET).open()


def test_a_file_of_certificates_that_is_not_there_is_said(secured: MongoServer, folder: Path) -> None:
    """When the kit is made, before anything is connected."""
    with pytest.raises(InvalidURLError, match="values that fit"):
        SyncUserKit(secured.url(tlsCAFile=folder / "nobody.pem", **QUICK), secret=SECRET)
