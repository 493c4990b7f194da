"""Erasing a person: what goes, what stays, and what happens in between."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from tests.features.subjects.world import (
    ADDRESS,
    EMAIL,
    IDENTIFYING,
    PASSWORD,
    Invited,
    NickChanged,
    World,
    at_home,
    lived,
    opened,
)
from userkit import UserDeleted
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    ForbiddenError,
    InvalidCredentialsError,
    RateLimitedError,
    StoreUnavailableError,
    UserNotFoundError,
)
from userkit.feature import Erased
from userkit.features.audit import AuditEntry, audit
from userkit.features.audit.anonymity import IMPERSONAL
from userkit.features.audit.subjects import ForgetWho
from userkit.features.outbox import OutboxEntry
from userkit.features.sessions import Session, SessionKind, Sessions, SignedIn
from userkit.features.users import UserErased
from userkit.kernel.origin import coming_from
from userkit.storage.changes import Remove, Save
from userkit.sync import run

NOBODY = "019c9f2f-3d7b-7000-8000-000000000000"
AN_HOUR = timedelta(hours=1)


def shape(trail: list[AuditEntry]) -> list[tuple[object, ...]]:
    """Return what of a trail stays."""
    return [(each.id, each.at, each.event, each.user_id, each.expires_at) for each in trail]


def entry(here: World, event: str, user_id: str | None = None) -> AuditEntry:
    """Return the entry of an event."""
    return next(each for each in here.trail() if each.event == event and user_id in (None, each.user_id))


def erased(here: World, *, knows: str | None = EMAIL) -> Erased:
    """Return Ada as features are told of her."""
    return Erased(user_id=here.ada.id, is_address=lambda text: text == knows, is_name=lambda _: False)


def test_nothing_that_identifies_is_left(here: World) -> None:
    """Neither her name nor her address, where she was nor with what, wherever it was kept."""
    assert here.identifying()
    here.kit.users.erase(here.ada.id)
    assert here.identifying() == []
    with pytest.raises(UserNotFoundError):
        here.kit.users.get(here.ada.id)


def test_the_trail_keeps_its_shape(here: World) -> None:
    """Every entry is there with its time, kind and order, and with ids that lead nowhere."""
    before = here.trail()
    here.kit.users.erase(here.ada.id)
    after = here.trail()
    assert shape(after[: len(before)]) == shape(before)
    deleted, told = after[len(before) :]
    assert (deleted.event, told.event) == ("user_deleted", "user_erased")
    assert (told.user_id, told.facts) == (here.ada.id, {})
    signed_in = entry(here, "signed_in")
    assert signed_in.facts["methods"] == ["pwd"]
    assert signed_in.facts["session_id"] == entry(here, "api_key_created").session_id
    assert entry(here, "password_refused").facts == {"purpose": "sign_in", "reason": "wrong"}
    assert entry(here, "role_assigned", here.ada.id).facts == {"role": "editor"}


def test_what_she_did_to_others_stays_about_them(here: World) -> None:
    """Who it was is an id; where she was is gone, and so are her name and address in what it says."""
    here.kit.users.erase(here.ada.id)
    for event in ("user_disabled", "user_enabled", "invited"):
        done = entry(here, event)
        assert (done.user_id, done.actor_id) == (here.bob.id, here.ada.id)
        assert (done.address, done.user_agent) == (None, None)
    assert entry(here, "invited").facts == {"answer_to": ["@desk", "desk"], "plan": "free"}


def test_what_others_did_to_her_keeps_who_they_were(here: World) -> None:
    """It is about them: where the administrator was stays."""
    here.kit.users.erase(here.ada.id)
    changed = entry(here, "user_updated")
    assert (changed.actor_id, changed.address) == (here.root.id, "198.51.100.1")


def test_an_administrator_who_takes_the_name_of_a_role_hides_nothing(here: World) -> None:
    """What the kit's own words say about somebody else stays, whatever the name of who did it."""
    here.kit.roles.assign(here.ada.id, "admin")
    here.kit.users.update(here.ada.id, name="Editor")
    with at_home(actor_id=here.ada.id):
        here.kit.roles.assign(here.bob.id, "editor")
    here.kit.users.erase(here.ada.id)
    assert entry(here, "role_assigned", here.bob.id).facts == {"role": "editor"}


