"""What the fixtures of the pytest plugin do in the tests of an application."""

import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask

from userkit import SyncUserKit, UserKit
from userkit.integrations.fastapi import UserKitRouter
from userkit.integrations.flask import UserKitExtension
from userkit.testing import InstantHasher

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-your-app.md"
ENGINES = pytest.mark.parametrize(
    "engine", [(), ("--userkit-store=sqlite:///tests.db",)], ids=["memory", "sqlite"]
)

Check = Callable[..., pytest.RunResult]

FASTAPI = """
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from userkit.integrations.fastapi import CurrentUser, UserKitRouter, require, require_fresh

def application(kit):
    app = FastAPI()
    app.include_router(UserKitRouter(kit))

    @app.get("/me")
    async def me(user: CurrentUser):
        return user.name

    @app.get("/danger", dependencies=[require_fresh(minutes=5)])
    async def danger():
        return "done"

    @app.get("/people", dependencies=[require("users:read")])
    async def people():
        return await kit.users.count()

    return app

@pytest.fixture
def client(kit):
    with TestClient(application(kit), base_url="https://app.example") as client:
        yield client

@pytest.fixture
def ada(sync_kit):
    return sync_kit.users.register(email="ada@example.com", name="Ada")
"""

FLASK = """
import pytest
from flask import Flask
from userkit.integrations.flask import UserKitExtension, current_user, login_required, require_fresh

@pytest.fixture
def client(sync_kit):
    app = Flask("app")
    UserKitExtension(app, sync_kit)
    app.add_url_rule("/me", "me", login_required(lambda: current_user.name))
    app.add_url_rule("/danger", "danger", require_fresh(minutes=5)(lambda: "done"))
    return app.test_client()

@pytest.fixture
def ada(sync_kit):
    return sync_kit.users.register(email="ada@example.com", name="Ada")
"""


@pytest.fixture(scope="module", autouse=True)
def imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import what kits import, once: what a run within this process imports is forgotten after it."""
    secret, password = secrets.token_urlsafe(32), "mauve otters juggle teapots"
    with TestClient(FastAPI()) as client:
        client.app.include_router(UserKitRouter(UserKit("memory://", secret=secret)))
    kit = SyncUserKit(
        f"sqlite:///{tmp_path_factory.mktemp('imported') / 'users.db'}",
        secret=secret,
        hasher=InstantHasher(),
        mailer="memory://",
        base_url="https://app.example",
        relay=False,
    )
    app = Flask("imported")
    UserKitExtension(app, kit)
    with kit:
        kit.users.register(email="ada@example.com", name="Ada", password=password)
        kit.sessions.sign_in(email="ada@example.com", password=password)
        kit.outbox.deliver()
        assert app.test_client().get("/api/v1/users/me").status_code == 401


@pytest.fixture
def check(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Run tests of an application with the plugin, whether or not it is installed as one."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]")  # wherever temporary folders are, what is above is not meant
    warnings = ("-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning")
    plugins = ("-p", "userkit.testing.plugin", "-p", "anyio.pytest_plugin", "-p", "no:cacheprovider")

    def run(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*warnings, *plugins, *options)

    return run


@ENGINES
def test_a_fastapi_application_is_tested_as_somebody(check: Check, engine: tuple[str, ...]) -> None:
    """It runs on ``kit``, and finds whom ``sync_kit`` has registered and what roles they have."""
    source = """
def test_nobody(client):
    assert client.get("/me").status_code == 401

def test_somebody(client, ada, as_user):
    assert as_user(client, ada) is client
    assert client.get("/me").json() == "Ada"
    assert client.get("/people").status_code == 403

def test_a_role(client, ada, sync_kit, as_user):
    sync_kit.roles.set(ada.id, ["admin"])
    assert as_user(client, ada).get("/people").json() == 1

def test_a_proof_is_fresh_unless_it_is_not(client, ada, as_user):
    assert as_user(client, ada).get("/danger").status_code == 200
    assert as_user(client, ada, fresh=False).get("/me").status_code == 200
    answer = client.get("/danger")
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")

