"""Batches of a load: each fits into one transaction, by its items and by its bytes."""

import random

from userkit.backends.dynamodb.items import Form, size_of
from userkit.backends.dynamodb.loading import batches
from userkit.backends.dynamodb.planning import planned
from userkit.storage.catalogue import Catalogue
from userkit.testing.specimens import COLLECTIONS, everything, person, ticket

FORM = Form("default", 3, -1)
CATALOGUE = Catalogue(COLLECTIONS)


def test_a_batch_holds_as_many_items_as_a_transaction() -> None:
    """An entity that does not fit begins the next one; words and markers count."""
    people = [person(name="Ada King", handle=str(number)) for number in range(50)]
    sizes = []
    for writes in batches(iter(people), CATALOGUE, batch=1000, room=100):
        plan = planned(writes, FORM, "token", room=100, abandoned={}, lost=frozenset())
        assert len(plan.steps) <= 100
        assert not plan.before
        sizes.append(len(writes))
    assert sizes == [16, 16, 16, 2]  # an item each for itself, two markers and three words


def test_a_batch_holds_no_more_than_it_was_asked_for() -> None:
    """And nothing is drawn before it is needed."""
    assert [len(each) for each in batches(iter([ticket()] * 7), CATALOGUE, batch=3, room=100)] == [3, 3, 1]


def test_a_batch_holds_as_many_bytes_as_a_transaction() -> None:
    """Also where they are in JSON."""
    chance = random.Random(7)
    texts = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=200_000)) for _ in range(2)]
    loaded = (everything(facts={"noise": texts[number % 2]}) for number in range(40))
    for writes in batches(loaded, CATALOGUE, batch=1000, room=100):
        plan = planned(writes, FORM, "token", room=100, abandoned={}, lost=frozenset())
        assert sum(size_of(step.request["Item"]) for step in plan.steps) < 4 * 1024 * 1024