def test_two_may_erase_somebody_who_is_gone_at_once(here: World) -> None:
    """One of them tells of it; both see to it that it is done."""
    here.kit.users.delete(here.ada.id)

    async def meanwhile(event: UserErased) -> list[Any]:
        here.parts.participants.by_type[UserErased].remove(meanwhile)
        await here.parts.journal.commit(tell=[event])
        return []

    here.parts.participants.add(UserErased, meanwhile)
    here.kit.users.erase(here.ada.id)
    assert [each.event for each in here.trail()].count("user_erased") == 1
    assert ADDRESS not in "\n".join(map(repr, here.trail()))


def test_entries_of_others_are_not_touched(here: World) -> None:
    """Not even their revision is another."""

    def of_others() -> list[AuditEntry]:
        return [each for each in here.trail() if here.ada.id not in (each.user_id, each.actor_id)]

    before = of_others()
    here.kit.users.erase(here.ada.id)
    assert of_others() == before


def test_facts_of_an_application_go_unless_it_says_otherwise(here: World) -> None:
    """What it calls impersonal stays; of the rest only ids and truth values."""
    here.kit.users.erase(here.ada.id)
    facts = entry(here, "nick_changed").facts
    assert facts == {"plan": "pro", "friends": [here.bob.id], "lasting": True}


def test_impersonal_facts_are_lists() -> None:
    """A word alone would be taken for its letters."""
    with pytest.raises(ConfigurationError, match="impersonal"):
        audit(impersonal={"nick_changed": "plan"})


def test_an_actor_who_is_named_by_address_is_an_id_afterwards(here: World) -> None:
    """Applications may say who acts in words of their own; those of somebody else stay."""
    for actor in ("ada@engine.example", "support", "desk@engine.example"):
        with coming_from(actor_id=actor, session_id="of the desk", address=ADDRESS):
            here.kit.users.update(here.ada.id, name=f"Ada {len(actor)}")
    here.kit.users.erase(here.ada.id)
    renamed = [each for each in here.trail() if each.event == "user_updated"][1:]
    assert [each.actor_id for each in renamed] == [here.ada.id, "support", "desk@engine.example"]
    assert {(each.session_id, each.address) for each in renamed} == {(None, None)}


def test_erasing_again_changes_nothing(here: World) -> None:
    """Somebody who is gone may be erased as often as one likes."""
    here.kit.users.erase(here.ada.id)
    before = here.everything()
    here.kit.users.erase(here.ada.id)
    assert here.everything() == before


def test_somebody_who_was_deleted_before_is_erased(here: World) -> None:
    """The trail that a deletion left forgets who it was, as far as anybody can tell."""
    here.kit.users.delete(here.ada.id)
    assert here.identifying()
    here.kit.users.erase(here.ada.id)
    assert [each.event for each in here.trail()][-1] == "user_erased"
    # Nobody knows her name and address any more, so what she told of them to others is not found.
    left = "\n".join(repr(each) for each in here.trail() if each.event != "invited").lower()
    assert [each for each in IDENTIFYING if each in left] == []


def test_nobody_is_not_found(here: World) -> None:
    """An id that nobody ever had leaves no trace by being erased."""
    before = here.everything()
    for unknown in (NOBODY, "nobody"):
        with pytest.raises(UserNotFoundError):
            here.kit.users.erase(unknown)
    assert here.everything() == before


def test_the_last_administrator_stays(here: World) -> None:
    """And nothing of them is forgotten: it is all or nothing."""
    before = here.everything()
    with pytest.raises(ForbiddenError):
        here.kit.users.erase(here.root.id)
    assert here.everything() == before


def test_listeners_are_told(here: World) -> None:
    """Of the deletion, and that it was an erasure."""
    told: list[object] = []
    here.kit.listen(UserDeleted, lambda event: told.append(event.user.id))
    here.kit.listen(UserErased, lambda event: told.append(event.user_id))
    here.kit.users.erase(here.ada.id)
    assert told == [here.ada.id, here.ada.id]


@pytest.mark.parametrize("step", ["forget", "erase"])
def test_one_that_was_killed_halfway_is_finished_by_the_next(here: World, step: str) -> None:
    """The account is gone by then; what was left is found all the same, also what was for her address."""
    steps: list[Any] = getattr(here.parts, step)

    async def die(_: object) -> None:
        raise StoreUnavailableError

    steps.insert(0, die)
    with pytest.raises(StoreUnavailableError):
        here.kit.users.erase(here.ada.id)
    assert here.identifying()
    steps.remove(die)
    here.kit.users.erase(here.ada.id)
    assert here.identifying() == []
    assert [each.event for each in here.trail()].count("user_erased") == 1


