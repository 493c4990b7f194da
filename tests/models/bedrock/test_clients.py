"""Clients of our own: how they are made, what is added to them, and who may cut their lines."""

import os
import socket
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.models.bedrock.stubs import NOVA, ListedClient, answer
from userkit.backends import bedrock as package
from userkit.backends.bedrock import BedrockModel, BedrockSettings, ThreadedBedrockModel
from userkit.backends.bedrock.line import Line, current_line
from userkit.backends.bedrock.links import OwnLink
from userkit.backends.bedrock.opening import open_url
from userkit.backends.bedrock.wires import CutShortError, attach
from userkit.errors import ConfigurationError, ModelReplyError, ModelTimeoutError, ModelUnavailableError
from userkit.ports.language_model import Message
from userkit.sync import run

SETTINGS = BedrockSettings(region="eu-central-1", endpoint_url="http://127.0.0.1:1")


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing of AWS is configured on this machine, but for credentials that protect nothing."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return config


@pytest.mark.parametrize(("blocking", "kind"), [(True, BedrockModel), (False, ThreadedBedrockModel)])
def test_a_url_makes_a_model_for_either_kit(blocking: bool, kind: type[Any]) -> None:
    """Nothing is connected, not even for closing it."""
    model = open_url(f"bedrock://{NOVA}?region=eu-central-1", blocking=blocking)
    assert type(model) is kind
    assert (model.name, model.blocking) == (NOVA, blocking)


