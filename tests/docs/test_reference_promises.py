"""A promise that nothing proves is none, and a proof that no promise names is lost."""

import pytest

from tests.docs.reference.features import FEATURES
from tests.docs.reference.promises import EXPERIMENTS, PROMISES, proofs_by_id


@pytest.mark.parametrize("id", [*PROMISES, *EXPERIMENTS])
def test_a_promise_has_a_test(id: str) -> None:
    """There is a test that carries its id in the name."""
    assert proofs_by_id()[id].total() > 0


def test_every_id_in_the_name_of_a_test_is_of_a_promise() -> None:
    """One that is misspelt would count for nothing."""
    assert {*proofs_by_id()} <= {*PROMISES, *EXPERIMENTS}


def test_the_features_of_a_promise_are_features() -> None:
    """Their pages name the promise."""
    assert {feature for each in PROMISES.values() for feature in each["features"]} <= {*FEATURES}
