"""Refresh tokens say their session and generation, and whether they were ever issued here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.features.sessions.tokens import RefreshTokens, SessionToken, TokenPair
from userkit.kernel.ids import derived_id
from userkit.kernel.opaque import new_secret

KEY, OLD, OTHER = b"k" * 32, b"o" * 32, b"x" * 32
ID = derived_id("a session")
TOKENS = RefreshTokens((KEY,), "default")


@given(st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(generation: int, secret: bytes) -> None:
    """And known to be genuine."""
    token = TOKENS.read(TOKENS.write(ID, generation, secret))
    assert token is not None
    assert (token.session_id, token.generation, token.secret) == (ID, generation, secret)
    assert token.genuine


def test_a_token_of_another_key_or_realm_is_not_genuine() -> None:
    """It has the form, and that is all."""
    secret = new_secret()
    for other in (RefreshTokens((OTHER,), "default"), RefreshTokens((KEY,), "acme")):
        token = TOKENS.read(other.write(ID, 3, secret))
        assert token is not None
        assert not token.genuine


def test_after_a_rotation_of_keys_old_tokens_are_still_genuine() -> None:
    """As long as the old secret is listed."""
    secret = new_secret()
    written = RefreshTokens((OLD,), "default").write(ID, 3, secret)
    for keys, genuine in (((KEY, OLD), True), ((KEY,), False)):
        token = RefreshTokens(keys, "default").read(written)
        assert token is not None
        assert token.genuine is genuine


@given(st.data())
def test_a_changed_token_is_not_genuine(data: st.DataObject) -> None:
    """Wherever it was changed."""
    text = TOKENS.write(ID, 3, bytes(32))
    place = data.draw(st.integers(4, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_"))
    changed = text[:place] + other + text[place + 1 :]
    token = TOKENS.read(changed)
    assert changed == text or token is None or not token.genuine


@pytest.mark.parametrize(
    "text", ["", "ukr_", "uks_" + "A" * 64, "ukr_" + "A" * 200, None, 7, b"ukr_", "é" * 95]
)
def test_anything_else_is_no_token(text: object) -> None:
    """And no error."""
    assert TOKENS.read(text) is None


def test_tokens_do_not_show_themselves() -> None:
    """Neither pairs nor single ones, nor the keys behind them."""
    pair = TokenPair("secret-access", "secret-refresh", 600, ID)
    single = SessionToken("secret-token", 600, ID)
    read = TOKENS.read(TOKENS.write(ID, 1, b"s" * 32))
    shown = repr(pair) + repr(single) + repr(TOKENS) + repr(read)
    assert "secret-" not in shown
    assert "ssss" not in shown
    assert "kkkk" not in shown
