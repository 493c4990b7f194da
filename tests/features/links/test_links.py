"""Links are made, looked up, spent, replaced and forgotten."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from tests.features.links.world import HOUR, World, prepared, world
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import ConfigurationError, InvalidTokenError, StaleError
from userkit.features.links import Link, Promise, check_lifetime
from userkit.features.links.model import LONGEST_WAIT
from userkit.features.outbox import OutboxEntry
from userkit.features.users import User
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.sync import run

MOMENT = timedelta(milliseconds=1)


def commits(here: World) -> int:
    """Return how often a store that is overtaken was asked to commit."""
    store = here.store
    assert isinstance(store, OvertakenStore)
    return store.commits


def is_dead(here: World, token: object, purpose: str = "verify_email") -> bool:
    """Tell whether a token opens nothing, neither to look at nor to use."""
    for attempt in (lambda: here.links.look(token, purpose), lambda: run(here.use(token, purpose))):
        try:
            attempt()
        except InvalidTokenError:
            continue
        return False
    return True


def test_a_link_tells_what_it_is_for(here: World) -> None:
    """Looking at it does not spend it."""
    ada = here.ada()
    token = here.links.make("change_email", ada, lifetime=HOUR, new_email="Ada@New.example")
    assert token.startswith("ukl_")
    for _ in range(2):
        link, user = here.links.look(token, "change_email")
        assert user == ada
        assert (link.purpose, link.user_id, link.email) == ("change_email", ada.id, "ada@example.com")
        assert (link.new_email, link.epoch) == ("Ada@New.example", None)
        assert (link.created_at, link.expires_at) == (here.clock(), here.clock() + HOUR)


def test_the_store_holds_only_a_digest(here: World) -> None:
    """What is stored, and what is shown of it, does not open anything."""
    token = here.links.make("verify_email", here.ada(), lifetime=HOUR)
    secret = base64.urlsafe_b64decode(token.removeprefix("ukl_") + "=" * (-len(token[4:]) % 4))[16:]
    (link,) = here.stored()
    assert len(secret) == 32
    assert secret != link.digest
    assert "digest" not in repr(link)


def test_a_link_is_used_once(here: World) -> None:
    """And does what it is for in the same commit."""
    ada = here.ada()
    token = here.links.make("verify_email", ada, lifetime=HOUR)
    assert run(here.use(token)) == ada.id
    assert here.users.get(ada.id).is_email_verified
    assert is_dead(here, token)
    assert here.done == ["verify_email"]


def test_the_newest_link_counts(here: World) -> None:
    """An older one of the same purpose is dead; one of another purpose is not."""
    ada = here.ada()
    first = here.links.make("verify_email", ada, lifetime=HOUR)
    other = here.links.make("reset_password", ada, lifetime=HOUR)
    second = here.links.make("verify_email", ada, lifetime=HOUR)
    assert is_dead(here, first)
    assert here.links.look(second, "verify_email")[1] == ada
    assert here.links.look(other, "reset_password")[1] == ada
    assert len(here.stored()) == 2


def test_a_spent_link_gives_way_to_a_new_one(here: World) -> None:
    """So that a second reset is possible."""
    ada = here.ada()
    run(here.use(here.links.make("verify_email", ada, lifetime=HOUR)))
    token = here.links.make("verify_email", here.users.get(ada.id), lifetime=HOUR)
    assert run(here.use(token)) == ada.id


def test_a_link_expires(here: World) -> None:
    """To the millisecond, by the clock of the kit."""
    token = here.links.make("verify_email", here.ada(), lifetime=HOUR)
    wind(here, HOUR - MOMENT)
    assert here.links.look(token, "verify_email")
    wind(here, MOMENT)
    assert is_dead(here, token)


def wind(here: World, duration: timedelta) -> None:
    """Let time pass, or go back."""
    here.clock.advance(seconds=duration.total_seconds())


def moved(user: User) -> User:
    """Return the user at another address."""
    return user.evolve(email="ada@new.example", email_key="ada@new.example")


@pytest.mark.parametrize("bind", [True, False])
def test_a_link_is_bound_to_what_the_user_was(here: World, bind: bool) -> None:
    """To the address, to being open, and to the epoch of the sessions where that is asked for."""
    ada = here.ada()
    token = here.links.make("verify_email", ada, lifetime=HOUR, bind_epoch=bind)
    renamed = here.change(ada, ada.evolve(name="Augusta"))
    assert not bind or here.links.look(token, "verify_email")[0].epoch == 0
    elsewhere = here.change(renamed, moved(renamed))
    assert is_dead(here, token)
    back = here.change(elsewhere, elsewhere.evolve(email=ada.email, email_key=ada.email_key))
    assert here.links.look(token, "verify_email")
    out = here.change(back, back.signed_out())
    assert is_dead(here, token) is bind
    closed = here.change(out, out.disabled(here.clock()))
    assert is_dead(here, token)
    run(here.store.commit(Remove(closed)))
    assert is_dead(here, token)


def test_making_a_link_for_who_has_changed_is_refused(here: World) -> None:
    """It would be dead already."""
    ada = here.ada()
    here.change(ada, moved(ada))
    with pytest.raises(InvalidTokenError):
        here.links.make("verify_email", ada, lifetime=HOUR)
    assert here.stored() == ()


def test_links_of_another_realm_do_not_exist() -> None:
    """The same secret, the same store, another tenant."""
    store = prepared(MemoryStore())
    here, there = world(store), world(store, realm="acme")
    token = here.links.make("verify_email", here.ada(), lifetime=HOUR)
    assert is_dead(there, token)


def test_a_letter_delivered_again_holds_the_same_link(here: World) -> None:
    """Its time begins anew, since the first attempt may have failed."""
    promise = here.promise(here.ada())
    token = here.keep(promise)
    wind(here, 2 * HOUR)
    assert is_dead(here, token)
    assert here.keep(promise) == token
    assert here.links.look(token, "verify_email")


def test_a_promise_survives_being_noted(here: World) -> None:
    """In JSON, with nothing in it that opens anything."""
    promise = here.promise(here.ada(), bind_epoch=True, new_email="ada@new.example")
    note = promise.note()
    assert Promise.read(note) == promise
    context = promise.context(user_name="Ada")
    assert context["user_name"] == "Ada"
    now = here.clock()
    letter = OutboxEntry(id="", topic="letter", payload={"context": context}, created_at=now, due_at=now)
    assert Promise.of(letter) == promise
    token = here.keep(promise)
    assert token is not None
    assert all(str(value) not in token for value in (note["nonce"], promise.nonce.hex()))
    assert "nonce" not in repr(promise)


def test_without_the_applications_secret_a_promise_is_nothing() -> None:
    """Who reads the outbox of one application cannot make the link."""
    store = prepared(MemoryStore())
    here, thief = world(store), world(prepared(MemoryStore()), secret="q9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B")
    ada = here.ada()
    promise = here.promise(ada)
    run(thief.store.commit(Add(ada)))
    assert here.keep(promise) != thief.keep(promise)


def test_a_letter_delivered_again_does_not_bring_a_spent_link_back(here: World) -> None:
    """Not even after what is left of the link has been purged."""
    promise = here.promise(here.ada())
    token = here.keep(promise)
    run(here.use(token))
    assert here.keep(promise) is None
    assert is_dead(here, token)
    wind(here, LONGEST_WAIT - MOMENT)
    assert here.links.purge() == 0
    wind(here, 2 * MOMENT)
    assert here.links.purge() == 1
    assert here.keep(promise) is None
    assert is_dead(here, token)


def test_a_letter_that_comes_late_does_not_outdo_a_newer_one(here: World) -> None:
    """The newest is the one that was asked for last."""
    ada = here.ada()
    first = here.promise(ada)
    wind(here, MOMENT)
    second = here.promise(ada)
    newest = here.keep(second)
    assert here.keep(first) is None
    assert here.links.look(newest, "verify_email")


def test_a_clock_that_was_ahead_keeps_nobody_from_a_link(here: World) -> None:
    """A link that seems to be asked for next year gives way."""
    ada = here.ada()
    wind(here, timedelta(days=365))
    early = here.links.make("verify_email", ada, lifetime=HOUR)
    wind(here, -timedelta(days=365))
    token = here.links.make("verify_email", ada, lifetime=HOUR)
    assert here.links.look(token, "verify_email")
    assert is_dead(here, early)


@pytest.mark.parametrize("bind", [True, False])
def test_a_promise_ends_with_what_it_was_bound_to(here: World, bind: bool) -> None:
    """What happened before the delivery counts as well as what happens after it."""
    ada = here.ada()
    promise = here.promise(ada, bind_epoch=bind)
    out = here.change(ada, ada.signed_out())
    assert (here.keep(promise) is None) is bind
    here.change(out, out.disabled(here.clock()))
    assert here.keep(promise) is None
    here.users.delete(ada.id)
    assert here.keep(promise) is None


def test_who_overtakes_is_taken_into_account() -> None:
    """A link that another delivery adds in the meantime is replaced, again and again."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada, rivals = here.ada(), [here, here]

    def overtake(_: Store) -> None:
        if rivals:
            rivals.pop().links.make("verify_email", ada, lifetime=HOUR)

    late = world(OvertakenStore(memory, overtake))
    token = late.links.make("verify_email", ada, lifetime=HOUR)
    assert commits(late) == 3
    assert here.links.look(token, "verify_email")
    assert len(here.stored()) == 1


