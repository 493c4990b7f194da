"""Signing in, refreshing, listing and ending, as an application meets them."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.security.world import EMAIL, PASSWORD, World
from tests.storage.doubles import OvertakenStore
from userkit import (
    InvalidCredentialsError,
    InvalidCursorError,
    InvalidInputError,
    NotFoundError,
    ReauthenticationRequiredError,
    Session,
    SessionEnded,
    SignedIn,
    UnauthenticatedError,
    UserNotFoundError,
    coming_from,
)
from userkit.backends.memory import MemoryStore
from userkit.features.sessions import Reauthenticated, SignInAttempt
from userkit.storage.changes import Remove, Save
from userkit.storage.port import Store
from userkit.sync import run

NOBODY = "0192a0b0-0000-7000-8000-000000000000"


@pytest.fixture
def here() -> Iterator[World]:
    """A world in memory."""
    world = World("memory://")
    yield world
    world.close()


def test_a_session_remembers_where_it_began(here: World) -> None:
    """The address and the program, in a form that can be shown; how it was proved, and when."""
    ada = here.ada()
    told = here.heard(SignedIn)
    with coming_from(address="::ffff:192.0.2.7", user_agent="Mozilla\n/5.0"):
        tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    (session,) = here.kit.sessions.list(ada.id).items
    assert (session.address, session.user_agent) == ("192.0.2.7", "Mozilla\ufffd/5.0")
    assert session.methods == {"pwd"}
    assert session.authenticated_at == session.created_at == here.clock()
    assert [event.session_id for event in told if isinstance(event, SignedIn)] == [tokens.session_id]


def test_whoever_proves_it_otherwise_opens_a_session_unless_a_check_refuses(here: World) -> None:
    """Without a receipt of an attempt, which only passwords have."""
    ada = here.ada()
    offered = here.kit._built["sessions"]

    async def refuse(attempt: SignInAttempt) -> frozenset[str]:
        raise InvalidCredentialsError

    opened = run(offered.sign_in.open(ada, methods=frozenset({"otp"})))
    assert opened.session.methods == {"otp"}
    offered.checks.append(refuse)
    with pytest.raises(InvalidCredentialsError):
        run(offered.sign_in.open(ada, methods=frozenset({"otp"})))
    assert len(here.kit.sessions.list(ada.id).items) == 1


def test_an_identity_says_who_and_how(here: World) -> None:
    """For each kind of credential."""
    ada = here.ada()
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    cookie = here.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    assert cookie.expires_in == timedelta(days=90).total_seconds()
    for credential, backend in ((tokens.access_token, "jwt"), (cookie.token, "session")):
        identity = here.kit.authenticate(credential)
        assert (identity.user_id, identity.backend, identity.realm) == (ada.id, backend, here.realm)
        assert identity.methods == {"pwd"}
        assert identity.authenticated_at == here.clock()
        assert identity.covers("anything:at-all")


def test_sessions_are_listed_newest_first_and_by_pages(here: World) -> None:
    """Those that are over are left out, and cursors are for this list."""
    ada = here.ada()
    ids = []
    for _ in range(5):
        here.clock.advance(seconds=1)
        ids.append(here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).session_id)
    page = here.kit.sessions.list(ada.id, limit=3)
    rest = here.kit.sessions.list(ada.id, limit=3, after=page.next)
    assert [each.id for each in (*page.items, *rest.items)] == ids[::-1]
    here.clock.advance(days=14)
    assert here.kit.sessions.list(ada.id).items == ()
    for user_id in (NOBODY, "", "\ud800"):
        with pytest.raises(UserNotFoundError):
            here.kit.sessions.list(user_id)
    with pytest.raises(InvalidCursorError):
        here.kit.sessions.list(ada.id, after="made up")
    with pytest.raises(InvalidInputError):
        here.kit.sessions.list(ada.id, limit=0)


def test_a_session_is_ended_once(here: World) -> None:
    """With an event; afterwards it is not there."""
    here.ada()
    told = here.heard(SessionEnded)
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.kit.sessions.end(tokens.session_id)
    with pytest.raises(NotFoundError):
        here.kit.sessions.end(tokens.session_id)
    assert len(told) == 1
    with pytest.raises(UserNotFoundError):
        here.kit.sessions.end_all(NOBODY)


def test_a_session_that_somebody_ends_at_the_same_moment_is_not_found() -> None:
    """One of the two ended it."""
    world = World("memory://", store=OvertakenStore(MemoryStore(), ending_all))
    world.ada()
    armed.append(1)
    tokens = world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    with pytest.raises(NotFoundError):
        world.kit.sessions.end(tokens.session_id)
    armed.clear()


armed: list[int] = []


def ending_all(store: Store) -> None:
    """Take out every session, just before somebody else commits."""
    if armed:
        for session in run(store.find(Session)).items:
            run(store.commit(Remove(session)))


def test_dangerous_things_need_a_fresh_proof(here: World) -> None:
    """Five minutes by default; a proof counts at once, also for tokens made before."""
    here.ada()
    told = here.heard(Reauthenticated)
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    identity = here.kit.authenticate(tokens.access_token)
    here.clock.advance(minutes=5)
    here.kit.sessions.require_fresh(identity)
    here.clock.advance(seconds=1)
    with pytest.raises(ReauthenticationRequiredError):
        here.kit.sessions.require_fresh(identity)
    here.kit.sessions.require_fresh(identity, within=timedelta(hours=1))
    with pytest.raises(InvalidCredentialsError):
        here.kit.sessions.reauthenticate(tokens.session_id, password="a wrong guess")
    session = here.kit.sessions.reauthenticate(tokens.session_id, password=PASSWORD)
    assert session.authenticated_at == here.clock()
    here.kit.sessions.require_fresh(identity)
    assert len(told) == 1
    here.kit.sessions.end(tokens.session_id)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.require_fresh(identity)
    for session_id in (tokens.session_id, "", "\ud800"):
        with pytest.raises(UnauthenticatedError):
            here.kit.sessions.reauthenticate(session_id, password=PASSWORD)


def test_an_api_key_is_never_fresh(here: World) -> None:
    """No person is there to prove anything."""
    ada = here.ada()
    key = here.kit.api_keys.create(ada.id, name="ci")
    with pytest.raises(ReauthenticationRequiredError):
        here.kit.sessions.require_fresh(here.kit.authenticate(key.secret))


class Late:
    """Somebody who does something to every session just before the commits that are counted down to."""

    def __init__(self, act: Callable[[Session], Save[Session] | Remove[Session]]) -> None:
        """Take what they do; nothing yet."""
        self.act = act
        self.times = 0

    def __call__(self, store: Store) -> None:
        """Do it."""
        if self.times:
            self.times -= 1
            for session in run(store.find(Session)).items:
                run(store.commit(self.act(session)))


def test_a_refresh_that_was_overtaken_by_a_proof_is_made() -> None:
    """The token is still the newest; up to three times, then it is refused and still good."""
    late = Late(lambda session: Save(session, session.evolve(methods=session.methods | {"otp"})))
    world = World("memory://", store=OvertakenStore(MemoryStore(), late))
    world.ada()
    tokens = world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    late.times = 2
    tokens = world.kit.sessions.refresh(tokens.refresh_token)
    assert world.kit.authenticate(tokens.access_token).methods == {"pwd", "otp"}
    late.times = 3
    with pytest.raises(UnauthenticatedError):
        world.kit.sessions.refresh(tokens.refresh_token)
    assert world.kit.sessions.refresh(tokens.refresh_token)


def test_a_proof_in_a_session_that_is_ended_meanwhile_is_refused() -> None:
    """Ending wins."""
    late = Late(Remove)
    world = World("memory://", store=OvertakenStore(MemoryStore(), late))
    world.ada()
    tokens = world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    # The limits are counted first, twice, and forgotten after the proof, twice; then comes the session.
    late.times = 5
    with pytest.raises(UnauthenticatedError):
        world.kit.sessions.reauthenticate(tokens.session_id, password=PASSWORD)


def test_the_use_of_an_opaque_session_is_noted_once_a_minute(here: World) -> None:
    """Each use would be a write; and whoever notes it too late does not mind."""
    ada = here.ada()
    cookie = here.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    begun = here.clock()

    def last_used() -> object:
        return here.kit.sessions.list(ada.id).items[0].last_used_at

    here.clock.advance(seconds=59)
    here.kit.authenticate(cookie.token)
    assert last_used() == begun
    here.clock.advance(seconds=1)
    here.kit.authenticate(cookie.token)
    assert last_used() == here.clock()
    for _ in range(10):
        here.clock.advance(days=8)
        here.kit.authenticate(cookie.token)
    here.clock.advance(days=10)
    with pytest.raises(UnauthenticatedError):  # its absolute end
        here.kit.authenticate(cookie.token)


def test_an_opaque_session_is_no_bearer_session_and_the_other_way_round(here: World) -> None:
    """Neither its token nor its id opens the other kind."""
    here.ada()
    cookie = here.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    body = cookie.token[4:]
    for text in (f"ukr_{body}", tokens.refresh_token.replace("ukr_", "uks_"), "uks_", "uks_" + "A" * 64):
        with pytest.raises(UnauthenticatedError):
            here.kit.authenticate(text)
        with pytest.raises(UnauthenticatedError):
            here.kit.sessions.refresh(text)


def test_expired_sessions_are_purged(here: World) -> None:
    """And only those."""
    ada = here.ada()
    here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.clock.advance(days=14, seconds=1)
    kept = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert here.kit.sessions.purge() == 1
    assert [each.id for each in here.kit.sessions.list(ada.id).items] == [kept.session_id]


def test_auth_backends_look_accounts_up(here: World) -> None:
    """By id and by any spelling of the address; the rest is their business."""
    ada = here.ada()
    accounts = here.kit._built["sessions"].accounts
    assert run(accounts.by_id(ada.id)) == run(accounts.by_email("ADA@example.com"))
    assert run(accounts.by_id("nobody")) is None
    assert run(accounts.by_email("nobody@example.com")) is None
    here.kit.users.disable(ada.id)
    assert run(accounts.by_id(ada.id)).disabled


def test_a_deleted_user_with_many_sessions_is_forgotten(here: World) -> None:
    """However many there are."""
    ada = here.ada()
    for _ in range(60):
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.kit.users.delete(ada.id)
    assert run(here.kit._store.realm(here.realm).find(Session)).items == ()
