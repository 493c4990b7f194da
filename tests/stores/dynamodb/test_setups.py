"""Set-ups that are wrong: one clear sentence each, and which kind of error tells whether waiting helps."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.ports import free_port
from tests.stores.dynamodb.wire import Fault, Wire, answer
from userkit.backends.dynamodb.opening import open_url
from userkit.errors import (
    ConfigurationError,
    SchemaOutdatedError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UserKitError,
)
from userkit.storage.collection import Collection
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Person

SECRETS = ("AKIDUSERKIT", "hunter2")
BY_ANSWER: dict[str, tuple[Fault, type[UserKitError], str]] = {
    "unknown-key": (
        answer("UnrecognizedClientException"),
        ConfigurationError,
        "does not know these credentials",
    ),
    "wrong-secret": (answer("InvalidSignatureException"), ConfigurationError, "signature"),
    "expired-token": (answer("ExpiredTokenException"), ConfigurationError, "have expired"),
    "no-permission": (
        answer("AccessDeniedException", message="User: arn:aws:iam::1:user/ada is not authorized"),
        ConfigurationError,
        "dynamodb:DescribeTable",
    ),
    "missing-table": (
        answer("ResourceNotFoundException"),
        SchemaOutdatedError,
        "does not exist in eu-central-1.*userkit db template",
    ),
    "region-not-switched-on": (answer("OptInRequired"), ConfigurationError, "region"),
    "throttled": (answer("ThrottlingException"), StoreUnavailableError, "is busy"),
    "broken": (answer("InternalServerError", status=500), StoreUnavailableError, "InternalServerError"),
}


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment that knows nothing of AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def signed_in(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SECRETS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRETS[1])


def told(url: str, kind: type[UserKitError]) -> str:
    """Return what a store says that cannot be prepared."""
    store = open_url(url)
    with pytest.raises(UserKitError) as caught:
        run(store.prepare(COLLECTIONS))
    run(store.close())
    assert type(caught.value) is kind
    assert not any(secret in str(caught.value) for secret in SECRETS)
    return str(caught.value)


@pytest.mark.parametrize("case", BY_ANSWER)
def test_what_dynamodb_refuses_is_said(dead_wire: Wire, case: str) -> None:
    """Configuration errors are for somebody to mend; of what is unavailable another attempt may help."""
    fault, kind, words = BY_ANSWER[case]
    dead_wire.meet("DescribeTable", *[fault] * 4)
    store = dead_wire.store("accounts")
    with pytest.raises(UserKitError, match=words) as caught:
        run(store.prepare(COLLECTIONS, create=False))
    assert type(caught.value) in (kind, *kind.__subclasses__())
    assert isinstance(caught.value, StoreUnavailableError) == (kind is StoreUnavailableError)
    assert "arn:" not in str(caught.value)
    assert "accounts" in str(caught.value)


@pytest.mark.usefixtures("alone")
def test_without_credentials_it_is_said_where_they_come_from() -> None:
    """And never in the URL."""
    assert "AWS_PROFILE" in told("dynamodb://accounts?region=eu-central-1", ConfigurationError)


@pytest.mark.usefixtures("alone")
def test_half_of_the_credentials_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key without its secret."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SECRETS[0])
    assert "half" in told("dynamodb://accounts?region=eu-central-1", ConfigurationError)


@pytest.mark.usefixtures("signed_in")
def test_without_a_region_it_is_asked_for() -> None:
    """As an option, or by AWS's own variables."""
    assert "?region=" in told("dynamodb://accounts", ConfigurationError)


@pytest.mark.usefixtures("signed_in")
def test_what_cannot_be_a_region_is_refused() -> None:
    """Before anything is sent to a host of that name."""
    assert "region" in told("dynamodb://accounts?region=eu_central/1", ConfigurationError)


@pytest.mark.usefixtures("signed_in")
def test_an_unknown_profile_is_said() -> None:
    """Of the configuration files of AWS."""
    url = "dynamodb://accounts?region=eu-central-1&profile=nobody"
    assert "profile" in told(url, ConfigurationError)


@pytest.mark.usefixtures("signed_in")
def test_configuration_files_that_are_broken_are_said(tmp_path: Path) -> None:
    """AWS's own, not ours."""
    (tmp_path / "config").write_text("[broken\n")
    assert "configuration" in told("dynamodb://accounts?region=eu-central-1", ConfigurationError)


@pytest.mark.usefixtures("signed_in")
def test_an_endpoint_where_nobody_listens_is_unavailable() -> None:
    """It may be back in a minute."""
    url = f"dynamodb://accounts?region=eu-central-1&endpoint_url=http://127.0.0.1:{free_port()}&attempts=2"
    assert "cannot be reached" in told(url, StoreUnavailableError)


@pytest.mark.usefixtures("signed_in")
def test_an_endpoint_that_is_no_url_is_refused() -> None:
    """With what one looks like."""
    url = "dynamodb://accounts?region=eu-central-1&endpoint_url=http://-nowhere-:x"
    assert "endpoint_url" in told(url, ConfigurationError)


@pytest.mark.usefixtures("signed_in")
def test_a_server_that_speaks_no_tls_is_unavailable() -> None:
    """A certificate that is not trusted is not asked twice."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        import threading

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        url = f"dynamodb://accounts?region=eu-central-1&endpoint_url=https://127.0.0.1:{port}&attempts=1"
        told(url, StoreUnavailableError)
        thread.join(10)


def test_too_many_lookups_are_refused(dead_wire: Wire) -> None:
    """There are five indexes for them."""
    many = Collection("many", Person, index=("team", "mood", "boss", "initial", "handle", "address"))
    with pytest.raises(UnsupportedStoreError, match="6 fields"):
        run(dead_wire.store("accounts").prepare([many]))


def test_without_boto3_the_extra_is_named() -> None:
    """It is an extra of its own."""
    program = (
        "import sys; sys.modules['boto3'] = None\n"
        "from userkit.plugins.opening import open_store\n"
        "open_store('dynamodb://accounts', blocking=True)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True)
    assert "pip install 'userkit-sdk[dynamodb]'" in done.stderr


def test_the_plugin_loads_without_the_driver() -> None:
    """Listing plugins costs nothing."""
    program = (
        "import sys; from userkit.backends.dynamodb.plugin import dynamodb; print('boto3' in sys.modules)\n"
        "print(dynamodb.settings().__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["False", "DynamoDBSettings"]
