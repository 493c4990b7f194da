"""What a server is made of: options win over variables, and what is wrong is said in a sentence."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from userkit.errors import ConfigurationError, InvalidURLError
from userkit.ports.tokens import TokenSettings
from userkit.serving.kit import kit_arguments
from userkit.serving.settings import Serving

SECRET = secrets.token_urlsafe(32)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin in an empty folder, with an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("USERKIT_")]:
        monkeypatch.delenv(name)


def test_without_a_word_it_is_a_file_in_this_folder(tmp_path: Path) -> None:
    """With its secret and its mail beside it, for this machine only."""
    serving, made = Serving.read().checked()
    assert serving.database == "sqlite:///userkit.db"
    assert made == tmp_path / "userkit.db.secret" == serving.kit.secret_file
    assert serving.mail_folder == tmp_path / "userkit-mail"
    assert serving.base_url == "http://localhost:8000"
    assert serving.server.is_local


def test_options_win_over_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also over those that would contradict them."""
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("USERKIT_SERVE_PORT", "1")
    monkeypatch.setenv("USERKIT_SERVE_WORKERS", "3")
    monkeypatch.setenv("USERKIT_SECRET", "of the environment")
    monkeypatch.setenv("USERKIT_DATABASE", "sqlite:///other.db")
    monkeypatch.setenv("USERKIT_MAILER", "smtp://mail.example?sender=a@b.example")
    given = {"port": 2, "workers": None, "mail_dir": Path("letters")}
    serving, _ = Serving.read(
        given, kit_options={"secret_file": tmp_path / "secret", "database": None}
    ).checked()
    assert (serving.server.port, serving.server.workers) == (2, 3)
    assert serving.database == "sqlite:///other.db"
    assert serving.kit.arguments()["secret"] == [SECRET]
    assert serving.mailer == f"directory://{tmp_path}/letters"


def test_a_mailer_of_the_environment_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is no folder."""
    monkeypatch.setenv("USERKIT_MAILER", "smtp://mail.example?sender=a@b.example")
    serving, _ = Serving.read().checked()
    assert serving.mail_folder is None
    assert serving.mailer == "smtp://mail.example?sender=a@b.example"


@pytest.mark.parametrize("folder", ["a folder", "50%", "why?", "c#", "ü"])
def test_a_mail_folder_may_have_any_name(folder: str, tmp_path: Path) -> None:
    """It is written into a URL and read from it again."""
    from userkit.backends.mail.directory import DirectoryMailer

    serving, _ = Serving.read({"mail_dir": Path(folder)}).checked()
    assert serving.mailer is not None
    assert DirectoryMailer.of(serving.mailer).folder == tmp_path / folder


@pytest.fixture
def environ() -> Iterator[pytest.MonkeyPatch]:
    """An environment to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_a_worker_reads_from_its_environment_what_its_parent_knows(
    environ: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every setting travels, and what is not set is taken away."""
    options = {
        "workers": 2,
        "issuer": "https://a.example",
        "trusted_proxies": "10.0.0.0/8, 192.0.2.1",
        "pages": False,
        "registration": "private",
        "log_format": "json",
        "metrics_open": True,
    }
    given = {"database": f"sqlite:///{tmp_path}/a%20b.db", "base_url": "https://a.example"}
    environ.setenv("USERKIT_PREPARE", "false")
    serving, _ = Serving.read(options, kit_options=given).checked()
    serving = serving.on_port(4711)
    environ.setenv("USERKIT_SECRET", SECRET)
    for name, value in serving.environment().items():
        environ.delenv(name, raising=False)
        if value is not None:
            environ.setenv(name, value)
    assert Serving.read() == serving
    assert serving.server.proxies == ["10.0.0.0/8", "192.0.2.1"]
    assert not serving.kit.prepare


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///app.db", "app.db"),
        ("sqlite:////var/lib/app.db?mode=rw", "/var/lib/app.db"),
        ("sqlite:///a%20b/c.db", "a b/c.db"),
        ("sqlite+pysqlite:///app.db", "app.db"),
        ("postgresql://ada@db.example/app", None),
    ],
)
def test_the_file_of_a_database(url: str, file: str | None) -> None:
    """Or none, for a server."""
    found = Serving.read(kit_options={"database": url}).database_file
    assert found == (None if file is None else Path(file))


@pytest.mark.parametrize("url", ["memory://", "sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    """Nothing would be left of it, and workers would not share it."""
    with pytest.raises(ConfigurationError, match="nothing would be left"):
        Serving.read(kit_options={"database": url}).checked()


def test_a_database_server_makes_no_secret() -> None:
    """Others may use it as well; the URL is not repeated."""
    url = "postgresql://ada:hidden@db.example/app"
    with pytest.raises(ConfigurationError, match="USERKIT_SECRET_FILE") as refusal:
        Serving.read(kit_options={"database": url}).checked()
    assert "hidden" not in str(refusal.value)
    assert [*Path().iterdir()] == []


def test_what_is_no_url_is_refused() -> None:
    """Before anything is made."""
    with pytest.raises(InvalidURLError):
        Serving.read(kit_options={"database": "app.db"}).checked()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "accounts.example"])
def test_other_hosts_need_a_base_url(host: str) -> None:
    """Links in mails cannot be guessed."""
    with pytest.raises(ConfigurationError, match="--base-url https://"):
        Serving.read({"host": host}).checked()
    given = {"base_url": "https://accounts.example"}
    assert Serving.read({"host": host}, kit_options=given).checked()[0].base_url == given["base_url"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.9", "::1"])
def test_this_machine_needs_none(host: str) -> None:
    """It is called localhost."""
    assert Serving.read({"host": host, "port": 9}).checked()[0].base_url == "http://localhost:9"


def test_what_is_wrong_is_named_as_option_and_as_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the value, which may be anything."""
    monkeypatch.setenv("USERKIT_SERVE_LOG_FORMAT", "hidden")
    with pytest.raises(ConfigurationError, match="--log-format or USERKIT_SERVE_LOG_FORMAT") as refusal:
        Serving.read({"port": 70_000})
    assert "--port or USERKIT_SERVE_PORT" in str(refusal.value)
    assert "hidden" not in str(refusal.value)
    with pytest.raises(ConfigurationError, match="trusted proxy"):
        Serving.read({"trusted_proxies": "proxy.example", "log_format": "text"})


def test_issuer_and_audience_are_told_to_access_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are any."""
    options = {"issuer": "https://a.example", "audience": "app"}
    auth = kit_arguments(Serving.read(options).checked()[0])["auth"]
    assert auth["jwt"] == TokenSettings(issuer="https://a.example", audience="app")
    assert kit_arguments(Serving.read().checked()[0])["auth"]["jwt"] is None
    monkeypatch.setenv("USERKIT_AUTH", "session")
    with pytest.raises(ConfigurationError, match="--issuer and --audience"):
        kit_arguments(Serving.read(options).checked()[0])
