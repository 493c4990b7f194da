"""What a kit needs beside its store: password hashers, mailers, auth backends."""

import asyncio
import threading
from typing import Any

import pytest

from tests.kit.sides import Side
from userkit import (
    ConfigurationError,
    Identity,
    Message,
    SyncUserKit,
    UnauthenticatedError,
    UserKit,
    UserKitError,
)
from userkit.authentication import Authentication
from userkit.backends.mail import MemoryMailer
from userkit.backends.memory import MemoryRateLimiter, MemoryStore
from userkit.errors import PluginLoadError, UnknownBackendError
from userkit.feature import Feature, Parts
from userkit.features.outbox import OutboxEntry
from userkit.kernel.clock import utc_now
from userkit.kernel.identity import SessionFacts
from userkit.kernel.ids import derived_id
from userkit.plugins import backends
from userkit.plugins.backends import open_hasher, open_mailer
from userkit.plugins.offers import Offer
from userkit.ports.passwords import Verification
from userkit.sync import run
from userkit.testing import InstantHasher, ScriptedModel


class WaitingHasher(InstantHasher):
    """A hasher for event loops."""

    blocking = False


class BlockingMailer:
    """A mailer that stops whoever calls it."""

    blocking = True
    closed = 0

    async def send(self, message: Message) -> None:
        """Never called."""

    async def close(self) -> None:
        """Count."""
        self.closed += 1


def test_a_hasher_is_found_by_name(side: Side) -> None:
    """As one that fits the kit; an unknown one is named, with what is installed."""
    blocking = side.kind is SyncUserKit
    hasher = open_hasher("argon2", blocking=blocking)
    assert hasher.blocking is blocking
    with pytest.raises(UnknownBackendError, match="Did you mean 'argon2'"):
        side.kit(hasher="argon")


def test_an_object_must_fit_the_kit() -> None:
    """A synchronous kit has no event loop to wait for, and an asynchronous one must not be stopped."""
    with pytest.raises(ConfigurationError, match="WaitingHasher is asynchronous"):
        open_hasher(WaitingHasher(), blocking=True)
    assert open_hasher(WaitingHasher(), blocking=False)
    with pytest.raises(ConfigurationError, match=r"BlockingMailer blocks.*ThreadedMailer"):
        open_mailer(BlockingMailer(), blocking=False)
    assert open_mailer(BlockingMailer(), blocking=True)
    for both in (True, False):  # what never leaves the process fits both
        assert open_hasher(InstantHasher(), blocking=both)
        assert open_mailer(MemoryMailer(), blocking=both)


@pytest.mark.parametrize("thing", [object(), 7, Verification(True)])
def test_something_else_is_no_backend(thing: Any) -> None:
    """What is missing is in the sentence."""
    with pytest.raises(ConfigurationError, match="blocking, hash, verify, recognises, close"):
        open_hasher(thing, blocking=True)
    with pytest.raises(ConfigurationError, match="blocking, send, close"):
        open_mailer(thing, blocking=True)


def test_a_mailer_is_found_by_the_scheme_of_its_url(side: Side) -> None:
    """An unknown one is named, and its URL is not repeated."""
    assert open_mailer("memory://", blocking=side.kind is SyncUserKit)
    with pytest.raises(UnknownBackendError, match="Did you mean 'smtp'") as caught:
        side.kit(mailer="stmp://ada:hunter2@mail.example", base_url="https://app.example")
    assert "hunter2" not in str(caught.value)


def failing(**_: object) -> Any:
    """Fail as a plugin may, with a secret in the text."""
    raise OSError("hunter2")


def refusing(**_: object) -> Any:
    """Refuse as a plugin should."""
    raise ConfigurationError("The queue must hold somebody.")


def test_a_backend_that_fails_to_start_is_named() -> None:
    """Its own errors come through; what a mailer says is withheld, since it may repeat the URL."""
    offer = backends.HASHERS.choose("argon2")
    with pytest.raises(PluginLoadError, match=r"argon2.*failed to start.*hunter2"):
        backends._made(offer, failing)
    with pytest.raises(PluginLoadError) as caught:
        backends._made(offer, failing, quiet=True)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(ConfigurationError, match="queue"):
        backends._made(offer, refusing)
    assert isinstance(offer, Offer)


def test_what_a_kit_made_it_closes_and_what_it_was_given_it_does_not(side: Side) -> None:
    """As often as the kit is closed."""
    if side.kind is UserKit:
        return
    mailer = BlockingMailer()
    kit = side.opened(mailer=mailer, base_url="https://app.example", relay=False)
    side.do(kit.close())
    assert mailer.closed == 0


@pytest.mark.parametrize(
    ("auth", "complaint"),
    [
        ("jwt", r"auth=\['jwt'\]"),
        (["jtw"], "Did you mean 'jwt'"),
        ({"jwt": "rubbish"}, "TokenSettings"),
    ],
)
def test_auth_backends_are_checked_at_the_start(side: Side, auth: Any, complaint: str) -> None:
    """Not at the first sign-in."""
    with pytest.raises(UserKitError, match=complaint):
        side.kit(auth=auth)


