"""CF-1: whatever fails, nobody gets in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.security.world import EMAIL, PASSWORD, SECRET, World
from tests.storage.doubles import BareStore
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import ProofRequiredError, StoreUnavailableError, UserKitError
from userkit.features.sessions import Session, SignedIn, SignInAttempt
from userkit.ports.passwords import Verification
from userkit.ports.rate_limit import Limit, Verdict
from userkit.ports.tokens import TokenSettings
from userkit.storage.changes import Change
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher


class FailingStore(BareStore):
    """A store whose n-th call fails, from when it is armed."""

    def __init__(self, behind: MemoryStore) -> None:
        """Begin unarmed."""
        super().__init__(behind)
        self.left = -1

    async def step(self) -> None:
        """Count, and fail when it is time."""
        if self.left == 0:
            self.left = -1
            raise StoreUnavailableError
        self.left -= 1

    def realm(self, name: str) -> "FailingStore":
        """See Store.realm; every view counts together."""
        behind = self.behind.realm(name)
        here = self

        class View(FailingStore):
            async def step(self) -> None:
                await here.step()

        return View(behind)  # type: ignore[arg-type]  # a view of a memory store is one


def opened(store: Any, **changes: Any) -> SyncUserKit:
    """Open a kit on a store."""
    usual: dict[str, Any] = {
        "secret": SECRET,
        "clock": FrozenClock(),
        "hasher": InstantHasher(),
        "auth": {"jwt": TokenSettings(revocation="checked"), "session": None, "api-key": None},
    }
    kit = SyncUserKit(store, **{**usual, **changes})
    kit.open()
    return kit


def attempts(kit: SyncUserKit) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield ways in, with what opens them."""
    tokens = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    cookie = kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    user = kit.users.get_by_email(EMAIL)
    key = kit.api_keys.create(user.id, name="ci")
    identity = kit.authenticate(tokens.access_token)
    kit.roles.assign(user.id, "admin")
    yield "sign in", lambda: kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    yield "sign in opaque", lambda: kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    yield "access token", lambda: kit.authenticate(tokens.access_token)
    yield "session token", lambda: kit.authenticate(cookie.token)
    yield "API key", lambda: kit.authenticate(key.secret)
    yield "require", lambda: kit.roles.require(identity, "users:write")
    yield "fresh", lambda: kit.sessions.require_fresh(identity)
    yield "reauthenticate", lambda: kit.sessions.reauthenticate(tokens.session_id, password=PASSWORD)
    yield "refresh", lambda: kit.sessions.refresh(tokens.refresh_token)


NAMES = [
    "sign in",
    "sign in opaque",
    "access token",
    "session token",
    "API key",
    "require",
    "fresh",
    "reauthenticate",
    "refresh",
]
# What is written after somebody was let in already, and only tidies up.
AFTERWARDS = 2


@pytest.mark.parametrize("name", NAMES)
def test_cf_1_a_store_that_fails_lets_nobody_in(name: str) -> None:
    """At each of its calls in turn; the last calls may only tidy up."""
    store = FailingStore(MemoryStore())
    kit = opened(store)
    kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
    way = dict(attempts(kit))[name]
    store.left = 1_000_000
    way()
    calls = 1_000_000 - store.left
    assert calls > 0
    let_in = 0
    for call in range(calls):
        fresh_store = FailingStore(MemoryStore())
        kit = opened(fresh_store)
        kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        way = dict(attempts(kit))[name]
        fresh_store.left = call
        try:
            way()
        except UserKitError:
            continue
        let_in += 1
        assert call >= calls - AFTERWARDS, f"call {call} of {calls} failed, and the way in was open"
    assert let_in <= AFTERWARDS


class BrokenHasher(InstantHasher):
    """A hasher that cannot compare."""

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """Fail as a library does."""
        raise OSError("out of memory")


class BrokenLimiter:
    """A limiter that cannot count."""

    blocking = True

    async def take(self, limit: Limit, key: str) -> Verdict:
        """Fail as a driver does."""
        raise ConnectionError

    async def release(self, limit: Limit, key: str) -> None:
        """Do nothing."""

    async def forget(self, limit: Limit, key: str) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


def broken_hasher(memory: MemoryStore) -> SyncUserKit:
    return opened(memory, hasher=BrokenHasher())


def broken_limiter(memory: MemoryStore) -> SyncUserKit:
    return opened(memory, limiter=BrokenLimiter())


def broken_check(memory: MemoryStore) -> SyncUserKit:
    kit = opened(memory)

    async def check(_: SignInAttempt) -> list[str]:
        raise LookupError

    kit._built["sessions"].checks.append(check)
    return kit


def broken_signer(memory: MemoryStore) -> SyncUserKit:
    def claims(_: object) -> dict[str, Any]:
        raise LookupError

    return opened(memory, auth={"jwt": TokenSettings(claims=claims)})


def broken_record(memory: MemoryStore) -> SyncUserKit:
    kit = opened(memory)

    async def record(_: object) -> list[Change]:
        raise LookupError

    kit._built["sessions"].open.journal.participants.add(SignedIn, record)
    return kit


@pytest.mark.parametrize(
    "broken", [broken_hasher, broken_limiter, broken_check, broken_signer, broken_record]
)
def test_cf_1_a_port_that_fails_lets_nobody_in(broken: Callable[[MemoryStore], SyncUserKit]) -> None:
    """Whatever it raises; where a session was opened before, nobody holds its key."""
    memory = MemoryStore()
    opened(memory).users.register(email=EMAIL, name="Ada", password=PASSWORD)
    with pytest.raises((OSError, LookupError, UserKitError)):
        broken(memory).sessions.sign_in(email=EMAIL, password=PASSWORD)
    if broken is not broken_signer:
        assert run(memory.find(Session)).items == ()


def test_cf_1_a_check_that_says_no_is_heard(in_memory: World) -> None:
    """Everything else was right; and what it proves in addition is kept."""
    in_memory.ada()
    asked: list[SignInAttempt] = []

    async def check(attempt: SignInAttempt) -> list[str]:
        asked.append(attempt)
        if attempt.proofs.get("otp") != "123456":
            raise ProofRequiredError(methods=("otp",))
        return ["otp"]

    in_memory.kit._built["sessions"].checks.append(check)
    with pytest.raises(ProofRequiredError) as caught:
        in_memory.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert caught.value.methods == ("otp",)
    tokens = in_memory.kit.sessions.sign_in(email=EMAIL, password=PASSWORD, proofs={"otp": "123456"})
    assert in_memory.kit.authenticate(tokens.access_token).methods == {"pwd", "otp"}
    assert "123456" not in repr(asked)
