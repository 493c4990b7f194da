"""The auth backends that come with userkit pass the suite, and those with a flaw do not."""

import pytest

from tests.testing.flawed_auth import FLAWED, Right, issue, plugin_of
from userkit import SyncUserKit, UnauthenticatedError
from userkit.backends.jwt.plugin import jwt
from userkit.features.api_keys.auth import api_key
from userkit.features.sessions.auth import session
from userkit.ports.tokens import TokenSettings
from userkit.sync import run
from userkit.testing import AuthBackendConformance, Holder, InstantHasher, IssueCredential, auth_parts

pytest_plugins = ["pytester"]

_SUITE = """
import pytest
from tests.testing import flawed_auth
from userkit.testing import AuthBackendConformance


class Badges(AuthBackendConformance):
    patience = 0.2

    @pytest.fixture
    def issue(self):
        return flawed_auth.issue


for flawed in flawed_auth.FLAWED:
    name = f"Test{flawed.__name__}"
    globals()[name] = type(name, (Badges,), {"plugin": flawed_auth.plugin_of(flawed)})
del Badges
"""


def access_token(holder: Holder) -> str:
    """Sign somebody in, and return the access token."""
    return holder.kit.sessions.sign_in(email=holder.user.email, password=holder.password).access_token


class TestJwt(AuthBackendConformance):
    """Tokens that are believed until they end."""

    plugin = jwt
    lingers = True

    @pytest.fixture
    def issue(self) -> IssueCredential:
        return access_token


class TestCheckedJwt(AuthBackendConformance):
    """Tokens whose session is looked up."""

    plugin = jwt
    settings = TokenSettings(revocation="checked")

    @pytest.fixture
    def issue(self) -> IssueCredential:
        return access_token


class TestSession(AuthBackendConformance):
    """Opaque tokens of sessions."""

    plugin = session

    @pytest.fixture
    def issue(self) -> IssueCredential:
        def issue(holder: Holder) -> str:
            sessions = holder.kit.sessions
            return sessions.sign_in_opaque(email=holder.user.email, password=holder.password).token

        return issue


class TestApiKey(AuthBackendConformance):
    """API keys."""

    plugin = api_key

    @pytest.fixture
    def issue(self) -> IssueCredential:
        return lambda holder: holder.kit.api_keys.create(holder.user.id, name="key").secret


class TestRight(AuthBackendConformance):
    """What the flawed ones are made of."""

    plugin = plugin_of(Right)

    @pytest.fixture
    def issue(self) -> IssueCredential:
        return issue


def test_every_flaw_is_found(pytester: pytest.Pytester) -> None:
    """By the test of the promise that is broken, and every promise is broken by one."""
    pytester.makepyfile(test_flaws=_SUITE)
    tests = [f"test_flaws.py::Test{flawed.__name__}::{test}" for flawed, test in FLAWED.items()]
    record = pytester.inline_run("-q", "--tb=no", "-p", "no:cacheprovider", *tests)
    passed, skipped, failed = record.listoutcomes()
    assert (passed, skipped, len(failed)) == ([], [], len(FLAWED))
    promises = {name for name in dir(AuthBackendConformance) if name.startswith("test_")}
    assert promises - set(FLAWED.values()) == {"test_a_credential_travels_in_a_header"}


def test_a_suite_says_what_it_needs(pytester: pytest.Pytester) -> None:
    """Without a credential there is nothing to test."""
    pytester.makepyfile(
        "from userkit.features.sessions.auth import session\n"
        "from userkit.testing import AuthBackendConformance\n"
        "class TestNothing(AuthBackendConformance):\n"
        "    plugin = session\n"
    )
    result = pytester.inline_run("-q", "--tb=short", "-p", "no:cacheprovider", "-k", "its_owners")
    (report,) = [each for each in result.getreports() if getattr(each, "failed", False)]
    assert "TestNothing defines no fixture issue" in str(report.longrepr)


def test_a_backend_is_built_over_the_users_of_a_kit() -> None:
    """It need not be installed, and sees the realm that the kit is a view of."""
    secret = "fjords bronze vexing quartz lymph 42"
    with SyncUserKit("memory://", secret=secret, hasher=InstantHasher()) as kit:
        parts = auth_parts(kit.realm("acme"), settings={"badge": 7})
        assert (parts.realm, parts.settings, parts.now) == ("acme", {"badge": 7}, kit.wiring().now)
        assert parts.new_id() < parts.new_id()
        ada = kit.users.register(email="ada@example.com", name="Ada")
        accounts = auth_parts(kit).accounts
        found = run(accounts.by_id(ada.id))
        assert found is not None
        assert (found.email, found.disabled, found.email_verified) == ("ada@example.com", False, False)
        assert run(parts.accounts.by_id(ada.id)) is None
        with pytest.raises(UnauthenticatedError):
            run(parts.sessions.live(ada.id, ada.id))