def test_one_that_was_killed_halfway_is_finished_by_the_outbox(here: World) -> None:
    """Nobody need call it again: after an hour the outbox does."""

    async def die(_: object) -> None:
        raise StoreUnavailableError

    here.parts.erase.insert(0, die)
    with pytest.raises(StoreUnavailableError):
        here.kit.users.erase(here.ada.id)
    here.parts.erase.remove(die)
    here.clock.advance(hours=1)
    here.kit.outbox.deliver(topics=("user.erased",))
    assert here.identifying() == []


def test_what_was_under_way_is_forgotten_an_hour_later(here: World) -> None:
    """A sign-in that had read her before, and a program that goes on with its access token."""
    here.kit.users.erase(here.ada.id)
    now, session_id = here.clock(), here.parts.new_id()
    with at_home():
        here.tell(SignedIn(at=now, user_id=here.ada.id, session_id=session_id, methods=frozenset({"pwd"})))
    with at_home(actor_id=here.ada.id, session_id=session_id):
        here.tell(
            Invited(at=now, user_id=here.bob.id, by=EMAIL, sent_from="", answer_to=(EMAIL,), plan="free")
        )
    here.add(
        Session(
            id=session_id,
            user_id=here.ada.id,
            epoch=0,
            kind=SessionKind.BEARER,
            methods=frozenset({"pwd"}),
            digest=bytes(32),
            created_at=now,
            authenticated_at=now,
            last_used_at=now,
            expires_at=now + AN_HOUR,
            ends_at=now + AN_HOUR,
            address=ADDRESS,
        )
    )
    run(here.store.commit(here.outbox.entry("letter", {"to": EMAIL})))
    assert here.identifying()
    here.clock.advance(hours=1)
    here.kit.outbox.deliver(topics=("user.erased",))
    assert here.identifying() == []
    assert not [each for each in here.all(OutboxEntry) if each.topic == "user.erased"]


def test_many_at_once_leave_nothing(here: World) -> None:
    """Four who erase her, and eight who let her in at the same moment: what survives is a trail of ids."""
    barrier = Barrier(12)
    opening = here.parts.offer(Sessions).open

    def erase() -> None:
        barrier.wait()
        here.kit.users.erase(here.ada.id)

    def let_in() -> None:
        barrier.wait()
        with at_home():
            run(opening(here.ada, methods=frozenset({"pwd"})))

    with ThreadPoolExecutor(12) as pool:
        pending = [pool.submit(each) for each in [erase] * 4 + [let_in] * 8]
    for each in pending:
        each.result()
    here.clock.advance(hours=1)
    here.kit.outbox.deliver(topics=("user.erased",))
    assert here.identifying() == []
    assert here.all(Session) == []
    events = [each.event for each in here.trail()]
    assert (events.count("user_erased"), events.count("signed_in")) == (1, 9)


def test_the_next_erasure_sees_to_those_of_before(here: World) -> None:
    """Where nobody empties the outbox, whoever erases somebody else an hour later does."""
    here.kit.users.erase(here.ada.id)
    with at_home(actor_id=here.ada.id):
        here.kit.users.disable(here.bob.id)
    here.clock.advance(hours=1)
    here.kit.users.erase(here.bob.id)
    assert here.identifying() == []


def test_the_outbox_remembers_no_address(here: World) -> None:
    """What recognises it is a digest under a key of the application, and goes with the second time."""
    here.kit.users.erase(here.ada.id)
    (waiting,) = (each for each in here.all(OutboxEntry) if each.topic == "user.erased")
    assert waiting.payload.keys() == {"address", "name"}
    assert all(len(bytes.fromhex(digest)) == 32 for digest in waiting.payload.values())


def test_what_an_application_has_put_into_the_outbox_is_done(here: World) -> None:
    """It may be what tells others to forget her; only letters perish with her, and what it says so of."""
    outbox = here.outbox
    told: list[str] = []

    async def tell(entry: OutboxEntry) -> None:
        told.append(entry.topic)

    outbox.handle("crm.forget", tell)
    outbox.handle("crm.greet", tell)
    outbox.perishable.add("crm.greet")
    for topic in ("crm.forget", "crm.greet"):
        run(here.store.commit(outbox.entry(topic, {}, user_id=here.ada.id)))
    before = len(here.mailbox.sent)
    here.kit.users.erase(here.ada.id)
    here.kit.outbox.deliver()
    assert told == ["crm.forget"]
    assert len(here.mailbox.sent) == before


