"""A kit from the environment."""

import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.kit.sides import OLD_SECRET, SECRET, Side
from userkit import ConfigurationError, SyncUserKit, User
from userkit.backends.memory import MemoryStore
from userkit.errors import UnknownBackendError, WeakSecretError
from userkit.settings import UserKitSettings, read_settings

PASSWORD_URL = "sqlite://ada:hunter2@example.com/app"
MAILER_URL = "smtps://ada:hunter2@mail.example"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with a store and a secret, and nothing else of ours."""
    for name in (
        "REALM",
        "PREPARE",
        "HOOKS",
        "SECRET_FILE",
        "AUTH",
        "MAILER",
        "LIMITER",
        "CACHE",
        "ROUTES",
        "BASE_URL",
        "APP_NAME",
    ):
        monkeypatch.delenv(f"USERKIT_{name}", raising=False)
    monkeypatch.setenv("USERKIT_DATABASE", "memory://")
    monkeypatch.setenv("USERKIT_SECRET", SECRET)
    return monkeypatch


def arguments() -> dict[str, Any]:
    """Return what the environment says to a kit."""
    return read_settings().arguments()


def refused() -> str:
    """Return all that is told about an environment that is refused."""
    with pytest.raises(ConfigurationError) as caught:
        SyncUserKit.from_settings()
    return "".join(traceback.format_exception(caught.value)) + repr(caught.value)


def test_a_kit_is_made_of_what_the_environment_says(side: Side, environment: pytest.MonkeyPatch) -> None:
    """Both kits."""
    environment.setenv("USERKIT_REALM", "acme")
    told: list[User] = []
    kit = side.kind.from_settings()  # type: ignore[attr-defined]  # both kits have it
    side.do(kit.open())
    told.append(side.register(kit))
    assert side.do(kit.realm("acme").users.list()).items == tuple(told)
    assert side.do(kit.realm("default").users.list()).items == ()


def test_what_is_not_set_is_as_in_a_kit() -> None:
    """The store and the secret are all that is needed."""
    assert arguments() == {
        "store": "memory://",
        "secret": [SECRET],
        "realm": "default",
        "prepare": True,
        "hooks": [],
        "mailer": None,
        "limiter": None,
        "cache": None,
        "language_model": None,
        "routes": {},
        "base_url": None,
        "app_name": "userkit",
    }


def test_everything_can_be_set(environment: pytest.MonkeyPatch) -> None:
    """Lists with commas; variables of others are left alone."""
    environment.setenv("USERKIT_SECRET", f"{SECRET}, {OLD_SECRET},")
    environment.setenv("USERKIT_REALM", "acme")
    environment.setenv("USERKIT_PREPARE", "false")
    environment.setenv("USERKIT_HOOKS", "badges , audit")
    environment.setenv("USERKIT_AUTH", "api-key, jwt")
    environment.setenv("USERKIT_MAILER", MAILER_URL)
    environment.setenv("USERKIT_BASE_URL", "https://app.example")
    environment.setenv("USERKIT_APP_NAME", "Acme")
    environment.setenv("USERKIT_LIMITER", "memory://")
    environment.setenv("USERKIT_CACHE", "redis://cache.example")
    environment.setenv("USERKIT_LANGUAGE_MODEL", "bedrock://amazon.nova-lite-v1:0?region=eu-central-1")
    environment.setenv("USERKIT_ROUTES", "sessions=redis://one.example")
    environment.setenv("USERKIT_COLOUR", "blue")
    assert arguments() == {
        "store": "memory://",
        "secret": [SECRET, OLD_SECRET],
        "realm": "acme",
        "prepare": False,
        "hooks": ["badges", "audit"],
        "auth": ["api-key", "jwt"],
        "mailer": MAILER_URL,
        "limiter": "memory://",
        "cache": "redis://cache.example",
        "language_model": "bedrock://amazon.nova-lite-v1:0?region=eu-central-1",
        "routes": {"sessions": "redis://one.example"},
        "base_url": "https://app.example",
        "app_name": "Acme",
    }


def test_what_is_set_to_nothing_is_not_set(environment: pytest.MonkeyPatch) -> None:
    """As a template of a deployment leaves it."""
    for name in ("AUTH", "MAILER", "LIMITER", "CACHE", "LANGUAGE_MODEL", "ROUTES", "BASE_URL", "HOOKS"):
        environment.setenv(f"USERKIT_{name}", "")
    found = arguments()
    assert (found["mailer"], found["base_url"], found["hooks"]) == (None, None, [])
    assert (found["limiter"], found["cache"], found["routes"]) == (None, None, {})
    assert found["language_model"] is None
    assert "auth" not in found


def test_a_mailer_and_a_base_url_are_checked_at_the_start(environment: pytest.MonkeyPatch) -> None:
    """As in a kit, and without showing the password."""
    environment.setenv("USERKIT_MAILER", MAILER_URL.replace("smtps", "smtpz"))
    with pytest.raises(UnknownBackendError) as caught:
        SyncUserKit.from_settings()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    environment.setenv("USERKIT_MAILER", "")
    environment.setenv("USERKIT_BASE_URL", "http://app.example")
    assert "The base URL must begin with https://" in refused()


@pytest.mark.parametrize(
    ("text", "routes"),
    [
        ("sessions=memory://", {"sessions": "memory://"}),
        (
            " sessions = redis://one , links=rediss://u:p@two/1?prefix=a ,",
            {"sessions": "redis://one", "links": "rediss://u:p@two/1?prefix=a"},
        ),
        (
            "sessions=redis+cluster://one:1,two:2?prefix=a,b,rate_limits=memory://",
            {"sessions": "redis+cluster://one:1,two:2?prefix=a,b", "rate_limits": "memory://"},
        ),
    ],
    ids=["one", "two", "hosts with commas"],
)
def test_routes_are_named_by_collections(
    environment: pytest.MonkeyPatch, text: str, routes: dict[str, str]
) -> None:
    """As tables are, so that a deployment need not know of classes."""
    environment.setenv("USERKIT_ROUTES", text)
    assert arguments()["routes"] == routes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("redis://u:hunter2@one", "USERKIT_ROUTES is like sessions=redis"),
        ("sessions=u:hunter2@one", "USERKIT_ROUTES is like sessions=redis"),
        ("Sessions=redis://u:hunter2@one", "USERKIT_ROUTES is like sessions=redis"),
        ("links=memory://hunter2,links=memory://", "USERKIT_ROUTES routes links twice"),
        ("seasons=memory://hunter2", "No feature of this kit stores seasons"),
    ],
    ids=["no name", "no URL", "a class", "twice", "unknown"],
)
def test_routes_that_cannot_be_read_are_refused(
    environment: pytest.MonkeyPatch, text: str, says: str
) -> None:
    """Without showing a password."""
    environment.setenv("USERKIT_ROUTES", text)
    told = refused()
    assert says in told
    assert "hunter2" not in told


def test_a_kit_routes_as_the_environment_says(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the name of a collection."""
    environment.setenv("USERKIT_ROUTES", f"sessions=sqlite:///{tmp_path}/sessions.db")
    kit = SyncUserKit.from_settings()
    assert len(kit._store._stores) == 2  # type: ignore[attr-defined]  # a routed store


