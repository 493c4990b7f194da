"""``userkit config show``: what it shows, and what it never shows."""

from pathlib import Path

import pytest

from tests.cli.calling import SECRET, Commands
from userkit.backends.passwords.settings import Argon2Settings
from userkit.cli.config import OTHERS, masked, unknown_variables
from userkit.serving.settings import ServeSettings


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


def test_each_setting_is_shown_with_its_source(commands: Commands) -> None:
    """What is not set has its default."""
    shown = {each["name"]: each for each in commands.document("config", "show")["settings"]}
    assert shown["USERKIT_DATABASE"] == {
        "name": "USERKIT_DATABASE",
        "value": commands.url,
        "source": "environment",
    }
    assert shown["USERKIT_REALM"] == {"name": "USERKIT_REALM", "value": "default", "source": "default"}
    assert shown["USERKIT_MAILER"]["value"] is None
    assert "USERKIT_REALM" in commands.said("config", "show")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_secrets_and_passwords_are_masked(commands: Commands, form: tuple[str, ...]) -> None:
    """Wherever they stand: in a secret, a URL, an option, a route, or another variable."""
    told = commands.said(
        "config",
        "show",
        *form,
        USERKIT_DATABASE="postgresql://ada:hidden-1@db.example/app?sslpassword=hidden-2&sslmode=require",
        USERKIT_MAILER="smtp://ada:hidden-3@with-at@mail.example?sender=a@b.example",
        USERKIT_ROUTES="sessions=redis://:hidden-4@one.example,links=redis://:hidden-4@one.example",
        USERKIT_ARGON2_FLASK_SECURITY_SALT="hidden-5",
        USERKIT_REDIS_SENTINEL_PASSWORD="hidden-6",
        USERKIT_SERVE_PORT="8123",
    )
    assert "hidden" not in told
    assert SECRET not in told
    for shown in ("ada:***@db.example/app", "sslmode=require", "ada:***@mail.example", "8123"):
        assert shown in told
    assert "sessions=redis://:***@one.example" in told


def test_secrets_are_told_apart_by_fingerprints(commands: Commands) -> None:
    """A weak one has none: it could be guessed from it."""
    shown = commands.said("config", "show", USERKIT_SECRET=f"{SECRET},weak")
    assert "*** (fingerprint " in shown
    assert "*** (weak)" in shown


def test_variables_that_nobody_reads_are_pointed_out(commands: Commands) -> None:
    """With what was probably meant, if anything is near."""
    wrong = {"USERKIT_DATABSE": "x", "USERKIT_SERVE_PROT": "1", "USERKIT_QQQQ": "hidden"}
    unknown = commands.document("config", "show", **wrong)["unknown"]
    assert {"name": "USERKIT_DATABSE", "meant": "USERKIT_DATABASE"} in unknown
    assert {"name": "USERKIT_SERVE_PROT", "meant": "USERKIT_SERVE_PORT"} in unknown
    assert {"name": "USERKIT_QQQQ", "meant": None} in unknown
    assert "did you mean USERKIT_DATABASE?" in commands.said("config", "show", **wrong)


def test_a_setting_that_is_not_valid_is_one_line(commands: Commands) -> None:
    """It is named, its value is not."""
    assert "USERKIT_PREPARE" in commands.refused("config", "show", USERKIT_PREPARE="perhaps")


def test_routes_that_cannot_be_read_are_masked_whole(commands: Commands) -> None:
    """Nobody knows where a password would be in them."""
    assert "hidden" not in commands.said("config", "show", USERKIT_ROUTES="sessions:hidden")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///app.db", "sqlite:///app.db"),
        ("redis://host?timeout=5", "redis://host?timeout=5"),
        ("x://u:p@h?password=p", "x://u:***@h?password=***"),
        ("x://u:p/q@h:1/d", "x://u:***@h:1/d"),
        ("x://u:p/q?r@h", "x://…"),
        ("x://u:p@q?r@h", "x://…"),
        ("x://u:p?r@h", "x://…"),
        ("x://h?hidden", "x://…"),
        ("x://h?password=p@q", "x://h?password=***"),
        ("smtp://u:p@h?sender=a@b.example", "smtp://u:***@h?sender=a@b.example"),
        ("x://a-token-that-is-as-long-as-tokens-are@h", "x://***@h"),
        ("x://one:1,[::1]:2/d", "x://one:1,[::1]:2/d"),
        ("no url at all", "***"),
    ],
)
def test_urls_are_shown_without_passwords(url: str, shown: str) -> None:
    """Also where somebody forgot to quote one."""
    assert masked(url) == shown


def test_the_variables_of_servers_and_hashers_are_known() -> None:
    """The command line imports neither, so the names are repeated, and compared here."""
    serve, argon2 = ServeSettings.model_fields, Argon2Settings.model_fields
    assert set(OTHERS["SERVE_"]) == {name.upper() for name in serve}
    assert set(OTHERS["ARGON2_"]) == {name.upper() for name in argon2}
    assert unknown_variables({"USERKIT_SQL_POOL_SIZE": "3", "PATH": "/"}) == {}
