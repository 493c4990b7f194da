"""People decide about those who were let through, once, and what they refuse is undone."""

from datetime import timedelta
from typing import Any

import pytest

from tests.features.screening.world import REVIEW, OpenWorld, World, by_name
from tests.features.surface import PASSWORD, UNKNOWN_ID
from tests.storage.doubles import BareStore
from userkit import (
    ForbiddenError,
    InvalidCredentialsError,
    InvalidCursorError,
    InvalidInputError,
    NotFoundError,
    StaleError,
    UserDisabled,
    UserUpdated,
    coming_from,
)
from userkit.backends.memory import MemoryStore
from userkit.errors import UnauthenticatedError, UnsupportedStoreError
from userkit.features.screening import Occasion, Review, ReviewAccepted, ReviewRefused, ReviewState
from userkit.features.screening.model import KnownName, ModelAnswer
from userkit.kernel.identity import Identity

DOUBTFUL = by_name(odd=REVIEW)


def renamed(world: World, attributes: Any = None) -> tuple[str, Review]:
    """Return somebody who has changed to what is reviewed, and the review."""
    user = world.register("Ada Lovelace")
    world.kit.users.update(user.id, name="Odd Name", attributes=attributes)
    (review,) = world.open_reviews()
    return user.id, review


def identity(world: World, name: str = "reva", *roles: str) -> Identity:
    """Return who somebody is that may decide."""
    return world.kit.authenticate(world.site.person(name, *(roles or ("reviews-write",))).access_token)


def test_who_is_accepted_stays_as_they_are(open_world: OpenWorld) -> None:
    """The review says who has decided and when, and so does the trail."""
    world = open_world(script=[DOUBTFUL])
    user = world.register("Odd Name")
    (review,) = world.open_reviews()
    by = identity(world)
    world.site.clock.advance(minutes=1)
    accepted = world.screening.accept(review.id, by=by)
    assert world.screening.get(review.id) == accepted
    assert (accepted.state, accepted.decided_by) == (ReviewState.ACCEPTED, by.user_id)
    assert accepted.decided_at == world.site.clock()
    assert world.kit.users.get(user.id) == user
    assert world.open_reviews() == ()
    told = world.told[-1]
    assert isinstance(told, ReviewAccepted)
    assert (told.user_id, told.review_id) == (user.id, review.id)
    (entry,) = world.audited("review_accepted")
    assert (entry.user_id, dict(entry.facts)) == (user.id, {"review_id": review.id})


def test_an_account_that_is_refused_is_closed_at_once(open_world: OpenWorld) -> None:
    """Sessions and keys end in the same moment, and nobody signs in any more."""
    world = open_world(script=[DOUBTFUL])
    disabled: list[Any] = []
    world.kit.listen(UserDisabled, disabled.append)
    user = world.register("Odd Name", email="odd@example.com")
    pair = world.kit.sessions.sign_in(email="odd@example.com", password=PASSWORD)
    key = world.kit.api_keys.create(user.id, name="script").secret
    (review,) = world.open_reviews()
    refused = world.screening.refuse(review.id)
    assert (refused.state, refused.decided_by) == (ReviewState.REFUSED, None)
    assert world.kit.users.get(user.id).is_disabled
    assert [each.user.id for each in disabled] == [user.id]
    with pytest.raises(UnauthenticatedError):
        world.kit.authenticate(key)
    with pytest.raises(UnauthenticatedError):
        world.kit.sessions.refresh(pair.refresh_token)
    with pytest.raises(InvalidCredentialsError):
        world.kit.sessions.sign_in(email="odd@example.com", password=PASSWORD)
    assert len(world.audited("user_disabled")) == len(world.audited("review_refused")) == 1
    told = world.told[-1]
    assert isinstance(told, ReviewRefused)
    assert told.occasion is Occasion.REGISTRATION


def test_an_account_that_is_closed_already_stays_so(open_world: OpenWorld) -> None:
    """And the review is decided all the same."""
    world = open_world(script=[DOUBTFUL])
    user = world.kit.users.disable(world.register("Odd Name").id)
    (review,) = world.open_reviews()
    world.screening.refuse(review.id)
    assert world.kit.users.get(user.id) == user
    assert len(world.audited("user_disabled")) == 1


