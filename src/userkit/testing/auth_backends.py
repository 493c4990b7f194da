"""The suite that every auth backend passes, whatever its credentials are.

A test is a coroutine and is stepped, as in a synchronous kit: an auth backend waits for nothing but
what it is built from. The backend is built over a kit of its own, whose clock stands still, and need
not be installed.
"""

import secrets
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import pytest

from userkit.errors import UnauthenticatedError, UsageError
from userkit.features.users import User
from userkit.kernel.secret import Secret
from userkit.kit import SyncUserKit
from userkit.ports.authentication import AuthBackend, AuthBackendPlugin, Identity
from userkit.sync import run
from userkit.testing.bench import PATIENCE
from userkit.testing.clock import FrozenClock
from userkit.testing.hashing import InstantHasher
from userkit.testing.hostile_texts import changed, endless, garbage
from userkit.testing.parts import auth_parts
from userkit.testing.standard import Standard

__all__ = ["AuthBackendConformance", "AuthStage", "Holder", "IssueCredential"]

T = TypeVar("T")

_PASSWORD = "mauve otters juggle teapots"  # noqa: S105  # it protects nothing
_OTHER_REALM = "acme"
_LONGEST = 8000
"""What common servers take of all headers together is not much more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody whose credential a test asks for: a user of a kit, which may be a view of another realm."""

    kit: SyncUserKit
    user: User
    password: str = field(repr=False)

    @property
    def realm(self) -> str:
        """Return the realm of the user."""
        return self.kit.wiring().realm

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Return the secrets of the kit, for credentials whose keys are derived from them."""
        return self.kit.wiring().keys.secrets

    @property
    def now(self) -> datetime:
        """Return what time it is in this test."""
        return self.kit.wiring().now()


IssueCredential = Callable[[Holder], str]
"""Makes a good credential for somebody, as it is shown to the backend."""


class AuthStage:
    """A kit, and the backend over the users of its realms."""

    def __init__(self, plugin: AuthBackendPlugin, settings: Any, issue: IssueCredential) -> None:
        """Open a kit in which nobody is known."""
        self.clock = FrozenClock()
        self.issue = issue
        self.name = plugin.name
        self._plugin = plugin
        self._settings = settings
        self.kit = SyncUserKit(
            "memory://", secret=secrets.token_urlsafe(32), hasher=InstantHasher(), clock=self.clock
        )
        self.kit.open()

    def backend(self, realm: str = "default") -> AuthBackend:
        """Return the backend of a realm."""
        parts = auth_parts(self.kit.realm(realm), settings={self.name: self._settings})
        return self._plugin.factory(parts)

    def holder(self, name: str = "ada", *, realm: str = "default") -> Holder:
        """Return somebody who has just registered."""
        kit = self.kit.realm(realm)
        user = kit.users.register(email=f"{name}@example.com", name=name, password=_PASSWORD)
        return Holder(kit=kit, user=user, password=_PASSWORD)

    def credential(self, name: str = "ada", *, realm: str = "default") -> str:
        """Return a good credential of somebody who has just registered."""
        return self.issue(self.holder(name, realm=realm))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Step a coroutine to its end."""
        return run(coroutine)

    def close(self) -> None:
        """Close the kit."""
        self.kit.close()


