"""VF-5: what was issued before the owner of a mailbox took the account over, told apart by a number.

Whoever signs in, refreshes or makes a key at the very moment of the takeover is on one side of it or on
the other, whatever the clocks say and whoever is first to commit.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD, World
from tests.storage.doubles import BareStore
from userkit import SyncUserKit, TokenSettings
from userkit.errors import UnauthenticatedError
from userkit.features.api_keys import ApiKey
from userkit.features.sessions import Session, SignInAttempt, sessions
from userkit.features.users import User
from userkit.kernel.entity import Entity
from userkit.kernel.identity import Identity
from userkit.storage.changes import Add, Change
from userkit.storage.port import Store
from userkit.sync import run

CLOCKS = (-60, 0, 0.5, 60)
"""By how many seconds the clock of the server that issues differs from the one of the takeover."""

CHECKED = TokenSettings(revocation="checked")

any_clock = pytest.mark.parametrize("seconds", CLOCKS)
each_way = pytest.mark.parametrize("how", ["verify", "reset"])


def claim(here: World, how: str = "reset") -> None:
    """Let the owner of the mailbox take the account over; a password of theirs is set."""
    ada = here.kit.users.get_by_email(EMAIL)
    if how == "verify":
        here.kit.email_verification.request(ada.id)
        here.kit.email_verification.complete(token=here.token("verify_email"))
        here.kit.passwords.set(ada.id, password=NEW_PASSWORD)
    else:
        here.kit.password_reset.request(email=EMAIL)
        here.kit.password_reset.complete(token=here.token("reset_password"), password=NEW_PASSWORD)


def opens(kit: SyncUserKit, credential: str) -> bool:
    """Tell whether a credential shows somebody who has an account here."""
    try:
        kit.users.current(kit.authenticate(credential))
    except UnauthenticatedError:
        return False
    return True


def refreshes(kit: SyncUserKit, token: str) -> bool:
    """Tell whether a refresh token is good."""
    try:
        kit.sessions.refresh(token)
    except UnauthenticatedError:
        return False
    return True


class LateStore(BareStore):
    """A store where something else happens once, just before an entity of a kind is added."""

    def __init__(self, behind: Store, kind: type[Entity], rival: Callable[[], object]) -> None:
        """Take what happens."""
        super().__init__(behind)
        self.kind, self.rivals = kind, [rival]

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        if any(isinstance(each, Add) and isinstance(each.entity, self.kind) for each in changes):
            while self.rivals:
                self.rivals.pop()()
        await self.behind.commit(*changes)


def overtaken(here: World, kind: type[Entity], rival: Callable[[], object]) -> SyncUserKit:
    """Return a server that something else overtakes just before it commits."""
    return here.kit.with_store(LateStore(here.kit._store, kind, rival))


@each_way
@any_clock
def test_vf_5_the_owner_signs_in_within_the_same_second(in_memory: World, how: str, seconds: float) -> None:
    """And on a server whose clock is behind; for every kind of credential."""
    here = in_memory
    here.ada()
    claim(here, how)
    here.clock.advance(seconds=seconds)
    pair = here.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    cookie = here.kit.sessions.sign_in_opaque(email=EMAIL, password=NEW_PASSWORD)
    key = here.kit.api_keys.create(
        here.kit.users.get_by_email(EMAIL).id, name="ci", by=here.kit.authenticate(pair.access_token)
    )
    for credential in (pair.access_token, cookie.token, key.secret):
        assert opens(here.kit, credential)
    again = here.kit.sessions.refresh(pair.refresh_token)
    assert opens(here.kit, again.access_token)


@each_way
@any_clock
def test_vf_5_what_is_of_an_earlier_epoch_is_void(in_memory: World, how: str, seconds: float) -> None:
    """Also where its clock says that it was issued after the takeover."""
    here = in_memory
    ada = here.ada()
    here.clock.advance(seconds=seconds)
    pair = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    cookie = here.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    key = here.kit.api_keys.create(ada.id, name="back door")
    here.clock.advance(seconds=-seconds)
    claim(here, how)
    here.clock.advance(seconds=max(seconds, 0))
    for credential in (pair.access_token, cookie.token, key.secret):
        assert not opens(here.kit, credential)
    assert not refreshes(here.kit, pair.refresh_token)


@each_way
@any_clock
def test_vf_5_a_sign_in_that_the_takeover_overtakes_opens_nothing(
    in_memory: World, how: str, seconds: float
) -> None:
    """The old password was right when it was looked at; the session opens when all is over."""
    here = in_memory
    here.ada()

    async def dawdle(attempt: SignInAttempt) -> list[str]:
        claim(here, how)
        here.clock.advance(seconds=seconds)
        return []

    slow = here.open()
    slow.wiring().offered["sessions"].checks.append(dawdle)
    pair = slow.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.clock.advance(seconds=max(-seconds, 0))
    identity = here.kit.authenticate(pair.access_token)
    ada = here.kit.users.get(identity.user_id)
    assert (identity.epoch, ada.claimed_epoch) == (0, 1)
    assert not opens(here.kit, pair.access_token)
    assert not refreshes(here.kit, pair.refresh_token)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.require_fresh(identity)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.reauthenticate(pair.session_id, password=NEW_PASSWORD)
    with pytest.raises(UnauthenticatedError):
        here.kit.api_keys.create(ada.id, name="back door", by=identity)
    assert here.kit.sessions.list(ada.id).items == ()


@pytest.mark.parametrize("opaque", [False, True])
def test_vf_5_a_session_that_is_committed_after_the_takeover_is_dead(here: World, opaque: bool) -> None:
    """As late as can be: the takeover commits just before it."""
    here.ada()
    slow = overtaken(here, Session, lambda: claim(here))
    here.clock.advance(seconds=1)
    sign_in: Callable[..., Any] = slow.sessions.sign_in_opaque if opaque else slow.sessions.sign_in
    opened = sign_in(email=EMAIL, password=PASSWORD)
    assert not opens(here.kit, opened.token if opaque else opened.access_token)


def test_vf_5_a_session_that_is_proved_again_meanwhile_stays_dead(here: World) -> None:
    """The proof is newer than the takeover, by the clock, and the session is not."""
    here.ada()
    pair = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    store = here.kit._store.realm(here.realm)
    session = run(store.get(Session, pair.session_id))
    claim(here)
    assert session is not None
    proved = session.proved_again(frozenset({"pwd"}), here.clock.advance(seconds=5))
    access = run(here.kit.wiring().authentication.issue(proved.facts()))
    assert not opens(here.kit, access.token.reveal().decode())


def test_vf_5_a_dead_session_cannot_be_spared_after_the_takeover(here: World) -> None:
    """Nobody comes back by signing out everywhere else."""
    ada = here.ada()
    pair = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    claim(here)
    with suppress(UnauthenticatedError):
        here.kit.sessions.end_all(ada.id, except_session=pair.session_id)
    assert not opens(here.kit, pair.access_token)
    assert not refreshes(here.kit, pair.refresh_token)


@any_clock
def test_vf_5_a_key_that_is_being_made_meanwhile_opens_nothing(in_memory: World, seconds: float) -> None:
    """The takeover commits just before the key; who asked for it had signed in before."""
    here = in_memory
    ada = here.ada()
    thief = here.kit.authenticate(here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token)
    slow = overtaken(here, ApiKey, lambda: claim(here))
    here.clock.advance(seconds=seconds)
    with pytest.raises(UnauthenticatedError):
        slow.api_keys.create(ada.id, name="back door", by=thief)
    assert here.kit.api_keys.list(ada.id).items == ()


def test_vf_5_a_takeover_that_a_new_key_overtakes_voids_it(here: World) -> None:
    """The other order: the key commits first, and the takeover is of a later epoch all the same."""
    ada, keys = here.ada(), list[str]()
    thief = here.kit.authenticate(here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token)
    here.kit.password_reset.request(email=EMAIL)
    token = here.token("reset_password")

    def make_a_key() -> None:
        here.clock.advance(seconds=5)
        keys.append(here.kit.api_keys.create(ada.id, name="back door", by=thief).secret)

    slow = here.kit.with_store(OvertakenOnce(here.kit._store, make_a_key))
    slow.password_reset.complete(token=token, password=NEW_PASSWORD)
    assert len(keys) == 1
    assert not opens(here.kit, keys[0])


class OvertakenOnce(BareStore):
    """A store where something else happens once, just before a user is saved."""

    def __init__(self, behind: Store, rival: Callable[[], object]) -> None:
        """Take what happens."""
        super().__init__(behind)
        self.rivals = [rival]

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        if any(isinstance(getattr(each, "after", None), User) for each in changes):
            while self.rivals:
                self.rivals.pop()()
        await self.behind.commit(*changes)


def test_vf_5_a_checked_token_is_of_the_epoch_of_its_session(here: World) -> None:
    """The session is looked up, and the identity says what it has."""
    here.ada()
    checked = here.open(auth={"jwt": CHECKED, "session": None})
    before = checked.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert checked.authenticate(before.access_token).epoch == 0
    claim(here)
    with pytest.raises(UnauthenticatedError):
        checked.authenticate(before.access_token)
    after = checked.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    assert checked.authenticate(after.access_token).epoch == 1
    assert opens(checked, after.access_token)


def test_vf_5_what_is_remembered_of_a_session_is_of_its_epoch(here: World) -> None:
    """A server that believes for a while that a session is open does not believe whose it is."""
    here.ada()
    remembering = sessions(cache_for=timedelta(minutes=1))
    cached = here.open(features=[remembering], auth={"jwt": CHECKED, "session": None})
    pair = cached.sessions.sign_in(email=EMAIL, password=PASSWORD)
    cookie = cached.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    for credential in (pair.access_token, cookie.token):
        assert opens(cached, credential)
    claim(here)
    for credential in (pair.access_token, cookie.token):
        assert cached.authenticate(credential).epoch == 0  # still believed here
        assert not opens(cached, credential)


def test_vf_5_signing_out_everywhere_is_no_takeover(here: World) -> None:
    """Without a claim access tokens go on until they end, and keys until they are revoked."""
    ada = here.ada()
    claim(here)
    pair = here.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    key = here.kit.api_keys.create(ada.id, name="ci")
    here.kit.sessions.end_all(ada.id)
    here.kit.passwords.set(ada.id, password=PASSWORD)
    claim(here)  # the address is verified: a password that was forgotten, and nobody takes anything over
    assert here.kit.users.get(ada.id).claimed_epoch == 1
    assert opens(here.kit, pair.access_token)
    assert opens(here.kit, key.secret)
    assert not refreshes(here.kit, pair.refresh_token)


def test_vf_5_the_word_of_a_backend_that_knows_no_sessions_counts(here: World) -> None:
    """Such as a proxy's, which speaks of the mailbox with each request; a disabled user stays out."""
    ada = here.ada()
    claim(here)
    said = Identity(user_id=ada.id, authenticated_at=here.clock(), backend="proxy")
    assert here.kit.users.current(said).id == ada.id
    with pytest.raises(UnauthenticatedError):
        here.kit.users.current(replace(said, epoch=0))
    here.kit.users.disable(ada.id)
    with pytest.raises(UnauthenticatedError):
        here.kit.users.current(said)
