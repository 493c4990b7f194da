"""Whoever registers or changes their profile is let through, reviewed or refused before it is stored."""

from typing import Any

import pytest

from tests.features.screening.world import REFUSE, REVIEW, OpenWorld, by_name, said
from tests.features.surface import PASSWORD, UNKNOWN_ID
from tests.storage.doubles import BareStore
from userkit import EmailAlreadyExistsError, User, coming_from
from userkit.backends.memory import MemoryStore
from userkit.errors import ScreeningRefusedError, StaleError
from userkit.features.passwords import PasswordCredential
from userkit.features.screening import (
    Occasion,
    ReviewOpened,
    ReviewState,
    ReviewSuperseded,
    ScreeningRefused,
    Source,
)
from userkit.features.screening.model import KnownName
from userkit.storage.changes import Change, Save

DOUBTFUL = by_name(bad=REFUSE, odd=REVIEW)


def test_whoever_is_allowed_notices_nothing(open_world: OpenWorld) -> None:
    """They have an account, and nobody is to look at them."""
    world = open_world()
    assert world.register("Ada Lovelace").name == "Ada Lovelace"
    assert (world.open_reviews(), world.told) == ((), [])


def test_whoever_is_doubtful_is_let_through_and_queued(open_world: OpenWorld) -> None:
    """In the same commit, with the reasons; it is told after it, and is in the trail."""
    world = open_world(script=[DOUBTFUL])
    user = world.register("Odd Name")
    (review,) = world.open_reviews()
    assert (review.user_id, review.occasion, review.reasons) == (
        user.id,
        Occasion.REGISTRATION,
        ("abusive",),
    )
    assert (review.name, review.earlier_name) == ("Odd Name", None)
    (told,) = world.told
    assert isinstance(told, ReviewOpened)
    assert (told.review_id, told.reasons, told.realm) == (review.id, ("abusive",), "default")
    (entry,) = world.audited("review_opened")
    assert (entry.user_id, entry.facts["reasons"]) == (user.id, ["abusive"])
    assert "Odd" not in repr(entry)


def test_whoever_is_refused_has_no_account(open_world: OpenWorld) -> None:
    """Nothing of them is stored but that somebody was refused, and why."""
    world = open_world(script=[DOUBTFUL])
    with pytest.raises(ScreeningRefusedError) as refused:
        world.register("Bad Name")
    assert refused.value.reasons == ("abusive",)
    assert [world.stored(kind) for kind in (User, PasswordCredential, KnownName)] == [[], [], []]
    assert world.open_reviews() == ()
    (told,) = world.told
    assert isinstance(told, ScreeningRefused)
    assert (told.user_id, told.occasion, told.source) == (None, Occasion.REGISTRATION, Source.MODEL)
    (entry,) = world.audited("screening_refused")
    assert dict(entry.facts) == {"occasion": "registration", "source": "model", "reasons": ["abusive"]}


def test_a_change_that_is_refused_changes_nothing(open_world: OpenWorld) -> None:
    """The trail tells who has tried."""
    world = open_world(script=[DOUBTFUL])
    user = world.register("Ada Lovelace")
    with pytest.raises(ScreeningRefusedError):
        world.kit.users.update(user.id, name="Bad Name")
    assert world.kit.users.get(user.id) == user
    (entry,) = world.audited("screening_refused")
    assert (entry.user_id, entry.facts["occasion"]) == (user.id, "change")


def test_only_what_is_screened_and_really_changes_is_judged(open_world: OpenWorld) -> None:
    """Neither the same name again nor an attribute that was not chosen."""
    world = open_world(attributes=["bio", "motto"])
    user = world.register("Ada Lovelace", attributes={"bio": "I count.", "plan": "free"})
    asked = len(world.model.asked)
    world.kit.users.update(user.id, name="Ada Lovelace", attributes={"bio": "I count.", "plan": "pro"})
    assert len(world.model.asked) == asked
    world.kit.users.update(user.id, attributes={"bio": "I compute.", "plan": "pro"})
    world.kit.users.update(user.id, name="Ada King")
    assert [said(each)["attributes"] for each in world.model.asked[asked:]] == [{"bio": "I compute."}] * 2
    assert [said(each)["occasion"] for each in world.model.asked] == ["registration", "change", "change"]