def test_what_was_counted_of_her_is_forgotten(here: World) -> None:
    """Whoever gets the address next does not wait for what was tried before."""
    for _ in range(20):
        with suppress(InvalidCredentialsError, RateLimitedError):
            here.kit.sessions.sign_in(email=EMAIL, password="not it")
    with pytest.raises(RateLimitedError):
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.kit.users.erase(here.ada.id)
    again = here.kit.users.register(email=EMAIL, name="Somebody else", password=PASSWORD)
    here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert again.id != here.ada.id


def test_an_erasure_that_the_trail_has_lost_is_finished_all_the_same(here: World) -> None:
    """The outbox knows of it; nothing is written there twice."""

    async def die(_: object) -> None:
        raise StoreUnavailableError

    here.parts.erase.insert(0, die)
    with pytest.raises(StoreUnavailableError):
        here.kit.users.erase(here.ada.id)
    here.parts.erase.remove(die)
    run(here.store.commit(Remove(entry(here, "user_erased"))))
    here.kit.users.erase(here.ada.id)
    assert here.identifying() == []
    assert len([each for each in here.all(OutboxEntry) if each.topic == "user.erased"]) == 1


class Interfering(MemoryStore):
    """A store in which somebody purges an entry, and changes another, before the first commit."""

    def __init__(self, inner: Any, gone: AuditEntry, changed: AuditEntry) -> None:
        """Take where things are."""
        self.__dict__.update(inner.__dict__)
        self._meddle: list[Any] = [Remove(gone), Save(changed, changed.evolve(user_agent="Other/1"))]

    async def commit(self, *changes: Any) -> None:
        """Let somebody be faster."""
        meddle, self._meddle = self._meddle, []
        if meddle:
            await super().commit(*meddle)
        await super().commit(*changes)


def test_somebody_else_may_be_faster() -> None:
    """An entry that is purged or changed at the same moment keeps nobody from the others."""
    with opened() as here:
        lived(here)
        mine = [each for each in here.trail() if each.user_id == here.ada.id and each.address == ADDRESS]
        store = Interfering(here.store, mine[0], mine[1])
        run(ForgetWho(store=store, impersonal=IMPERSONAL)(erased(here)))
        trail = {each.id: each for each in here.trail()}
        assert mine[0].id not in trail
        assert {(trail[each.id].address, trail[each.id].user_agent) for each in mine[1:]} == {(None, None)}


def test_a_long_trail_is_gone_through_in_commits_of_25() -> None:
    """Of any length, in flat memory; a second time nothing is written."""
    with opened() as here:
        with at_home(actor_id=here.ada.id):
            for number in range(60):
                told = NickChanged(
                    at=here.clock(), user_id=here.ada.id, nick="Countess", plan="x", age=number, friends=()
                )
                here.tell(told)
        forget = ForgetWho(store=here.store, impersonal=IMPERSONAL)
        run(forget(erased(here)))
        after = here.trail()
        assert {each.address for each in after if each.user_id == here.ada.id} == {None}
        run(forget(erased(here)))
        assert here.trail() == after


class Away(MemoryStore):
    """A store that is away now and then."""

    away = False

    async def commit(self, *changes: Any) -> None:
        """Fail, or commit."""
        if Away.away:
            raise StoreUnavailableError
        await super().commit(*changes)


def test_what_is_on_its_way_between_stores_arrives_first() -> None:
    """An entry that waits in a parcel, where sessions are kept elsewhere, does not come too late."""
    with opened_routed() as here:
        Away.away = True
        with at_home(), pytest.raises(StoreUnavailableError):
            here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        Away.away = False
        assert "signed_in" not in [each.event for each in here.trail()]
        here.clock.advance(minutes=1)
        here.kit.users.erase(here.ada.id)
        assert here.identifying() == []


@contextmanager
def opened_routed() -> Iterator[World]:
    """Open a world whose sessions are in a store of their own."""
    with opened(Away(), routes={Session: MemoryStore()}) as here:  # type: ignore[arg-type]
        yield here
