"""What signing in, registering and rotating ask of the store: exact numbers, in this order."""

from collections.abc import Iterator
from typing import Any, Self, TypeVar

import pytest

from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD, World
from tests.storage.doubles import BareStore
from userkit import InvalidCredentialsError, RateLimitedError
from userkit.backends.memory import MemoryStore
from userkit.features.sessions import Session
from userkit.kernel.entity import Entity
from userkit.storage.changes import Change, Save
from userkit.storage.routed import RoutedStore
from userkit.testing import FrozenClock

E = TypeVar("E", bound=Entity)

COUNTS_READ = ["Attempts", "Attempts"]
COUNTS_WRITTEN = "Attempts Attempts"
PERSON_READ = ["User", "PasswordCredential"]


class Asked(BareStore):
    """A store that notes which kinds are read, and which are written in one commit."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        super().__init__(MemoryStore())
        self.calls: list[str] = []

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        self.calls.append(entity.__name__)
        return await super().get(entity, id)

    async def find(self, entity: type[E], *arguments: Any, **named: Any) -> Any:
        """See Store.find."""
        self.calls.append(entity.__name__)
        return await super().find(entity, *arguments, **named)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        kinds = [type(each.before if isinstance(each, Save) else each.entity).__name__ for each in changes]
        self.calls.append(f"commit {' '.join(kinds)}")
        await super().commit(*changes)

    def realm(self, name: str) -> Self:
        """See Store.realm; every view notes in one place."""
        return self


class Counted(World):
    """A world whose store notes what it is asked."""

    def asked(self) -> list[str]:
        """Return what the store was asked since the last time."""
        calls = list(self.store.calls)
        self.store.calls.clear()
        return calls


@pytest.fixture
def here() -> Iterator[Counted]:
    """Ada has signed in before, so that what is counted of her is there."""
    world = Counted("memory://", store=Asked())
    world.ada()
    world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    world.asked()
    yield world
    world.close()


def test_signing_in_is_four_reads_and_two_commits(here: Counted) -> None:
    """Both counts before the hash; the session, its entry in the trail and what is given back after it."""
    for sign_in in (here.kit.sessions.sign_in, here.kit.sessions.sign_in_opaque):
        sign_in(email=EMAIL, password=PASSWORD)
        assert here.asked() == [
            *COUNTS_READ,
            f"commit {COUNTS_WRITTEN}",
            *PERSON_READ,
            f"commit Session AuditEntry {COUNTS_WRITTEN}",
        ]


def test_a_wrong_password_is_four_reads_and_two_commits(here: Counted) -> None:
    """It stays counted, and is told in the trail; for a stranger it is one read less, for who is nobody's."""
    with pytest.raises(InvalidCredentialsError):
        here.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    counted = [*COUNTS_READ, f"commit {COUNTS_WRITTEN}"]
    assert here.asked() == [*counted, *PERSON_READ, "commit AuditEntry"]
    for email, reads in (("nobody@example.com", PERSON_READ), ("nonsense", PERSON_READ[1:])):
        with pytest.raises(InvalidCredentialsError):
            here.kit.sessions.sign_in(email=email, password=PASSWORD)
        assert here.asked() == [*counted, *reads, "commit AuditEntry"]


def test_what_a_delay_refuses_is_two_reads(here: Counted) -> None:
    """The count of the client's address is left as it is, so nothing is written."""
    for _ in range(5):
        with pytest.raises(InvalidCredentialsError):
            here.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    here.asked()
    with pytest.raises(RateLimitedError):
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert here.asked()[:3] == [*COUNTS_READ, "commit Attempts"]
    with pytest.raises(RateLimitedError):
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert here.asked() == COUNTS_READ


def test_registering_is_one_commit(here: Counted) -> None:
    """The user, the password, the letter to the address, and the entry in the trail; nothing is read."""
    here.kit.users.register(email="grace@example.com", name="Grace", password=PASSWORD)
    assert here.asked() == ["commit User PasswordCredential OutboxEntry AuditEntry"]


def test_rotating_is_two_reads_and_one_conditional_write(here: Counted) -> None:
    """Whether the session may go on is told by its user, who is named by the session alone."""
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.asked()
    here.kit.sessions.refresh(tokens.refresh_token)
    assert here.asked() == ["Session", "User", "commit Session"]


def test_proving_a_password_again_gives_both_counts_back_in_one_commit(here: Counted) -> None:
    """There, no session is opened that it could ride along with."""
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.asked()
    here.kit.sessions.reauthenticate(tokens.session_id, password=PASSWORD)
    assert here.asked() == [
        "Session",
        "User",
        *COUNTS_READ,
        f"commit {COUNTS_WRITTEN}",
        "PasswordCredential",
        *COUNTS_READ,
        f"commit {COUNTS_WRITTEN}",
        "Session",
        "commit Session AuditEntry",
    ]


def test_with_routes_what_is_counted_is_given_back_by_itself() -> None:
    """A commit that is in two stores must not depend on a count."""
    main, other, clock = Asked(), Asked(), FrozenClock()
    here = World("memory://", clock=clock, store=RoutedStore(main, {Session: other}, now=clock))
    here.ada()
    here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    main.calls.clear()
    here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.close()
    assert main.calls == [
        *COUNTS_READ,
        f"commit {COUNTS_WRITTEN}",
        *PERSON_READ,
        *COUNTS_READ,
        f"commit {COUNTS_WRITTEN}",
        "commit AuditEntry",
    ]
