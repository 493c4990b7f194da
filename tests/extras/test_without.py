"""What works while an extra is not installed, and what is said about the rest.

The session `extras` takes one extra away after another and names it in MISSING_EXTRA. Where nothing
is missing these tests show that every backend opens.
"""

import importlib
import importlib.util
import os
import secrets
import subprocess
import sys

import pytest

from userkit import KeySet, SigningKey, SyncUserKit, TokenSettings, UserKit
from userkit.errors import MissingExtraError
from userkit.features.screening import screening
from userkit.pages import with_pages
from userkit.surface import Surface

SECRET = secrets.token_urlsafe(32)
PASSWORD = "mauve otters juggle teapots"
# RFC 8410, section 10.3: a key that everybody knows.
ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""
MISSING = os.environ.get("MISSING_EXTRA")

WITHOUT_PLUGGY = """
import sys

sys.modules["pluggy"] = None

from userkit import SyncUserKit
from userkit.errors import MissingExtraError

with SyncUserKit("memory://", secret=sys.argv[1]) as kit:
    print(kit.users.register(email="ada@example.com", name="Ada Lovelace").name)
try:
    from userkit.plugins import hookimpl
except MissingExtraError as error:
    print(error)
try:
    SyncUserKit("memory://", secret=sys.argv[1], hooks=[object()])
except MissingExtraError as error:
    print(error)
"""

# The URL, the extra that its error names, and what must be importable for it.
DISTRIBUTED = [
    ("dynamodb://users?region=eu-central-1", "dynamodb", ("boto3",)),
    ("mongodb://127.0.0.1/app", "mongodb", ("pymongo",)),
    ("redis://127.0.0.1", "redis", ("redis",)),
]
BLOCKING = [
    ("sqlite://", "sqlite", ("sqlalchemy",)),
    ("postgresql://127.0.0.1/app", "postgresql", ("sqlalchemy", "psycopg")),
    ("mysql://127.0.0.1/app", "mysql", ("sqlalchemy", "pymysql")),
    ("mariadb://127.0.0.1/app", "mariadb", ("sqlalchemy", "pymysql")),
    *DISTRIBUTED,
]
ASYNCHRONOUS = [
    ("postgresql://127.0.0.1/app", "postgresql", ("sqlalchemy", "greenlet", "psycopg")),
    ("postgresql+asyncpg://127.0.0.1/app", "asyncpg", ("sqlalchemy", "greenlet", "asyncpg")),
    ("mariadb://127.0.0.1/app", "mariadb", ("sqlalchemy", "greenlet", "asyncmy")),
    *DISTRIBUTED,
]


def installed(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) for module in modules)


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "userkit.cli", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_memory_store_needs_no_extra() -> None:
    """The core works with nothing but the core's requirements."""
    with SyncUserKit("memory://", secret=SECRET) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada Lovelace")
        assert kit.users.get(user.id) == user


@pytest.mark.parametrize(("kit", "url", "extra", "modules"), [
    *((SyncUserKit, *row) for row in BLOCKING),
    *((UserKit, *row) for row in ASYNCHRONOUS),
])  # fmt: skip
def test_a_backend_opens_or_names_its_extra(
    kit: type[UserKit] | type[SyncUserKit], url: str, extra: str, modules: tuple[str, ...]
) -> None:
    """Nobody has to guess which package is missing."""
    if installed(*modules):
        kit(url, secret=SECRET)
        return
    with pytest.raises(MissingExtraError, match=rf"userkit-sdk\[{extra}\]"):
        kit(url, secret=SECRET)


def test_a_limiter_opens_or_names_its_extra() -> None:
    """The one in memory needs none."""
    assert SyncUserKit("memory://", secret=SECRET, limiter="memory://")
    if installed("redis"):
        assert SyncUserKit("memory://", secret=SECRET, limiter="redis://127.0.0.1")
        return
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[redis\]"):
        SyncUserKit("memory://", secret=SECRET, limiter="redis://127.0.0.1")


@pytest.mark.parametrize("kit", [SyncUserKit, UserKit])
def test_a_language_model_opens_or_names_its_extra(kit: type[UserKit] | type[SyncUserKit]) -> None:
    """Nothing is asked before a feature asks."""
    url = "bedrock://amazon.nova-lite-v1:0?region=eu-central-1"
    if installed("boto3"):
        assert kit("memory://", secret=SECRET, language_model=url)
        return
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[bedrock\]"):
        kit("memory://", secret=SECRET, language_model=url)


def test_screening_works_or_names_its_extra() -> None:
    """Who does not ask for throw-away addresses needs no list of them."""
    assert SyncUserKit("memory://", secret=SECRET, features=[screening(disposable="allow")])
    if installed("disposable_email_domains"):
        assert SyncUserKit("memory://", secret=SECRET, features=[screening()])
        return
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[screening\]"):
        SyncUserKit("memory://", secret=SECRET, features=[screening()])