def test_a_proof_grows_old(client, ada, as_user, clock):
    as_user(client, ada)
    clock.advance(minutes=6)
    assert client.get("/danger").status_code == 403
    clock.advance(minutes=5)
    assert client.get("/me").status_code == 401

def test_two_at_once(client, ada, sync_kit, as_user):
    grace = sync_kit.users.register(email="grace@example.com", name="Grace")
    hers = as_user(TestClient(client.app), grace)
    assert (as_user(client, ada).get("/me").json(), hers.get("/me").json()) == ("Ada", "Grace")

def test_nobody_any_more(client, ada, as_user):
    as_user(as_user(client, ada), None)
    assert client.get("/me").status_code == 401
"""
    check(FASTAPI + source, *engine).assert_outcomes(passed=7)


@ENGINES
def test_a_flask_application_is_tested_as_somebody(check: Check, engine: tuple[str, ...]) -> None:
    """Beside ``sync_kit`` there need be no other."""
    source = """
def test_nobody(client):
    assert client.get("/me").status_code == 401

def test_somebody(client, ada, as_user):
    assert as_user(client, ada) is client
    assert client.get("/me").text == "Ada"
    assert client.get("/danger").status_code == 200

def test_a_stale_proof(client, ada, as_user):
    as_user(client, ada, fresh=False)
    assert client.get("/me").status_code == 200
    assert client.get("/danger").json["code"] == "reauthentication_required"

def test_nobody_any_more(client, ada, as_user):
    as_user(as_user(client, ada), None)
    assert client.get("/me").status_code == 401
"""
    check(FLASK + source, *engine).assert_outcomes(passed=4)


@ENGINES
def test_the_kit_serves_the_event_loop_of_a_test(check: Check, engine: tuple[str, ...]) -> None:
    """Each test has one of its own, and letters and sign-ins do not wait for it."""
    source = """
import asyncio
import httpx

pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend():
    return "asyncio"

async def test_in_the_loop(kit, as_user, outbox):
    ada = await kit.users.register(email="ada@example.com", name="Ada")
    assert outbox.last().to == ada.email
    transport = httpx.ASGITransport(application(kit))
    async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as client:
        assert (await as_user(client, ada).get("/me")).json() == "Ada"

async def test_in_another_loop(kit, sync_kit, ada):
    assert await kit.users.get(ada.id) == ada
    assert len(await asyncio.gather(*(kit.users.get(ada.id) for _ in range(20)))) == 20

async def test_a_kit_is_made_while_a_loop_runs(request):
    kit = request.getfixturevalue("kit")
    assert await kit.users.count() == 0
"""
    check(FASTAPI + source, *engine).assert_outcomes(passed=3)


def test_plain_tests_may_run_the_kit(check: Check) -> None:
    """On loops that come and go."""
    source = """
import asyncio

def test_plain(kit, clock):
    ada = asyncio.run(kit.users.register(email="ada@example.com", name="Ada"))
    assert asyncio.run(kit.users.get(ada.id)).created_at == clock()
"""
    check(source, "--userkit-store=sqlite:///tests.db").assert_outcomes(passed=1)


def test_no_test_sees_the_users_of_another(check: Check, pytester: pytest.Pytester) -> None:
    """Nor those of an earlier run over the same database, though nothing is taken out."""
    source = """
import pytest

@pytest.mark.parametrize("turn", range(3))
def test_alone(sync_kit, turn):
    assert sync_kit.users.count() == 0
    sync_kit.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
    sync_kit.sessions.sign_in(email="ada@example.com", password="mauve otters juggle teapots")
"""
    for _ in range(2):
        check(source, "--userkit-store=sqlite:///tests.db").assert_outcomes(passed=3)
    assert (pytester.path / "tests.db").is_file()


@ENGINES
def test_the_outbox_holds_letters_and_their_tokens(check: Check, engine: tuple[str, ...]) -> None:
    """Whichever kit has written them; nobody has to wait or to deliver."""
    source = """
import asyncio
import pytest
from userkit.errors import UsageError

NEW = "quiet lanterns drift upstream"

