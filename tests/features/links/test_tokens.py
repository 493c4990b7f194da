"""Whatever is presented as the token of a link is a live link, or refused as every other."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.links.world import HOUR, World, fresh
from userkit.errors import InvalidTokenError

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(),
    st.text(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
    st.text().map("ukl_".__add__),
    st.binary(min_size=48, max_size=48).map(lambda value: f"ukl_{base64.urlsafe_b64encode(value).decode()}"),
    st.text(alphabet=st.characters(categories=["Cs"]), min_size=1),
)


class Rig:
    """One link in a world of its own, which no example may spend."""

    def __init__(self) -> None:
        """Make the link."""
        self.here: World = fresh()
        self.token = self.here.links.make("verify_email", self.here.ada(), lifetime=HOUR)

    def refuses(self, token: Any, purpose: str = "verify_email") -> None:
        """Fail unless a token is refused."""
        with pytest.raises(InvalidTokenError):
            self.here.links.look(token, purpose)


RIG = Rig()


@given(token=ANYTHING)
def test_no_other_value_is_a_token(token: Any) -> None:
    """Of whatever type, it is refused in the one way."""
    RIG.refuses(token)


@given(token=st.one_of(ANYTHING, st.just(RIG.token)), purpose=st.text())
def test_no_other_purpose_takes_a_token(token: Any, purpose: str) -> None:
    """Not even one that looks alike."""
    if purpose != "verify_email":
        RIG.refuses(token, purpose)


@given(st.data())
def test_no_changed_token_is_a_token(data: st.DataObject) -> None:
    """One character more, less, or another, wherever it is."""
    token = RIG.token
    place = data.draw(st.integers(0, len(token)))
    kept = data.draw(st.integers(place, min(place + 2, len(token))))
    changed = token[:place] + data.draw(st.text(max_size=2)) + token[kept:]
    if changed != token:
        RIG.refuses(changed)


@given(bit=st.integers(0, 48 * 8 - 1))
def test_no_flipped_bit_goes_unnoticed(bit: int) -> None:
    """Every bit of the id and of the secret counts."""
    value = bytearray(base64.urlsafe_b64decode(RIG.token.removeprefix("ukl_")))
    value[bit // 8] ^= 1 << bit % 8
    RIG.refuses(f"ukl_{base64.urlsafe_b64encode(value).decode()}")


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "{}=", "UKL_{}", "{0}{0}"])
def test_nothing_may_stand_around_a_token(around: str) -> None:
    """It is written in one way only."""
    RIG.refuses(around.format(RIG.token))


def test_the_token_itself_is_still_good() -> None:
    """After all that."""
    assert RIG.here.links.look(RIG.token, "verify_email")