def test_a_change_that_is_refused_is_undone(open_world: OpenWorld) -> None:
    """The name, and of the attributes those that were changed; nobody judges that again."""
    world = open_world(script=[DOUBTFUL], attributes=["bio", "motto", "site"])
    changed: list[UserUpdated] = []
    world.kit.listen(UserUpdated, changed.append)
    before = {"bio": "I count.", "motto": "On.", "plan": "free"}
    user = world.register("Ada Lovelace", attributes=before)
    after = {"bio": "Odd.", "site": "x", "plan": "pro"}
    world.kit.users.update(user.id, name="Odd Name", attributes=after)
    asked = len(world.model.asked)
    (review,) = world.open_reviews()
    assert dict(review.attributes) == {"bio": "Odd.", "site": "x"}
    assert dict(review.earlier_attributes) == {"bio": "I count.", "motto": "On."}
    world.screening.refuse(review.id)
    restored = world.kit.users.get(user.id)
    assert restored.name == "Ada Lovelace"
    assert dict(restored.attributes) == {"bio": "I count.", "motto": "On.", "plan": "pro"}
    assert not restored.is_disabled
    assert len(world.model.asked) == asked
    assert [each.user.name for each in changed] == ["Odd Name", "Ada Lovelace"]
    assert len(world.audited("user_updated")) == 2
    told = world.told[-1]
    assert isinstance(told, ReviewRefused)
    assert told.occasion is Occasion.CHANGE


def test_the_name_that_is_back_is_the_one_that_is_known(open_world: OpenWorld) -> None:
    """Nobody can pose as whoever has it."""
    world = open_world(script=[DOUBTFUL])
    _, review = renamed(world)
    world.screening.refuse(review.id)
    world.register("Ada L0velace")
    assert [each.reasons for each in world.open_reviews()] == [("impersonates_user",)]


def test_what_is_no_longer_what_was_reviewed_is_not_undone(open_world: OpenWorld) -> None:
    """An administrator was faster, with the name or with an attribute."""
    world = open_world(script=[DOUBTFUL], attributes=["bio"])
    chief = world.site.person("chief", "admin")
    user_id, review = renamed(world, attributes={"bio": "Odd.", "plan": "pro"})
    with coming_from(actor_id=chief.id):
        world.kit.users.update(user_id, name="Ada King")
    world.screening.refuse(review.id)
    after = world.kit.users.get(user_id)
    assert (after.name, dict(after.attributes)) == ("Ada King", {"plan": "pro"})


def test_an_attribute_that_was_changed_since_is_not_undone(open_world: OpenWorld) -> None:
    """The name is all the same."""
    world = open_world(script=[DOUBTFUL], attributes=["bio"])
    chief = world.site.person("chief", "admin")
    user_id, review = renamed(world, attributes={"bio": "Odd."})
    with coming_from(actor_id=chief.id):
        world.kit.users.update(user_id, attributes={"bio": "Fine."})
    world.screening.refuse(review.id)
    after = world.kit.users.get(user_id)
    assert (after.name, dict(after.attributes)) == ("Ada Lovelace", {"bio": "Fine."})


def test_where_nothing_is_left_to_undo_the_review_is_decided(open_world: OpenWorld) -> None:
    """And the user stays as they are."""
    world = open_world(script=[DOUBTFUL])
    chief = world.site.person("chief", "admin")
    user_id, review = renamed(world)
    with coming_from(actor_id=chief.id):
        user = world.kit.users.update(user_id, name="Ada King")
    world.screening.refuse(review.id)
    assert world.kit.users.get(user_id) == user


@pytest.mark.parametrize("first", ["accept", "refuse"])
@pytest.mark.parametrize("second", ["accept", "refuse"])
def test_a_review_is_decided_once(open_world: OpenWorld, first: str, second: str) -> None:
    """Whoever comes later is told so, and nothing happens."""
    world = open_world(script=[DOUBTFUL])
    user_id, review = renamed(world)
    decided = getattr(world.screening, first)(review.id)
    user = world.kit.users.get(user_id)
    with pytest.raises(StaleError, match=decided.state.value):
        getattr(world.screening, second)(review.id)
    assert world.screening.get(review.id) == decided
    assert world.kit.users.get(user_id) == user
    assert len([each for each in world.told if isinstance(each, ReviewAccepted | ReviewRefused)]) == 1


@pytest.mark.parametrize("decide", ["accept", "refuse"])
def test_who_decides_needs_the_permission(open_world: OpenWorld, decide: str) -> None:
    """And nobody decides about themselves, whatever they may do."""
    world = open_world(script=[DOUBTFUL])
    _, review = renamed(world)
    call = getattr(world.screening, decide)
    with pytest.raises(ForbiddenError):
        call(review.id, by=identity(world, "reader", "reviews-read"))
    odd = world.register("Odd Other", email="odd@example.com")
    world.kit.roles.assign(odd.id, "admin")
    pair = world.kit.sessions.sign_in(email="odd@example.com", password=PASSWORD)
    own = world.open_reviews()[-1]
    with pytest.raises(ForbiddenError, match="themselves"):
        call(own.id, by=world.kit.authenticate(pair.access_token))
    assert len(world.open_reviews()) == 2


def test_the_last_administrator_is_not_closed_out(open_world: OpenWorld) -> None:
    """And the review stays open."""
    world = open_world(script=[DOUBTFUL])
    odd = world.register("Odd Name")
    world.kit.roles.assign(odd.id, "admin")
    (review,) = world.open_reviews()
    with pytest.raises(ForbiddenError):
        world.screening.refuse(review.id)
    assert world.open_reviews() == (review,)