def test_a_forgotten_password(sync_kit, outbox):
    ada = sync_kit.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
    assert outbox.link().startswith("https://app.example/verify-email#token=")
    sync_kit.email_verification.complete(token=outbox.token(), password="mauve otters juggle teapots")
    sync_kit.password_reset.request(email=ada.email)
    sync_kit.password_reset.complete(token=outbox.token(to=ada.email), password=NEW)
    assert sync_kit.sessions.sign_in(email=ada.email, password=NEW)
    assert outbox.last().template == "password_reset_done"

def test_both_kits(kit, sync_kit, outbox):
    asyncio.run(kit.users.register(email="ada@example.com", name="Ada"))
    sync_kit.users.register(email="grace@example.com", name="Grace")
    assert sorted(each.to for each in outbox.sent) == ["ada@example.com", "grace@example.com"]
    assert outbox.last(to="ada@example.com").to == "ada@example.com"
    outbox.clear()
    assert outbox.sent == []

def test_nothing(sync_kit, outbox):
    with pytest.raises(UsageError, match="No letter was sent."):
        outbox.last()
    sync_kit.users.register(email="ada@example.com", name="Ada")
    with pytest.raises(UsageError, match="No letter was sent to grace@example.com."):
        outbox.token(to="grace@example.com")

def test_no_link(sync_kit, outbox):
    ada = sync_kit.users.register(email="ada@example.com", name="Ada", password="mauve otters juggle teapots")
    sync_kit.passwords.change(ada.id, current_password="mauve otters juggle teapots", new_password=NEW)
    with pytest.raises(UsageError, match="password_changed"):
        outbox.token()
"""
    check(source, *engine).assert_outcomes(passed=4)


def test_more_letters_than_one_pass_delivers_are_there(check: Check) -> None:
    """A pass ends after a hundred."""
    source = """
def test_many(sync_kit, outbox):
    for number in range(101):
        sync_kit.users.register(email=f"ada{number}@example.com", name="Ada")
    assert len(outbox.sent) == 101
"""
    check(source).assert_outcomes(passed=1)


def test_an_application_that_sends_no_mail_needs_no_extra(check: Check) -> None:
    """Its kits have no mailer, and the outbox is empty."""
    source = """
import sys

def test_without(monkeypatch, request, outbox):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    request.getfixturevalue("sync_kit").users.register(email="ada@example.com", name="Ada")
    assert outbox.sent == []
"""
    check(source).assert_outcomes(passed=1)


def test_an_application_gives_options_and_a_store(check: Check) -> None:
    """By fixtures of its own, of which one may have many values; a store that is given serves both kits."""
    source = """
import asyncio
import pytest
from userkit import roles
from userkit.backends.memory import MemoryStore

STORE = MemoryStore()

@pytest.fixture
def userkit_options(userkit_options):
    cooks = roles({"admin": {"*"}, "cook": {"soup:stir"}})
    return {**userkit_options, "features": [cooks], "app_name": "Kitchen"}

@pytest.fixture(params=[STORE, "memory://", "sqlite:///mine.db"], ids=["mine", "memory", "sqlite"])
def userkit_store(request):
    return request.param

def test_cook(kit, sync_kit, outbox):
    ada = sync_kit.users.register(email="ada@example.com", name="Ada")
    sync_kit.roles.set(ada.id, ["cook"])
    assert asyncio.run(kit.roles.permissions(ada.id)) == {"soup:stir"}
    assert "Kitchen" in outbox.last().subject
"""
    check(source).assert_outcomes(passed=3)


def test_nobody_is_asked_for_a_second_factor(check: Check) -> None:
    """What a test says is so; an account of which all sessions were ended is signed in as it is now."""
    source = """
import pytest
from userkit import Feature, ProofRequiredError, Sessions

def build(parts):
    async def refuse(attempt):
        raise ProofRequiredError(methods=("otp",))

    parts.offer(Sessions).checks.append(refuse)

@pytest.fixture
def userkit_options():
    return {"features": [Feature(name="codes", requires=("sessions",), build=build, mirror=lambda _: None)]}