def test_rules_judge_without_a_model(open_world: OpenWorld) -> None:
    """And with one that the application does not want for this."""
    for options in ({"without_model": True}, {"model": False}):
        world = open_world(**options)
        world.register("Ada Lovelace")
        with pytest.raises(ScreeningRefusedError) as refused:
            world.register("\u0430dmin")
        assert refused.value.reasons == ("confusable_characters", "reserved_name")
        (told,) = world.told
        assert isinstance(told, ScreeningRefused)
        assert told.source is Source.RULES
        assert world.model.asked == []


def test_what_the_rules_refuse_costs_no_question(open_world: OpenWorld) -> None:
    """The model is not asked to confirm it."""
    world = open_world()
    with pytest.raises(ScreeningRefusedError):
        world.register("\u0430dmin")
    assert world.model.asked == []


def test_a_model_softens_no_rule(open_world: OpenWorld) -> None:
    """What the rules would review stays to be reviewed, and what the model adds is added."""
    world = open_world(also_disposable=["gone.example"])
    world.register("Ada Lovelace", email="ada@gone.example")
    assert [each.reasons for each in world.open_reviews()] == [("disposable_address",)]
    assert len(world.model.asked) == 1
    world = open_world(also_disposable=["gone.example"], script=[REVIEW])
    world.register("Ada Lovelace", email="ada@gone.example")
    assert [each.reasons for each in world.open_reviews()] == [("abusive", "disposable_address")]


@pytest.mark.parametrize(
    ("role", "screened"), [("users-write", False), ("admin", False), ("users-read", True), (None, True)]
)
def test_whoever_may_write_users_is_not_screened_in_what_they_do_to_others(
    open_world: OpenWorld, role: str | None, screened: bool
) -> None:
    """An ordinary person who opens a second account is."""
    world = open_world(script=[DOUBTFUL])
    actor = world.site.person("chief", *([role] if role else []))
    ada = world.register("Ada Lovelace")
    asked = len(world.model.asked)
    with coming_from(actor_id=actor.id):
        world.register("Odd Name", email="other@example.com")
        world.kit.users.update(ada.id, name="Odd Ada")
    assert (len(world.model.asked) > asked) is screened
    assert (world.open_reviews() != ()) is screened
    assert len(world.stored(KnownName)) == 3


def test_whoever_may_write_users_is_screened_in_what_they_call_themselves(open_world: OpenWorld) -> None:
    """Staff accounts are what others pose as."""
    world = open_world(script=[DOUBTFUL])
    root = world.site.person("chief", "admin")
    with coming_from(actor_id=root.id), pytest.raises(ScreeningRefusedError):
        world.kit.users.update(root.id, name="Bad Root")


def test_an_actor_who_is_nobody_is_trusted_with_nothing(open_world: OpenWorld) -> None:
    """As one who was deleted a moment ago."""
    world = open_world(script=[DOUBTFUL])
    with coming_from(actor_id=UNKNOWN_ID), pytest.raises(ScreeningRefusedError):
        world.register("Bad Name")


def test_a_commit_that_fails_leaves_no_review(open_world: OpenWorld) -> None:
    """As that of an address which somebody has."""
    world = open_world(script=[DOUBTFUL])
    world.register("Ada Lovelace", email="ada@example.com")
    with pytest.raises(EmailAlreadyExistsError):
        world.register("Odd Name", email="ada@example.com")
    assert (world.open_reviews(), world.told, world.audited("review_opened")) == ((), [], [])
    world.register("Grace Hopper")
    assert world.told == []


def test_a_newer_change_supersedes_the_review_before(open_world: OpenWorld) -> None:
    """Nobody decides about what is no more; the newer one goes back to what there was before both."""
    world = open_world(script=[DOUBTFUL])
    user = world.register("Ada Lovelace")
    world.kit.users.update(user.id, name="Odd One")
    world.kit.users.update(user.id, name="Odd Two")
    (review,) = world.open_reviews()
    assert (review.name, review.earlier_name) == ("Odd Two", "Ada Lovelace")
    assert [type(each) for each in world.told] == [ReviewOpened, ReviewSuperseded, ReviewOpened]
    assert len(world.audited("review_superseded")) == 1
    (older,) = world.screening.list(state="superseded").items
    assert older.name == "Odd One"