def test_a_region_must_be_said_somewhere(no_configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the URL, in the model's ARN, or in AWS's own settings; else nobody could be asked."""
    with pytest.raises(ConfigurationError, match=r"\?region="):
        open_url(f"bedrock://{NOVA}", blocking=True)
    open_url(f"bedrock://arn:aws:bedrock:eu-west-1:123456789012:inference-profile/{NOVA}", blocking=True)
    no_configuration.write_text("[profile dev]\nregion = eu-west-3\n")
    open_url(f"bedrock://{NOVA}?profile=dev", blocking=True)
    with pytest.raises(ConfigurationError, match="no such profile"):
        open_url(f"bedrock://{NOVA}?profile=hunter2", blocking=True)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    open_url(f"bedrock://{NOVA}", blocking=True)


def test_a_client_is_made_once_and_never_tries_again_by_itself() -> None:
    """With the times and the pool of the settings; closed and needed again, it is made anew."""
    link = OwnLink(
        SETTINGS.model_copy(update={"connect_timeout": 1.5, "read_timeout": 7.0, "concurrency": 3})
    )
    link.close()
    first = link.client
    config = first.meta.config
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1.5, 7.0, 3)
    assert config.retries["total_max_attempts"] == 1
    assert link.client is first
    link.close()
    assert link.client is not first
    link.close()


def test_an_endpoint_that_is_none_is_refused() -> None:
    """With the form that it has."""
    with pytest.raises(ConfigurationError, match="https://"):
        _ = OwnLink(SETTINGS.model_copy(update={"endpoint_url": "http://a b"})).client


def test_a_client_of_the_application_stays_open() -> None:
    """It is theirs."""
    client = ListedClient(answer({"text": "Hi"}))
    model = BedrockModel.from_client(client, NOVA)
    assert run(model.complete([Message(text="Hi")])).text == "Hi"
    run(model.close())
    assert client.closed == 0


def test_the_package_has_only_what_it_says() -> None:
    """Names are imported when they are asked for."""
    assert package.BedrockSettings is BedrockSettings
    with pytest.raises(AttributeError, match="BedrockMode"):
        _ = package.BedrockMode  # type: ignore[attr-defined]  # that is the point


class Raw(BytesIO):
    """An answer of urllib3 before 2, which has no read1; it notes that it was closed."""

    @property
    def read1(self) -> Any:
        """Have none."""
        raise AttributeError

    def stream(self, amount: int) -> Any:
        """Return it in parts."""
        while part := self.read(amount):
            yield part


class Session:
    """Sends nothing, and answers what it was given."""

    def __init__(self, body: bytes, *, status: int = 200, length: int | None = None) -> None:
        """Take the answer."""
        self.raw = Raw(body)
        headers = {} if length is None else {"content-length": str(length)}
        self._answer = SimpleNamespace(url="", status_code=status, headers=headers, raw=self.raw)

    def send(self, request: Any) -> Any:
        """Answer."""
        return self._answer


def handlers(session: Any) -> dict[str, Callable[..., Any]]:
    """Return what is added to a client that sends by this."""
    added: dict[str, Callable[..., Any]] = {}
    events = SimpleNamespace(register=added.__setitem__)
    client = SimpleNamespace(
        _endpoint=SimpleNamespace(http_session=session), meta=SimpleNamespace(events=events)
    )
    attach(client, longest_reply=100, read_timeout=1)
    return {name.rpartition(".")[2]: handler for name, handler in added.items()}


def test_nothing_is_added_to_a_client_that_is_built_otherwise() -> None:
    """It works, with the time-outs of boto3 alone."""
    assert handlers(None) == {}
    attach(SimpleNamespace(), longest_reply=100, read_timeout=1)


def test_an_answer_is_read_up_to_a_limit() -> None:
    """A longer one is not kept, and its connection is closed."""
    request = SimpleNamespace(stream_output=False)
    for length in (None, 100):
        read = handlers(Session(b"x" * 100, length=length))["Converse"](request=request)
        assert (read.status_code, read.content) == (200, b"x" * 100)
    session = Session(b"x" * 101)
    with pytest.raises(ModelReplyError, match="too large"):
        handlers(session)["InvokeModel"](request=request)
    assert session.raw.closed
    with pytest.raises(CutShortError):
        handlers(Session(b"x" * 99, length=100))["Converse"](request=request)


def test_a_stream_is_left_to_its_reader_unless_it_is_an_error() -> None:
    """That is read up to the limit."""
    session = Session(b"x" * 99)
    opened = handlers(session)["ConverseStream"](request=None)
    assert session.raw.tell() == 0
    assert b"".join(opened.raw.stream()) == b"x" * 99
    opened.raw.close()
    assert session.raw.closed
    assert handlers(Session(b"no", status=400))["ConverseStream"](request=None).content == b"no"


def test_reading_ends_when_the_time_is_over() -> None:
    """Or when the line is cut."""
    drawn = handlers(Session(b"x" * 99))["ConverseStream"](request=None).raw
    with Line(0).open(), pytest.raises(ModelTimeoutError):
        next(drawn.stream())
    line = Line()
    line.cut()
    with line.open(), pytest.raises(ModelUnavailableError):
        next(drawn.stream())


def test_a_line_is_that_of_its_thread_while_it_is_open() -> None:
    """And of none before and after."""
    line = Line()
    assert current_line() is None
    with line.open():
        assert current_line() is line
    assert current_line() is None


@pytest.fixture
def sockets() -> Any:
    """Two ends of a connection."""
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_a_line_cuts_its_connection_and_no_other(sockets: tuple[socket.socket, socket.socket]) -> None:
    """One that went on to another call is not touched any more."""
    here, there = sockets
    connection = SimpleNamespace(line=None, sock=here)
    first, second = Line(), Line(5)
    first.take(connection)
    first.wait_at_most(3)
    assert here.gettimeout() == 3
    second.take(connection)
    second.wait_at_most(30)
    assert 4 < (here.gettimeout() or 0) <= 5
    first.cut()
    there.sendall(b"a")
    assert here.recv(1) == b"a"
    second.cut()
    assert there.recv(1) == b""
    second.release()
    second.cut()


def test_a_line_that_was_cut_before_it_had_a_socket_cuts_it_then(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    """The connection was being made."""
    here, there = sockets
    line = Line()
    line.take(SimpleNamespace(line=None, sock=None))
    line.wait_at_most(1)
    line.cut()
    line.hold(here)
    assert there.recv(1) == b""
    cut: list[str] = []
    other = Line()
    other.cut()
    other.on_cut(lambda: cut.append("cut"))
    assert cut == ["cut"]


def test_a_pause_ends_when_the_line_is_cut() -> None:
    """Nobody waits for what is not asked again."""
    line = Line()
    line.pause(0)
    line.cut()
    line.pause(3600)