def test_the_secret_may_be_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One a line, the newest first, as orchestrators mount them."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n{OLD_SECRET}\n", encoding="utf-8")
    environment.delenv("USERKIT_SECRET")
    environment.setenv("USERKIT_SECRET_FILE", str(file))
    assert arguments()["secret"] == [SECRET, OLD_SECRET]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa" * 20], ids=["missing", "not text"])
def test_a_file_that_cannot_be_read_is_named(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    """By the variable that names it."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    environment.delenv("USERKIT_SECRET")
    environment.setenv("USERKIT_SECRET_FILE", str(file))
    assert "The file named by USERKIT_SECRET_FILE cannot be read" in refused()


def test_there_is_one_place_for_the_secret(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither none nor two."""
    environment.setenv("USERKIT_SECRET_FILE", str(tmp_path / "secret"))
    told = refused()
    assert "Set either USERKIT_SECRET or USERKIT_SECRET_FILE" in told
    assert SECRET not in told
    environment.delenv("USERKIT_SECRET_FILE")
    environment.delenv("USERKIT_SECRET")
    assert "Set either USERKIT_SECRET or USERKIT_SECRET_FILE" in refused()


@pytest.mark.parametrize("secret", ["", " , ", "hunter2", "changeme" * 5])
def test_a_weak_secret_is_refused_without_showing_it(environment: pytest.MonkeyPatch, secret: str) -> None:
    """As in a kit."""
    environment.setenv("USERKIT_SECRET", secret)
    with pytest.raises(WeakSecretError) as caught:
        SyncUserKit.from_settings()
    assert not secret.strip(" ,") or secret not in str(caught.value)


def test_what_is_missing_is_named(environment: pytest.MonkeyPatch) -> None:
    """With what to set it to."""
    environment.delenv("USERKIT_DATABASE")
    assert "Set USERKIT_DATABASE to the URL of a store" in refused()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("USERKIT_PREPARE", "hunter2", "USERKIT_PREPARE: Input should be a valid boolean"),
        ("USERKIT_REALM", "Hunter2", "USERKIT_REALM: Value error, A realm is named in 1 to 63"),
    ],
)
def test_what_is_wrong_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    """Each of them, at once."""
    environment.setenv("USERKIT_PREPARE", "perhaps")
    environment.setenv(name, value)
    told = refused()
    assert complaint in told
    assert "USERKIT_PREPARE: Input" in told
    assert value not in told
    assert SECRET not in told


