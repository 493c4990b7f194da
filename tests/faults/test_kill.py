"""X4: a process is killed at every statement of what it does: all or nothing, and what was said is there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from tests.faults.conftest import prepared
from tests.faults.sites import Shape, Site
from tests.faults.victims import Death, Errand, SplittingStore, send_out
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from userkit import SyncUserKit
from userkit.errors import EmailAlreadyExistsError, InvalidTokenError, UnauthenticatedError
from userkit.features.sessions import Session
from userkit.storage.port import Store

KILLED = -9


def register(kit: SyncUserKit) -> None:
    """Register Ada with a password."""
    kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)


def complete_reset(kit: SyncUserKit, *, token: str) -> None:
    """Set a new password with a link."""
    kit.password_reset.complete(token=token, password=NEW_PASSWORD)


def rotate(kit: SyncUserKit, *, token: str) -> None:
    """Exchange a refresh token."""
    kit.sessions.refresh(token)


def delete(kit: SyncUserKit, *, user_id: str) -> None:
    """Delete a user."""
    kit.users.delete(user_id)


@dataclass(frozen=True)
class Trial:
    """Something to be killed in, and what whoever tries it again meets once it was done."""

    work: Callable[[SyncUserKit], object]
    again: Callable[[], None]


Plan = Callable[[Site], Trial]


def registration(site: Site) -> Trial:
    """Nobody is there before."""

    def again() -> None:
        with pytest.raises(EmailAlreadyExistsError):
            register(site.kit)
        assert site.sign_in()

    return Trial(register, again)


def reset(site: Site) -> Trial:
    """Ada is signed in, and has asked for a link."""
    site.ada()
    signed_in = site.sign_in()
    work = partial(complete_reset, token=site.reset_token())

    def again() -> None:
        with pytest.raises(InvalidTokenError):
            work(site.kit)
        assert site.sign_in(NEW_PASSWORD)
        with pytest.raises(UnauthenticatedError):
            site.kit.sessions.refresh(signed_in.refresh_token)

    return Trial(work, again)


def rotation(site: Site) -> Trial:
    """Ada is signed in."""
    site.ada()
    work = partial(rotate, token=site.sign_in().refresh_token)

    def again() -> None:
        # The successor was lost with the process, so the client has to sign in; nobody is punished.
        with pytest.raises(UnauthenticatedError):
            work(site.kit)
        assert len(site.stored(Session)) == 1

    return Trial(work, again)


def killed(site: Site, url: str, trial: Trial, death: Death) -> bool:
    """Let a process die in it, and return whether it had said that it was done."""
    fate = send_out(Errand(url, site.realm, trial.work), death)
    assert fate.exit_code == KILLED
    return fate.acknowledged


def deaths(url: str, store: Store, plan: Plan) -> Iterator[tuple[Death, Shape]]:
    """Do it once to the end, and yield every moment to die at, with what is stored at the end."""
    site = Site(store)
    fate = send_out(Errand(url, site.realm, plan(site).work), None)
    assert (fate.acknowledged, fate.exit_code) == (True, 0)
    assert fate.deaths
    end = site.shape()
    for death in fate.deaths:
        yield death, end


@pytest.mark.parametrize("plan", [registration, reset, rotation])
def test_x4_who_is_killed_has_done_all_or_nothing(database: tuple[str, Store], plan: Plan) -> None:
    """At every statement; what was acknowledged is there, and trying again is safe."""
    url, store = database
    site = trial = start = None
    for death, end in deaths(url, store, plan):
        if site is None or trial is None:
            site = Site(store)
            trial, start = plan(site), site.shape()
        acknowledged = killed(site, url, trial, death)
        shape = site.shape()
        assert shape in (start, end), death
        assert shape == end or not acknowledged
        if shape == end:
            trial.again()
            site = None  # otherwise the next process to be killed tries again in the same place
    assert shape == end, "nobody was killed after it was done"


def test_x4_a_deletion_that_was_interrupted_is_finished_later(database: tuple[str, Store]) -> None:
    """Either nothing was deleted, or the next pass of the outbox deletes what is left."""

    def deletion(site: Site) -> Trial:
        user = site.ada()
        for _ in range(3):
            site.sign_in()
        return Trial(partial(delete, user_id=user.id), lambda: None)

    url, store = database
    states, site = [], None
    for death, end in deaths(url, store, deletion):
        if site is None:
            site = Site(store)
            trial, start = deletion(site), site.shape()
        acknowledged = killed(site, url, trial, death)
        shape = site.shape()
        states.append(shape)
        if shape["users"]:
            assert shape == start
            assert not acknowledged
            continue
        assert shape["audit"] == end["audit"]
        assert ("user.deleted",) in shape["outbox"]
        # The task is done once more after a while, for those who were killed and for those who were slow.
        site.clock.advance(minutes=11)
        site.deliver()
        assert site.shape() == {**end, "outbox": []}
        site = None
    halves = [shape for shape in states if bool(shape["sessions"]) is not bool(shape["passwords"])]
    assert halves, "nobody died in the middle of forgetting"


def test_x4_would_notice_a_store_that_commits_one_by_one(
    fault_sqlite_url: str, prepared_stores: dict[str, Store]
) -> None:
    """There users are left without their password."""
    store = prepared(fault_sqlite_url, prepared_stores)
    whole, halves = Site(store), 0
    errand = Errand(fault_sqlite_url, whole.realm, register, wrap=SplittingStore)
    for death in send_out(errand, None).deaths:
        site = Site(store)
        start = site.shape()
        send_out(Errand(fault_sqlite_url, site.realm, register, wrap=SplittingStore), death)
        halves += site.shape() not in (start, whole.shape())
    assert halves
