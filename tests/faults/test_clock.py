"""X14: the clock jumps back and forth: nothing is good for longer than it says, nothing comes back."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.conftest import prepared
from tests.faults.sites import Site, options
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidTokenError, RateLimitedError, UnauthenticatedError, UserKitError
from userkit.features.audit import AuditEntry
from userkit.features.links import Link
from userkit.features.sessions import Session
from userkit.ports.tokens import TokenSettings
from userkit.storage.port import Store
from userkit.sync import run

CHECKED = {"jwt": TokenSettings(revocation="checked"), "session": None}
LEEWAY = timedelta(seconds=30)

JUMPS = [
    timedelta(milliseconds=-1),
    timedelta(seconds=-11),
    timedelta(hours=-2),
    timedelta(days=-400),
    timedelta(days=400),
]
by_jump = pytest.mark.parametrize("jump", JUMPS, ids=lambda jump: f"{jump.total_seconds():g} s")

some_jumps = st.lists(
    st.one_of(
        st.timedeltas(timedelta(minutes=-30), timedelta(minutes=30)),
        st.timedeltas(timedelta(days=-100), timedelta(days=100)),
    ),
    min_size=1,
    max_size=12,
)


def in_memory() -> Site:
    """Return an empty realm in memory."""
    store = MemoryStore()
    run(SyncUserKit(store, **options())._assembly.prepare(store, create=True))
    return Site(store)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def site(request: pytest.FixtureRequest, prepared_stores: dict[str, Store]) -> Site:
    """An empty realm on each kind of store."""
    if request.param == "memory":
        return in_memory()
    return Site(prepared(request.getfixturevalue(f"fault_{request.param}_url"), prepared_stores))


def move(site: Site, jump: timedelta) -> None:
    """Let the clock jump."""
    site.clock.advance(seconds=jump.total_seconds())


def kit_of(site: Site, auth: object) -> SyncUserKit:
    """Return another kit on the realm, with auth backends of its own."""
    return SyncUserKit(
        site.store, **options(realm=site.realm, clock=site.clock, mailer=site.mailer, auth=auth)
    )


def exp_of(token: str) -> datetime:
    """Return when an access token says that it ends."""
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return datetime.fromtimestamp(claims["exp"], UTC)


@settings(max_examples=30)
@given(some_jumps)
def test_x14_no_token_is_good_beyond_its_end(jumps: list[timedelta]) -> None:
    """Access tokens up to their end and the leeway; refresh and session tokens and links up to their end."""
    site = in_memory()
    site.ada()
    kit = kit_of(site, {"jwt": TokenSettings(leeway=LEEWAY), "session": None})
    token = site.reset_token()
    pair = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    cookie = kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    for jump in jumps:
        move(site, jump)
        now = site.clock()
        ends = {session.id: session.expires_at for session in site.stored(Session)}
        with suppress(UnauthenticatedError):
            kit.authenticate(pair.access_token)
            assert now < exp_of(pair.access_token) + LEEWAY
        with suppress(UnauthenticatedError):
            kit.authenticate(cookie.token)
            assert now < ends[cookie.session_id]
        with suppress(UnauthenticatedError):
            pair = kit.sessions.refresh(pair.refresh_token)
            assert now < ends[pair.session_id]
            assert exp_of(pair.access_token) <= now + timedelta(minutes=10)
    (link,) = [each for each in site.stored(Link) if each.purpose == "reset_password"]
    with suppress(InvalidTokenError):
        kit.password_reset.complete(token=token, password=NEW_PASSWORD)
        assert site.clock() < link.expires_at


@by_jump
def test_x14_after_a_jump_people_sign_in_as_ever(site: Site, jump: timedelta) -> None:
    """Nothing crashes, and what is new is good."""
    site.ada()
    site.sign_in()
    move(site, jump)
    pair = site.sign_in()
    cookie = site.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    site.kit.authenticate(pair.access_token)
    site.kit.authenticate(cookie.token)
    site.kit.authenticate(site.kit.sessions.refresh(pair.refresh_token).access_token)
    assert site.kit.users.register(email="bo@example.com", name="Bo", password=PASSWORD)
    assert site.kit.sessions.purge() >= 0
    site.kit.password_reset.complete(token=site.reset_token(), password=NEW_PASSWORD)
    assert site.sign_in(NEW_PASSWORD)


def end_sessions(site: Site, user_id: str) -> None:
    """Sign out of each."""
    for session in site.stored(Session):
        site.kit.sessions.end(session.id)


def end_all(site: Site, user_id: str) -> None:
    """Sign out everywhere."""
    site.kit.sessions.end_all(user_id)


def disable(site: Site, user_id: str) -> None:
    """Close the account, and open it again."""
    site.kit.users.disable(user_id)
    site.kit.users.enable(user_id)


def delete(site: Site, user_id: str) -> None:
    """Delete the user."""
    site.kit.users.delete(user_id)


def change(site: Site, user_id: str) -> None:
    """Change the password."""
    site.kit.passwords.change(user_id, current_password=PASSWORD, new_password=NEW_PASSWORD)


@by_jump
@pytest.mark.parametrize("ending", [end_sessions, end_all, disable, delete, change])
def test_x14_no_jump_brings_back_what_was_revoked(
    site: Site, jump: timedelta, ending: Callable[[Site, str], None]
) -> None:
    """Wherever the clock goes and back again."""
    user = site.ada()
    kit = kit_of(site, CHECKED)
    pair = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    cookie = kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    ending(site, user.id)
    for each in (timedelta(0), jump, -jump):
        move(site, each)
        for attempt in (
            lambda: kit.authenticate(pair.access_token),
            lambda: kit.authenticate(cookie.token),
            lambda: kit.sessions.refresh(pair.refresh_token),
        ):
            with pytest.raises(UnauthenticatedError):
                attempt()


@by_jump
def test_x14_what_was_spent_stays_spent(site: Site, jump: timedelta) -> None:
    """A refresh token and a link."""
    site.ada()
    spent = site.sign_in()
    token = site.reset_token()
    site.kit.sessions.refresh(spent.refresh_token)
    site.kit.password_reset.complete(token=token, password=NEW_PASSWORD)
    fresh = site.sign_in(NEW_PASSWORD)
    newest = site.kit.sessions.refresh(fresh.refresh_token)
    for each in (jump, -jump):
        move(site, each)
        site.kit.outbox.deliver()
        for old in (spent, fresh):
            with pytest.raises(UnauthenticatedError):
                site.kit.sessions.refresh(old.refresh_token)
        with pytest.raises(InvalidTokenError):
            site.kit.password_reset.complete(token=token, password=PASSWORD)
    if jump < timedelta(0):
        # A step back makes a token look as if it was just spent, which punishes nobody.
        assert site.kit.sessions.refresh(newest.refresh_token)


def test_x14_ids_are_unique_and_the_trail_is_in_order_whatever_the_clock_does(site: Site) -> None:
    """Order by id is the order in which it happened, within a process."""
    registered = []
    for number, jump in enumerate([timedelta(0), *JUMPS, *JUMPS, timedelta(days=1)]):
        move(site, jump)
        for each in range(5):
            email = f"caller-{number}-{each}@example.com"
            registered.append(site.kit.users.register(email=email, name="Caller").id)
    assert len(set(registered)) == len(registered)
    assert registered == sorted(registered)
    trail = [entry for entry in site.stored(AuditEntry) if entry.event == "user_registered"]
    assert [entry.user_id for entry in trail] == registered
    assert [user.id for user in site.kit.users.list(limit=1000).items] == registered


def test_x14_nobody_is_locked_out_by_a_clock_that_was_wrong(site: Site) -> None:
    """Wrong passwords while the clock was far ahead are no reason to wait for that time to come."""
    site.ada()
    kit = SyncUserKit(site.store, **options(realm=site.realm, clock=site.clock, features=[]))
    site.clock.advance(days=400)
    refused: list[type[UserKitError]] = []
    for _ in range(7):
        try:
            kit.sessions.sign_in(email=EMAIL, password="not her password at all")
        except UserKitError as error:
            refused.append(type(error))
    assert RateLimitedError in refused
    site.clock.advance(days=-400)
    with suppress(RateLimitedError):
        kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    site.clock.advance(minutes=16)
    assert kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_x14_would_notice_a_server_that_does_not_look_at_the_clock() -> None:
    """There a token is good beyond its end."""
    site = in_memory()
    site.ada()
    token = site.sign_in().access_token
    stands_still = SyncUserKit(site.store, **options(realm=site.realm))
    site.clock.advance(days=1)
    assert stands_still.authenticate(token)
    assert site.clock() > exp_of(token) + LEEWAY