def test_signing_in_needs_no_extra() -> None:
    """A shared secret signs, argon2 hashes."""
    with SyncUserKit("memory://", secret=SECRET) as kit:
        kit.users.register(email="ada@example.com", name="Ada Lovelace", password=PASSWORD)
        tokens = kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
        assert kit.authenticate(kit.sessions.refresh(tokens.refresh_token).access_token)


def test_a_kit_with_a_mailer_opens_or_names_its_extra() -> None:
    """Its letters are written by a template engine."""
    arguments = {"secret": SECRET, "mailer": "memory://", "base_url": "https://app.example"}
    if installed("jinja2"):
        SyncUserKit("memory://", **arguments)
        return
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[mail\]"):
        SyncUserKit("memory://", **arguments)


def test_mail_over_an_event_loop_needs_its_library() -> None:
    """Or names the extra."""
    arguments = {
        "secret": SECRET,
        "mailer": "smtp://localhost?sender=a@b.example",
        "base_url": "https://b.example",
    }
    if installed("jinja2", "aiosmtplib"):
        UserKit("memory://", **arguments)
        return
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[mail\]"):
        UserKit("memory://", **arguments)


def test_an_asymmetric_key_works_or_names_its_extra() -> None:
    """What reads it may be left out."""
    tokens = TokenSettings(keys=KeySet(SigningKey(kid="a", algorithm="EdDSA", material=ED25519)))
    if installed("cryptography"):
        assert SyncUserKit("memory://", secret=SECRET, auth={"jwt": tokens}).jwks()["keys"]
        return
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[crypto\]"):
        SyncUserKit("memory://", secret=SECRET, auth={"jwt": tokens})


def test_the_command_line_works_or_names_its_extra() -> None:
    """Without typer and rich there is one sentence and no traceback."""
    done = command_line("--version")
    if installed("typer", "rich"):
        assert done.returncode == 0
        assert done.stdout.startswith("userkit ")
    else:
        assert done.returncode == 2
        assert "userkit-sdk[cli]" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("integration", "modules"), [("fastapi", ("fastapi",)), ("flask", ("flask", "jinja2"))]
)
def test_an_integration_is_there_or_its_framework_is_named(
    integration: str, modules: tuple[str, ...]
) -> None:
    """Nothing else of userkit needs a framework."""
    if installed(*modules):
        importlib.import_module(f"userkit.integrations.{integration}")
        return
    with pytest.raises(ModuleNotFoundError, match="|".join(modules)):
        importlib.import_module(f"userkit.integrations.{integration}")


def test_account_pages_are_there_or_name_their_extra() -> None:
    """Who wants none needs nothing for them."""
    kit = SyncUserKit("memory://", secret=SECRET, base_url="https://app.example")
    surface = Surface.of(kit)
    assert surface.pages == {}
    if installed("jinja2"):
        assert with_pages(surface, kit).pages
        return
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[pages\]"):
        with_pages(surface, kit)


def test_the_server_starts_or_names_its_extra() -> None:
    """In one sentence."""
    if not installed("typer", "rich"):
        return  # the test of the command line says what is missing then
    done = command_line("serve", "--help")
    assert done.returncode == 0
    if not installed("fastapi", "uvicorn", "prometheus_client"):
        done = command_line("serve", "--database", "memory://")
        assert done.returncode != 0
        assert "userkit-sdk[serve]" in done.stderr
        assert "Traceback" not in done.stderr


def test_hooks_work_or_name_their_extra() -> None:
    """Only who has some needs pluggy. pytest runs on it, so a program of its own does without."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PLUGGY, SECRET], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    missing = "pluggy is not installed: pip install 'userkit-sdk[hooks]'"
    assert done.stdout.splitlines() == ["Ada Lovelace", missing, missing]


def test_what_the_session_took_away_is_away() -> None:
    """In the session `extras` something is missing indeed; elsewhere everything is there."""
    marks = {
        "sqlite": "sqlalchemy",
        "postgresql": "psycopg",
        "asyncpg": "asyncpg",
        "mysql": "asyncmy",
        "mariadb": "asyncmy",
        "dynamodb": "boto3",
        "mongodb": "pymongo",
        "redis": "redis",
        "bedrock": "boto3",
        "screening": "disposable_email_domains",
        "migrations": "alembic",
        "cli": "typer",
        "crypto": "cryptography",
        "bcrypt": "bcrypt",
        "mail": "aiosmtplib",
        "fastapi": "fastapi",
        "flask": "flask",
        "pages": "jinja2",
        "serve": "uvicorn",
        "all": "sqlalchemy",
    }
    missing = {extra for extra, module in marks.items() if not installed(module)}
    assert missing if MISSING in marks else not missing
    assert MISSING is None or MISSING in missing