def test_who_is_overtaken_again_and_again_gives_up() -> None:
    """After three times."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada = here.ada()
    late = world(OvertakenStore(memory, lambda _: here.links.make("verify_email", ada, lifetime=HOUR)))
    with pytest.raises(StaleError):
        late.links.make("verify_email", ada, lifetime=HOUR)
    assert commits(late) == 3


def rename(here: World) -> Any:
    """Return a rival who renames every user."""

    def rival(_: Store) -> None:
        for user in run(here.store.find(User)).items:
            here.users.update(user.id, name=f"{user.name}!")

    return rival


def test_a_user_who_changed_meanwhile_does_not_spoil_a_link() -> None:
    """Both are read again."""
    memory = prepared(MemoryStore())
    here = world(memory)
    token = here.links.make("verify_email", here.ada(), lifetime=HOUR)
    rival, times = rename(here), [1, 2]
    late = world(OvertakenStore(memory, lambda behind: rival(behind) if times and times.pop() else None))
    assert run(late.use(token))
    assert commits(late) == 3


def test_a_user_who_keeps_changing_is_reported() -> None:
    """After three times, and the link is still good."""
    memory = prepared(MemoryStore())
    here = world(memory)
    token = here.links.make("verify_email", here.ada(), lifetime=HOUR)
    late = world(OvertakenStore(memory, rename(here)))
    with pytest.raises(StaleError):
        run(late.use(token))
    assert commits(late) == 3
    assert here.links.look(token, "verify_email")


def test_a_link_spent_at_the_last_moment_is_spent() -> None:
    """Whoever comes third hears that the link is dead, not that something changed."""
    memory = prepared(MemoryStore())
    here = world(memory)
    token = here.links.make("verify_email", here.ada(), lifetime=HOUR)
    rivals: list[Any] = [lambda _: run(here.use(token)), rename(here), rename(here)]

    def overtake(behind: Store) -> None:
        rivals.pop()(behind)

    with pytest.raises(InvalidTokenError):
        run(world(OvertakenStore(memory, overtake)).use(token))


def test_the_links_of_who_is_deleted_are_forgotten(here: World) -> None:
    """All of them, however many purposes there are, and nobody else's."""
    ada = here.ada()
    grace = here.users.register(email="grace@example.com", name="Grace Hopper")
    here.links.make("verify_email", grace, lifetime=HOUR)
    for number in range(60):
        here.links.make(f"purpose {number}", ada, lifetime=HOUR)
    (forget,) = here.parts.forget
    for _ in range(2):
        run(forget(ada.id))
        assert [link.user_id for link in here.stored()] == [grace.id]