def test_what_is_said_in_code_wins(environment: pytest.MonkeyPatch) -> None:
    """Argument by argument."""
    environment.setenv("USERKIT_REALM", "acme")
    memory = MemoryStore()
    with SyncUserKit.from_settings(store=memory, realm="globex") as kit:
        ada = kit.users.register(email="ada@example.com", name="Ada")
    with SyncUserKit(memory, secret=SECRET, realm="globex") as kit:
        assert kit.users.get(ada.id) == ada


def test_what_is_said_in_code_need_not_be_set(environment: pytest.MonkeyPatch) -> None:
    """A test brings its own store, a vault its own secret."""
    environment.delenv("USERKIT_DATABASE")
    with SyncUserKit.from_settings(store=MemoryStore()) as kit:
        assert kit.users.count() == 0
    environment.delenv("USERKIT_SECRET")
    with SyncUserKit.from_settings(store="memory://", secret=SECRET) as kit:
        assert kit.users.count() == 0


def test_settings_may_be_given(environment: pytest.MonkeyPatch) -> None:
    """Then the environment says only what they leave open."""
    environment.setenv("USERKIT_REALM", "acme")
    settings = UserKitSettings(database=SecretStr("memory://"), secret=SecretStr(OLD_SECRET))
    assert settings.arguments()["secret"] == [OLD_SECRET]
    assert settings.realm == "acme"
    with SyncUserKit.from_settings(settings) as kit:
        assert kit.users.count() == 0


def test_settings_do_not_show_what_is_secret(environment: pytest.MonkeyPatch) -> None:
    """A URL may hold a password, of a database or of a mail server."""
    environment.setenv("USERKIT_DATABASE", PASSWORD_URL)
    environment.setenv("USERKIT_MAILER", MAILER_URL)
    shown = repr(read_settings()) + str(read_settings()) + read_settings().model_dump_json()
    assert "hunter2" not in shown
    assert SECRET not in shown


def test_a_url_that_is_not_understood_is_not_repeated(environment: pytest.MonkeyPatch) -> None:
    """Not even its harmless parts."""
    environment.setenv("USERKIT_DATABASE", PASSWORD_URL.replace("sqlite", "sqlitte"))
    with pytest.raises(UnknownBackendError) as caught:
        SyncUserKit.from_settings()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