class WaitingLimiter(MemoryRateLimiter):
    """A limiter for event loops."""

    blocking = False


def test_a_limiter_must_fit_the_kit(side: Side) -> None:
    """A synchronous kit has no event loop for it."""
    if side.kind is UserKit:
        assert side.kit(limiter=WaitingLimiter(utc_now))
    else:
        with pytest.raises(ConfigurationError, match="WaitingLimiter waits"):
            side.kit(limiter=WaitingLimiter(utc_now))
    assert side.kit(limiter=MemoryRateLimiter(utc_now)).throttling


class ModelOfNoKind:
    """It knows no answers."""

    blocking = True


class WaitingModel(ScriptedModel):
    """A model for event loops."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(blocking=False)


def test_a_language_model_must_fit_the_kit(side: Side) -> None:
    """One that waits has no place in a synchronous kit; an unknown one is named."""
    assert side.kit(language_model=ScriptedModel())
    if side.kind is UserKit:
        assert side.kit(language_model=WaitingModel())
    else:
        with pytest.raises(ConfigurationError, match="WaitingModel is asynchronous"):
            side.kit(language_model=WaitingModel())
    with pytest.raises(ConfigurationError, match="blocking, complete, stream, embed, close"):
        side.kit(language_model=ModelOfNoKind())
    with pytest.raises(UnknownBackendError, match="Did you mean 'bedrock'"):
        side.kit(language_model="bedrok://amazon.nova-lite-v1:0")


def test_features_find_the_language_model_of_their_kit(side: Side) -> None:
    """None where there is none."""
    found: list[object] = []

    def build(parts: Parts) -> object:
        found.append(parts.language_model)
        return object()

    asking = Feature(name="asking", build=build, mirror=lambda offer: offer)
    model = ScriptedModel()
    side.kit(language_model=model, features=[asking])
    side.kit(features=[asking])
    assert found == [model, None]


class Badge:
    """An auth backend of somebody's own."""

    def recognises(self, credential: str) -> bool:
        """See AuthBackend.recognises."""
        return credential.startswith("badge ")

    async def authenticate(self, credential: str) -> Identity:
        """See AuthBackend.authenticate."""
        return Identity(user_id=credential[6:], authenticated_at=utc_now(), backend="badge")


def test_the_first_backend_that_recognises_a_credential_decides() -> None:
    """What nobody recognises opens nothing, and neither does what is no text."""
    authentication = Authentication({"badge": Badge()})
    assert run(authentication("badge ada")).user_id == "ada"
    for other in ("", "card ada", None, 7, b"badge ada"):
        with pytest.raises(UnauthenticatedError):
            run(authentication(other))


def test_without_a_backend_that_issues_tokens_none_are_issued() -> None:
    """The sentence says which to name; there are no keys either."""
    authentication = Authentication({"badge": Badge()})
    facts = SessionFacts(
        id=derived_id("s"),
        user_id=derived_id("u"),
        epoch=0,
        methods=frozenset(),
        authenticated_at=utc_now(),
        expires_at=utc_now(),
    )
    with pytest.raises(ConfigurationError, match="name jwt"):
        run(authentication.issue(facts))
    assert authentication.jwks() == {"keys": []}


def test_a_kit_shows_its_public_keys(side: Side) -> None:
    """None where a shared secret signs."""
    assert side.kit().jwks() == {"keys": []}


class NotingMailer(MemoryMailer):
    """A mailer that says when it has sent two messages."""

    def __init__(self) -> None:
        """Begin with nothing sent."""
        super().__init__()
        self.both = threading.Event()

    async def send(self, message: Message) -> None:
        """See Mailer.send."""
        await super().send(message)
        if len(self.sent) == 2:
            self.both.set()


def test_mail_leaves_by_itself(side: Side) -> None:
    """A kit with a mailer relays what is in the outbox of every realm it was asked for."""
    mailer = NotingMailer()
    kit = side.opened(mailer=mailer, base_url="https://app.example", hasher=InstantHasher())
    for tenant, email in ((kit, "ada@example.com"), (kit.realm("acme"), "bo@example.com")):
        side.register(tenant, email)
    waiting = side.kind is UserKit
    assert side.do(asyncio.to_thread(mailer.both.wait, 30) if waiting else mailer.both.wait(30))
    side.do(kit.close())
    assert {message.to for message in mailer.sent} == {"ada@example.com", "bo@example.com"}


@pytest.mark.parametrize("relay", [True, False])
def test_opening_a_kit_finishes_what_a_crash_has_left(side: Side, relay: bool) -> None:
    """Where nobody looks at the outbox afterwards; letters are left to a process with a mailer."""
    memory = MemoryStore()
    kit = side.opened(memory)
    ada = side.register(kit)
    outbox = kit._built["outbox"]
    forget = outbox.entry("user.deleted", {}, user_id=ada.id)  # of five minutes ago
    letter = outbox.entry("letter", {})
    run(memory.commit(forget, letter))
    side.opened(memory, relay=relay)
    left = {entry.topic for entry in run(memory.find(OutboxEntry)).items}
    assert left == ({"letter"} if relay else {"letter", "user.deleted"})