def test_expired_links_are_purged(here: World) -> None:
    """And those in time stay."""
    ada = here.ada()
    here.links.make("old", ada, lifetime=HOUR)
    here.links.make("young", ada, lifetime=2 * HOUR)
    wind(here, HOUR + MOMENT)
    assert here.links.purge() == 1
    assert [link.purpose for link in here.stored()] == ["young"]


def test_effects_may_be_anything(here: World) -> None:
    """What an effect returns or raises reaches the caller; an effect that raises spends nothing."""
    token = here.links.make("verify_email", here.ada(), lifetime=HOUR)

    async def refuse(spend: Save[Link], link: Link, user: User) -> None:
        raise ConfigurationError(link.purpose)

    with pytest.raises(ConfigurationError, match="verify_email"):
        here.links.consume(token, "verify_email", refuse)
    assert here.links.look(token, "verify_email")


@pytest.mark.parametrize("lifetime", [timedelta(0), -HOUR, timedelta(days=31), 3600, None])
def test_a_lifetime_is_a_minute_to_a_month(lifetime: Any) -> None:
    """Zero and for ever are refused when the feature is made, with what to write instead."""
    with pytest.raises(ConfigurationError, match=r"test\(lifetime=…\) is from a minute to 30 days"):
        check_lifetime(lifetime, of="test(lifetime=…)")
    assert check_lifetime(HOUR, of="") == HOUR