@pytest.mark.parametrize("id", [UNKNOWN_ID, "garbage", ""])
@pytest.mark.parametrize("call", ["get", "accept", "refuse"])
def test_what_is_not_there_is_not_found(open_world: OpenWorld, call: str, id: str) -> None:
    """Whatever it is called."""
    world = open_world()
    with pytest.raises(NotFoundError):
        getattr(world.screening, call)(id)


class Losing(BareStore):
    """A store whose users are gone, while what is kept of them is not yet."""

    lost: Any = None

    def realm(self, name: str) -> Any:
        """See Store.realm."""
        return self

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        return None if entity is self.lost else await self.behind.get(entity, id)


def test_a_review_of_somebody_who_is_gone_is_not_refused(open_world: OpenWorld) -> None:
    """Between the deletion and the forgetting."""
    from userkit import User

    store = Losing(MemoryStore())
    world = open_world(script=[DOUBTFUL], site={"store": store})
    world.register("Odd Name")
    (review,) = world.open_reviews()
    store.lost = User
    with pytest.raises(NotFoundError):
        world.screening.refuse(review.id)


def test_reviews_are_listed_by_state_in_pages(open_world: OpenWorld) -> None:
    """The oldest first; cursors are for their list."""
    world = open_world(script=[REVIEW])
    for name in ("Ada Lovelace", "Grace Hopper", "Edith Clarke"):
        world.site.clock.advance(seconds=1)
        world.register(name)
    page = world.screening.list(limit=2)
    rest = world.screening.list(limit=2, after=page.next)
    assert [each.name for each in (*page.items, *rest.items)] == [
        "Ada Lovelace",
        "Grace Hopper",
        "Edith Clarke",
    ]
    assert rest.next is None
    world.screening.accept(page.items[0].id)
    world.screening.refuse(page.items[1].id)
    for state, names in (
        ("open", ["Edith Clarke"]),
        ("accepted", ["Ada Lovelace"]),
        ("refused", ["Grace Hopper"]),
        ("superseded", []),
    ):
        assert [each.name for each in world.screening.list(state).items] == names
    assert len(world.screening.list(None).items) == 3
    with pytest.raises(InvalidCursorError):
        world.screening.list("accepted", after=page.next)
    with pytest.raises(InvalidInputError, match="open, accepted, refused, superseded"):
        world.screening.list("decided")
    with pytest.raises(InvalidInputError):
        world.screening.list(limit=1001)


def test_a_review_does_not_show_what_was_typed_in_logs(open_world: OpenWorld) -> None:
    """Only whoever reads it on purpose sees it."""
    world = open_world(script=[DOUBTFUL], attributes=["bio"])
    _, review = renamed(world, attributes={"bio": "Odd things."})
    assert not {"Odd", "Ada", "things"} & set(repr(review).replace("'", " ").split())


def test_what_has_expired_is_purged(open_world: OpenWorld) -> None:
    """Answers after a week and reviews three months after the decision; open ones never."""
    world = open_world(script=[REVIEW])
    for name in ("Ada Lovelace", "Grace Hopper"):
        world.register(name)
    world.screening.accept(world.open_reviews()[0].id)
    assert world.screening.purge() == 0
    world.site.clock.advance(days=8)
    assert world.screening.purge() == 2
    assert world.stored(ModelAnswer) == []
    world.site.clock.advance(days=90)
    assert world.screening.purge() == 1
    assert [each.name for each in world.stored(Review)] == ["Grace Hopper"]
    assert len(world.stored(KnownName)) == 2


def test_how_long_decided_reviews_are_kept_can_be_said(open_world: OpenWorld) -> None:
    """Superseded ones as well."""
    world = open_world(script=[DOUBTFUL], keep=timedelta(hours=1))
    user_id, review = renamed(world)
    world.kit.users.update(user_id, name="Odd Other")
    superseded = world.screening.get(review.id)
    assert superseded.expires_at == world.site.clock() + timedelta(hours=1)


def test_a_store_that_cannot_purge_says_so(open_world: OpenWorld) -> None:
    """It keeps everything."""
    world = open_world(site={"store": Losing(MemoryStore())})
    with pytest.raises(UnsupportedStoreError):
        world.screening.purge()


def test_after_its_review_was_purged_a_user_can_change(open_world: OpenWorld) -> None:
    """The last review of a name may be gone."""
    world = open_world(script=[DOUBTFUL])
    user_id, review = renamed(world)
    world.screening.accept(review.id)
    world.site.clock.advance(days=100)
    world.screening.purge()
    world.kit.users.update(user_id, name="Odd Other")
    (newer,) = world.open_reviews()
    assert newer.earlier_name == "Odd Name"