def test_without(client, ada, sync_kit, as_user):
    sync_kit.sessions.end_all(ada.id)
    assert as_user(client, ada).get("/me").text == "Ada"
"""
    check(FLASK + source).assert_outcomes(passed=1)


def test_mistakes_are_told(check: Check) -> None:
    """Another client, a user of another kit, a store that is bound to an event loop."""
    source = """
import pytest
from userkit.backends.memory import MemoryStore
from userkit.errors import UsageError, UserNotFoundError
from userkit.storage.threaded import ThreadedStore

@pytest.fixture
def userkit_store():
    return ThreadedStore(MemoryStore())

def test_kit(kit): ...

def test_sync_kit(sync_kit): ...

class TestElsewhere:
    @pytest.fixture
    def userkit_store(self):
        return "memory://"

    def test_other_client(self, ada, as_user):
        with pytest.raises(UsageError, match="does not know how a object sends headers"):
            as_user(object(), ada)

    def test_somebody_else(self, client, ada, sync_kit, as_user):
        sync_kit.users.delete(ada.id)
        with pytest.raises(UserNotFoundError):
            as_user(client, ada)
        assert client.get("/me").status_code == 401
"""
    result = check(FLASK + source)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*UsageError: ThreadedStore is bound to an event loop. *"])
    result.stdout.fnmatch_lines(["*UnsupportedStoreError: ThreadedStore is asynchronous; *"])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mangodb://ada:hunter2@localhost", "*There is no store 'mangodb'*Did you mean 'mongodb'*"),
        ("tests.db", "*URL*"),
        ("memory://?size=1", "*A memory store has no options*"),
    ],
    ids=["unknown", "no-url", "no-option"],
)
def test_a_store_that_there_is_not_is_a_usage_error(check: Check, url: str, told: str) -> None:
    """Before any test runs, and without the password that a URL may hold."""
    result = check("def test_nothing(): ...", f"--userkit-store={url}")
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --userkit-store: *"])
    result.stderr.fnmatch_lines([told])
    result.stderr.no_fnmatch_line("*hunter2*")


def test_fixtures_of_an_application_come_first(check: Check, pytester: pytest.Pytester) -> None:
    """One that has a clock, an outbox or a kit of its own keeps it, and people are signed in on that kit."""
    pytester.makeconftest("""
import secrets
import pytest
from userkit import SyncUserKit
from userkit.backends.mail import MemoryMailer

@pytest.fixture
def clock():
    return "noon"

@pytest.fixture
def outbox():
    return MemoryMailer()

@pytest.fixture
def kit():
    with SyncUserKit("memory://", secret=secrets.token_urlsafe(32)) as kit:
        yield kit
""")
    source = """
from types import SimpleNamespace

def test_mine(clock, kit, as_user):
    assert clock == "noon"
    ada = kit.users.register(email="ada@example.com", name="Ada")
    sent = as_user(SimpleNamespace(headers={}), ada).headers["Authorization"]
    assert kit.authenticate(sent.removeprefix("Bearer ")).user_id == ada.id

class TestTime:
    @pytest.fixture
    def clock(self):
        return FrozenClock()

    def test_outbox(self, sync_kit, outbox):
        sync_kit.users.register(email="ada@example.com", name="Ada")
        sync_kit.outbox.deliver()
        assert len(outbox.sent) == 1
"""
    check("import pytest\nfrom userkit.testing import FrozenClock\n" + source).assert_outcomes(passed=2)


def test_the_tests_of_the_page_pass(check: Check) -> None:
    """A reader may copy them into one file."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    result = check("\n".join(blocks))
    assert result.ret is pytest.ExitCode.OK
    assert result.parseoutcomes()["passed"] == sum(block.count("def test_") for block in blocks)


def test_loading_it_is_cheap() -> None:
    """Runs that want none of it do not wait for it, nor for an extra that is not there."""
    code = "import sys, pytest, userkit.testing.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"argon2", "asyncio", "fastapi", "flask", "hypothesis", "jinja2", "jwt", "pydantic"}
    ours = {name for name in loaded if name.startswith("userkit.testing")}
    assert ours == {"userkit.testing", "userkit.testing.plugin"}