def test_a_change_that_is_allowed_supersedes_as_well(open_world: OpenWorld) -> None:
    """What was doubtful is gone."""
    world = open_world(script=[DOUBTFUL])
    user = world.register("Odd Name")
    world.kit.users.update(user.id, name="Ada Lovelace")
    assert world.open_reviews() == ()
    assert [type(each) for each in world.told] == [ReviewOpened, ReviewSuperseded]


def test_who_was_never_accepted_does_not_become_so_by_a_change(open_world: OpenWorld) -> None:
    """The review of the change is still one of the registration."""
    world = open_world(script=[DOUBTFUL])
    user = world.register("Odd Name")
    world.kit.users.update(user.id, name="Odd Other")
    (review,) = world.open_reviews()
    assert (review.occasion, review.earlier_name) == (Occasion.REGISTRATION, None)


def test_what_an_administrator_has_set_is_what_a_refusal_goes_back_to(open_world: OpenWorld) -> None:
    """They leave the review open, for they were not asked about it."""
    world = open_world(script=[DOUBTFUL])
    root, user = world.site.person("chief", "admin"), world.register("Ada Lovelace")
    world.kit.users.update(user.id, name="Odd One")
    with coming_from(actor_id=root.id):
        world.kit.users.update(user.id, name="Ada King")
    assert len(world.open_reviews()) == 1
    world.kit.users.update(user.id, name="Odd Two")
    (review,) = world.open_reviews()
    assert (review.name, review.earlier_name, review.occasion) == ("Odd Two", "Ada King", Occasion.CHANGE)


class InterruptedStore(BareStore):
    """A store in which somebody else changes a user between reading and writing, once."""

    def __init__(self, behind: Any) -> None:
        """Interrupt nobody yet."""
        super().__init__(behind)
        self.interruptions = 0

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        for change in changes:
            if self.interruptions and isinstance(change, Save) and isinstance(change.before, User):
                self.interruptions -= 1
                raise StaleError
        await self.behind.commit(*changes)

    def realm(self, name: str) -> Any:
        """See Store.realm."""
        return self


def test_a_change_that_is_made_anew_asks_once(open_world: OpenWorld) -> None:
    """When somebody else was faster, the answer is known already."""
    store = InterruptedStore(MemoryStore())
    world = open_world(script=[DOUBTFUL], site={"store": store})
    user = world.register("Ada Lovelace")
    store.interruptions = 2
    world.kit.users.update(user.id, name="Odd Name")
    assert store.interruptions == 0
    assert len(world.model.asked) == 2
    assert len(world.open_reviews()) == len(world.told) == len(world.audited("review_opened")) == 1
    assert world.open_reviews()[0].state is ReviewState.OPEN


def test_a_change_that_has_failed_is_not_told_with_the_next_one(open_world: OpenWorld) -> None:
    """Not even where that makes the very revision which the other one would have made."""
    store = InterruptedStore(MemoryStore())
    world = open_world(script=[DOUBTFUL], site={"store": store})
    user = world.register("Ada Lovelace", attributes={"plan": "free"})
    store.interruptions = 3
    with pytest.raises(StaleError):
        world.kit.users.update(user.id, name="Odd Name")
    assert world.kit.users.update(user.id, attributes={"plan": "pro"}).version == user.version + 1
    assert (world.told, world.open_reviews()) == ([], ())


def test_everything_counts_for_each_realm_on_its_own(open_world: OpenWorld) -> None:
    """Names, answers and reviews."""
    world = open_world(script=[DOUBTFUL])
    acme = world.kit.realm("acme")
    acme.users.register(email="a@example.com", name="Odd Name", password=PASSWORD)
    assert world.open_reviews() == ()
    assert len(acme[world.feature].list().items) == 1
    assert [each.realm for each in world.told] == ["acme"]
    world.register("Odd Name")
    assert len(world.model.asked) == 2
