"""What an application says about screening, and what it brings along."""

from datetime import timedelta
from typing import Any

import pytest

from tests.features.screening.world import REVIEW, OpenWorld
from tests.features.surface import ROLES, SECRET
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import ConfigurationError, ScreeningRefusedError
from userkit.features.roles import roles
from userkit.features.screening import screening
from userkit.features.screening.model import KnownName, Review
from userkit.features.spending import Spending
from userkit.testing import ScriptedModel


@pytest.mark.parametrize(
    "options",
    [
        {"time_limit": 0},
        {"time_limit": 61},
        {"unanswered": "wait"},
        {"disposable": "wait"},
        {"remember": timedelta(seconds=59)},
        {"remember": timedelta(days=40_000)},
        {"keep": timedelta(0)},
        {"attributes": "bio"},
        {"attributes": [1]},
        {"names_in": "company"},
        {"attributes": [f"a{number}" for number in range(17)]},
        {"staff": "Grace Hopper"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_at_start_up(options: Any) -> None:
    """With a sentence that names the option."""
    with pytest.raises(ConfigurationError, match=r"screening|staff"):
        screening(**options)


def test_spending_comes_along() -> None:
    """With its default limit, unless the application says another."""
    kit = SyncUserKit("memory://", secret=SECRET, features=[screening()], language_model=ScriptedModel())
    assert isinstance(kit._built["spending"], Spending)


def test_what_belongs_together_is_kept_together() -> None:
    """What is known of the names of users, and their reviews, are where the users are."""
    for kind in (KnownName, Review):
        with pytest.raises(ConfigurationError, match="screening"):
            SyncUserKit("memory://", secret=SECRET, features=[screening()], routes={kind: MemoryStore()})


def test_the_rules_hear_what_the_application_says(open_world: OpenWorld) -> None:
    """Each option reaches them."""
    world = open_world(
        without_model=True,
        staff=["Grace Hopper"],
        brands=["Lovelace Engines"],
        reserved=["concierge"],
        allowed_names=["Root Admin"],
        also_disposable=["gone.example"],
        disposable="refuse",
        names_in=["company"],
    )
    world.register("Root Admin")
    assert world.open_reviews() == ()
    world.register("Grace Hopper")
    world.register("Lovelace Engines")
    world.register("Concierge")
    world.register("Ada King", attributes={"company": "Lovelace Engines"})
    assert [each.reasons for each in world.open_reviews()] == [
        ("impersonates_staff",),
        ("impersonates_brand",),
        ("reserved_name",),
        ("impersonates_brand",),
    ]
    with pytest.raises(ScreeningRefusedError):
        world.register("Ada King", email="ada@gone.example")


def test_attributes_that_are_shown_as_names_are_screened(open_world: OpenWorld) -> None:
    """Their change as well, and each is sent once."""
    world = open_world(script=[REVIEW], attributes=["bio", "company"], names_in=["company"])
    user = world.register("Ada King", attributes={"company": "Engines", "plan": "free"})
    world.kit.users.update(user.id, attributes={"company": "Engines", "plan": "pro"})
    assert len(world.model.asked) == 1
    world.kit.users.update(user.id, attributes={"company": "More Engines", "plan": "pro"})
    assert len(world.model.asked) == 2


def test_an_application_can_have_roles_of_its_own() -> None:
    """Screening is built after them, whatever the order in which they are given."""
    kit = SyncUserKit("memory://", secret=SECRET, features=[screening(), roles(ROLES)])
    assert "screening" in kit._built