class AuthBackendConformance(Standard):
    """Subclass this to test an auth backend.

    ::

        class TestBadges(AuthBackendConformance):
            plugin = badge
            settings = BadgeSettings(key=KEY)

            @pytest.fixture
            def issue(self) -> IssueCredential:
                return lambda holder: badge_of(holder.user.id, key=KEY, realm=holder.realm)
    """

    plugin: ClassVar[AuthBackendPlugin]
    """The plugin that makes the backend."""

    settings: ClassVar[Any] = None
    """What an application says about it in ``auth={name: …}``."""

    lingers: ClassVar[bool] = False
    """Whether a credential is believed until it ends, though its account has been closed."""

    patience: ClassVar[float] = PATIENCE
    """Seconds after which a backend that has not answered counts as stuck."""

    @pytest.fixture
    def issue(self) -> IssueCredential:
        """Return what makes a good credential for somebody: define this fixture."""
        raise UsageError(f"{type(self).__qualname__} defines no fixture issue.")

    @pytest.fixture
    def bench(self, issue: IssueCredential) -> Iterator[AuthStage]:
        """Open a kit and build the backend over its users."""
        stage = AuthStage(type(self).plugin, type(self).settings, issue)
        yield stage
        stage.close()

    async def test_a_credential_is_its_owners(self, bench: AuthStage) -> None:
        """It says who has shown it, where, when, and to which backend."""
        ada, _ = bench.holder(), bench.holder("eve")
        identity = await _opened(bench.backend(), bench.issue(ada))
        assert identity is not None, "a good credential is refused"
        assert (identity.user_id, identity.realm, identity.backend) == (ada.user.id, "default", bench.name)
        assert identity.authenticated_at <= bench.clock()
        assert identity.expires_at is None or identity.expires_at > bench.clock()

    async def test_a_credential_travels_in_a_header(self, bench: AuthStage) -> None:
        """It is printable ASCII without blanks, and not longer than servers take."""
        credential = bench.credential()
        assert credential.isascii()
        assert credential.isprintable()
        assert " " not in credential
        assert len(credential) <= _LONGEST

    async def test_the_same_credential_says_the_same(self, bench: AuthStage) -> None:
        """However often it is asked, and by another instance; what was refused in between changes nothing."""
        credential, backend = bench.credential(), bench.backend()
        first = await _opened(backend, credential)
        assert first is not None
        assert await _opened(backend, credential[:-1]) is None
        assert await _opened(backend, credential) == first
        assert await _opened(bench.backend(), credential) == first

    async def test_a_session_that_is_named_is_open(self, bench: AuthStage) -> None:
        """Who has one may manage credentials; so it is never made up."""
        identity = await _opened(bench.backend(), bench.credential())
        assert identity is not None
        if identity.session_id is not None:
            session = await auth_parts(bench.kit).sessions.live(identity.session_id, identity.user_id)
            assert session.id == identity.session_id

    async def test_garbage_opens_nothing(self, bench: AuthStage) -> None:
        """Texts of every kind, alone and where a credential goes on."""
        credential, backend = bench.credential(), bench.backend()
        beginnings = ["", *(credential[:length] for length in range(1, min(12, len(credential))))]
        for text in garbage():
            for beginning in beginnings:
                assert await _opened(backend, beginning + text) is None

    async def test_every_change_is_noticed(self, bench: AuthStage) -> None:
        """A character more, less or other, wherever it is: a credential has one text."""
        credential, backend = bench.credential(), bench.backend()
        for number, text in enumerate(changed(credential)):
            assert await _opened(backend, text) is None, f"change {number} of a good credential is accepted"

    async def test_endless_texts_are_answered(self, bench: AuthStage) -> None:
        """Whoever sends them holds nobody up."""
        credential, backend = bench.credential(), bench.backend()
        told: list[Identity | None] = []

        def ask() -> None:
            told.extend(run(_opened(backend, text)) for text in endless(credential))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(self.patience)
        assert not asking.is_alive(), f"long texts have kept it busy for more than {self.patience} seconds"
        assert told == [None] * len(list(endless(credential)))

    async def test_nothing_repeats_a_credential(
        self, bench: AuthStage, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither an identity nor an error, a log or the backend shows it, or what was nearly one."""
        caplog.set_level(0)
        credential, backend = bench.credential(), bench.backend()
        identity = await _opened(backend, credential)
        texts = [credential, f"{credential}x", credential.swapcase(), credential[:-1]]
        shown = [repr(identity), repr(backend), *[await _said(backend, text) for text in texts]]
        shown += [repr(record.__dict__) for record in caplog.records]
        assert not [text for text in texts if any(text in each for each in shown)], "it is shown"

    async def test_credentials_of_others_are_left_alone(self, bench: AuthStage) -> None:
        """The first backend that says yes decides: one that says yes to everything shuts the others out."""
        ada, backend = bench.holder("grace"), bench.backend()
        signed_in = ada.kit.sessions.sign_in(email=ada.user.email, password=ada.password)
        cookie = ada.kit.sessions.sign_in_opaque(email=ada.user.email, password=ada.password)
        others = {
            "jwt": signed_in.access_token,
            "session": cookie.token,
            "api-key": ada.kit.api_keys.create(ada.user.id, name="key").secret,
        }
        claimed = [name for name, text in others.items() if backend.recognises(text)]
        assert claimed in ([], [bench.name])

    async def test_a_credential_opens_its_own_realm_only(self, bench: AuthStage) -> None:
        """Also where the other realm knows somebody with the same address."""
        here, there = bench.credential(), bench.credential(realm=_OTHER_REALM)
        assert await _opened(bench.backend(_OTHER_REALM), here) is None
        assert await _opened(bench.backend(), there) is None
        identity = await _opened(bench.backend(_OTHER_REALM), there)
        assert identity is not None
        assert identity.realm == _OTHER_REALM

    async def test_a_closed_account_opens_nothing(self, bench: AuthStage) -> None:
        """One that was disabled, and one that was deleted."""
        disabled, deleted = bench.holder(), bench.holder("eve")
        shown, backend = [bench.issue(disabled), bench.issue(deleted)], bench.backend()
        disabled.kit.users.disable(disabled.user.id)
        deleted.kit.users.delete(deleted.user.id)
        for credential in shown:
            identity = await _opened(backend, credential)
            if self.lingers:
                assert identity is not None, "the class says that it lingers, and it does not"
                assert identity.expires_at is not None, "what lingers must end"
            else:
                assert identity is None, "a closed account is let in"

    async def test_a_credential_ends_when_it_says(self, bench: AuthStage) -> None:
        """Not a moment later than an identity says."""
        credential, backend = bench.credential(), bench.backend()
        identity = await _opened(backend, credential)
        assert identity is not None
        if identity.expires_at is not None:
            left = identity.expires_at - bench.clock()
            bench.clock.advance(seconds=left.total_seconds() + _LARGEST_LEEWAY)
            assert await _opened(backend, credential) is None


_LARGEST_LEEWAY = 61
"""In seconds: more than any clock is allowed to be off."""


async def _opened(backend: AuthBackend, text: str) -> Identity | None:
    """Return what a text opens, asked as a kit asks. Nothing but UnauthenticatedError is an answer."""
    recognised = backend.recognises(text)
    assert isinstance(recognised, bool), "recognises returns True or False"
    if recognised:
        with suppress(UnauthenticatedError):
            return await backend.authenticate(text)
    return None


async def _said(backend: AuthBackend, text: str) -> str:
    """Return all that a log would show of the error for a text, nothing where there is none."""
    try:
        await backend.authenticate(text)
    except UnauthenticatedError as error:
        return "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    return ""
