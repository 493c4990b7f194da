"""A secret shows itself to nobody who does not ask for it by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.kernel.secret import Secret


@pytest.mark.parametrize("value", ["sésame", "sésame".encode(), Secret("sésame")])
def test_text_bytes_and_secrets_are_kept_as_bytes(value: str | bytes | Secret) -> None:
    """Text is UTF-8; a secret of a secret is that secret."""
    secret = Secret(value)
    assert secret.reveal() == "sésame".encode()
    assert len(secret) == 7
    assert secret == Secret("sésame")


@given(st.binary(), st.binary())
def test_secrets_are_equal_when_their_values_are(one: bytes, other: bytes) -> None:
    """Only secrets compare with secrets."""
    assert Secret(one) == Secret(one)
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) != one


def test_a_secret_cannot_be_looked_up() -> None:
    """A dictionary would compare its hash, in a time that tells something."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(Secret("sesame"))


@pytest.mark.parametrize("value", [None, 32, 3.5, ["sesame"], {"secret": "sesame"}])
def test_a_secret_is_text_or_bytes(value: object) -> None:
    """A number is no secret: bytes(32) would be 32 zeros."""
    with pytest.raises(TypeError):
        Secret(value)  # type: ignore[arg-type]  # the mistake under test


@given(st.text(st.characters(codec=None)))
def test_text_that_is_not_utf_8_is_a_secret_all_the_same(text: str) -> None:
    """An environment variable may hold any bytes, and an error about them would quote the secret."""
    assert Secret(text) == Secret(text)
