"""Opaque tokens are read exactly as they are written, and known by their digest."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.kernel.ids import derived_id, id_bytes, is_id, text_of_id
from userkit.kernel.opaque import OpaqueForm, digest, matches, new_secret

FORM = OpaqueForm("ukx_")
ID = derived_id("test")
ALPHABET = string.ascii_letters + string.digits + "-_"


def test_what_is_written_is_read() -> None:
    """With the bytes beside the secret, too."""
    secret = new_secret()
    assert FORM.read(FORM.write(ID, secret)) == (ID, secret)
    wide = OpaqueForm("ukw_", extra=5)
    assert wide.read(wide.write(ID, b"extra" + secret)) == (ID, b"extra" + secret)
    assert wide.read(FORM.write(ID, secret)) is None
    assert wide.read("ukw_" + FORM.write(ID, secret)[4:]) is None


def test_a_secret_is_256_bits_of_the_systems_generator() -> None:
    """No two are the same."""
    assert len({new_secret() for _ in range(1000)}) == 1000
    assert {len(new_secret()) for _ in range(10)} == {32}


def test_a_digest_knows_its_secret() -> None:
    """And tells nothing else."""
    secret = new_secret()
    assert matches(secret, digest(secret))
    assert not matches(new_secret(), digest(secret))
    assert secret not in digest(secret)


@given(st.data())
def test_every_other_spelling_is_refused(data: st.DataObject) -> None:
    """One character more, less or other makes another token or none, never the same."""
    token = FORM.write(ID, bytes(range(32)))
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(ALPHABET + "=+/ \n.é"))
    changed = token[:place] + other + token[place + 1 :]
    read = FORM.read(changed)
    assert (read == (ID, bytes(range(32)))) is (changed == token)
    assert FORM.read(token + other) is None
    assert FORM.read(token[:-1]) is None


@given(st.one_of(st.text(), st.none(), st.integers(), st.binary(), st.text().map("ukx_".__add__)))
def test_anything_at_all_is_no_token(thing: object) -> None:
    """And no error."""
    assert FORM.read(thing) is None


@given(st.binary(min_size=48, max_size=48))
def test_any_bytes_of_the_right_length_are_a_token(value: bytes) -> None:
    """There is no hidden structure to fail on."""
    text = "ukx_" + base64.urlsafe_b64encode(value).decode().rstrip("=")
    read = FORM.read(text)
    assert read is not None
    assert id_bytes(read[0]) + read[1] == value


def test_a_derived_id_belongs_to_its_texts() -> None:
    """The same everywhere, and others are others however they are cut."""
    assert derived_id("a", "b") == derived_id("a", "b")
    assert len({derived_id("a", "b"), derived_id("ab"), derived_id("a", "", "b"), derived_id("b", "a")}) == 4
    assert is_id(derived_id("a", "b"))
    assert derived_id("a")[14] == "8"
    assert derived_id("a")[19] in "89ab"


@pytest.mark.parametrize("id", [ID, derived_id("x", "y")])
def test_the_bytes_of_an_id_are_its_other_form(id: str) -> None:
    """Back and forth."""
    assert text_of_id(id_bytes(id)) == id
