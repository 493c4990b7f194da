"""A cursor says where the next page begins, and nobody but the kit can make one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.errors import InvalidCursorError
from userkit.kernel.cursors import Cursors

KEY, OTHER_KEY = bytes(range(32)), bytes(range(32, 64))
LAST = "019c9f2f-3d7b-7000-8000-000000000000"
cursors = Cursors((KEY,), "default")


def forged(sealed: bytes) -> str:
    """Return bytes as a cursor."""
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


@given(st.uuids().map(str), st.text())
def test_a_cursor_opens_to_the_id_it_was_sealed_with(last_id: str, listing: str) -> None:
    """Whatever the list is called."""
    assert cursors.open(cursors.seal(last_id, of=listing), of=listing) == last_id


def test_a_cursor_can_stand_in_a_url() -> None:
    """Nothing in it needs quoting, and its length is bounded."""
    sealed = cursors.seal(LAST, of="users")
    assert sealed.replace("-", "").replace("_", "").isalnum()
    assert len(sealed) == 70


@pytest.mark.parametrize(
    ("other", "listing"),
    [
        (Cursors((KEY,), "default"), "users, newest first"),
        (Cursors((KEY,), "acme"), "users"),
        (Cursors((OTHER_KEY,), "default"), "users"),
        (Cursors((KEY,), "default\0users"), ""),
    ],
    ids=["another list", "another realm", "another key", "a realm that looks like the list"],
)
def test_a_cursor_is_good_for_one_list_of_one_realm_only(other: Cursors, listing: str) -> None:
    """It tells nothing about, and goes nowhere in, any other."""
    with pytest.raises(InvalidCursorError):
        other.open(cursors.seal(LAST, of="users"), of=listing)


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    """Replacing the secret does not break a list that somebody is paging through."""
    rotated = Cursors((OTHER_KEY, KEY), "default")
    assert rotated.open(cursors.seal(LAST, of="users"), of="users") == LAST
    assert rotated.seal(LAST, of="users") == Cursors((OTHER_KEY,), "default").seal(LAST, of="users")


def test_a_changed_bit_is_noticed_wherever_it_is() -> None:
    """Neither the id nor the seal can be altered."""
    sealed = base64.urlsafe_b64decode(cursors.seal(LAST, of="users") + "==")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(InvalidCursorError):
            cursors.open(forged(changed), of="users")


def test_only_ids_are_taken_out_of_a_cursor() -> None:
    """Even one that was sealed here by mistake."""
    with pytest.raises(InvalidCursorError):
        cursors.open(cursors.seal("not an id", of="users"), of="users")


@given(st.text(st.characters(codec=None)) | st.binary().map(forged) | st.text("Aa0-_=+/ ", max_size=80))
def test_any_text_is_refused_cleanly(text: str) -> None:
    """Lone surrogates, bad base64 and bad UTF-8 are no errors of another kind."""
    with pytest.raises(InvalidCursorError):
        cursors.open(text, of="users")


@pytest.mark.parametrize("thing", [None, 7, b"AAAA", ["AAAA"], {"$ne": None}])
def test_what_is_not_text_is_refused_cleanly(thing: object) -> None:
    """A client may send anything."""
    with pytest.raises(InvalidCursorError):
        cursors.open(thing, of="users")  # type: ignore[arg-type]  # the mistake under test


def test_a_huge_cursor_is_not_even_decoded() -> None:
    """Ten megabytes cost nothing."""
    with pytest.raises(InvalidCursorError):
        cursors.open("A" * 10_000_000, of="users")
