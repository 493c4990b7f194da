"""An address is exactly one address, and its key says when two are the same."""

from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from userkit.errors import InvalidEmailError
from userkit.kernel.email import LONGEST_EMAIL, EmailAddress

VECTORS = Path(__file__).parent.parent / "vectors" / "email_isemail" / "tests.xml"
PICTURES_OF_CONTROLS = {0x2400 + code: code for code in range(33)} | {0x2421: 0x7F}

ACCEPTED = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"}  # the DNS is not asked
REFUSED = {"ISEMAIL_ERR", "ISEMAIL_DEPREC", "ISEMAIL_CFWS", "ISEMAIL_RFC5322", "ISEMAIL_RFC5321"}
# Correct by RFC 5321 and of use on an intranet: a host without a dot. All else in that category is a quoted
# local part, an address literal or a number for a top-level domain, and refused.
ACCEPTED_THOUGH_UNUSUAL = {"test@org"}


def vectors() -> list[tuple[str, str]]:
    """Return addresses with what isemail says of them."""
    tests = ET.parse(VECTORS).getroot().iter("test")
    return [
        ((test.findtext("address") or "").translate(PICTURES_OF_CONTROLS), test.findtext("category") or "")
        for test in tests
    ]


def is_accepted(text: str) -> bool:
    """Tell whether this is an address."""
    try:
        EmailAddress.parse(text)
    except InvalidEmailError:
        return False
    return True


def test_the_vectors_are_all_there() -> None:
    """A file that is not read proves nothing."""
    assert len(vectors()) == 164
    assert {category for _, category in vectors()} == ACCEPTED | REFUSED


@pytest.mark.parametrize(("address", "category"), vectors())
def test_what_isemail_says_of_an_address_holds(address: str, category: str) -> None:
    """Plain addresses are accepted; comments, quotes, literals and errors are refused."""
    assert is_accepted(address) is (category in ACCEPTED or address in ACCEPTED_THOUGH_UNUSUAL)


def test_an_address_is_kept_as_typed_and_found_by_its_key() -> None:
    """Mail goes to what was typed."""
    address = EmailAddress.parse("Ada.Lovelace+Notes@EXAMPLE.com")
    assert address == EmailAddress("Ada.Lovelace+Notes@EXAMPLE.com", "ada.lovelace+notes@example.com")


@pytest.mark.parametrize("text", ["ada@straße.example", "ada@STRAßE.example", "Ada@xn--strae-oqa.Example"])
def test_a_domain_has_one_key_in_unicode_and_in_ascii(text: str) -> None:
    """IDNA 2008: the sharp s is a letter of its own and not ss."""
    assert EmailAddress.parse(text) == EmailAddress(text, "ada@xn--strae-oqa.example")
    assert EmailAddress.parse("ada@strasse.example").key == "ada@strasse.example"


@given(
    st.one_of(
        st.emails(),
        st.builds("{}@{}.{}".format, st.text(max_size=20), st.text(max_size=20), st.text(max_size=6)),
        st.text(st.characters(codec=None)),
    )
)
@example("ada@EXAMPLE.com")
@example("ada@bücher.example")
@example("ada@xn--bcher-kva.example")
@example("ada@İstanbul.example")
@example("ada@a.xn--a")
@example("\ud800@example.com")
@example("ada@\ud800.example")
def test_a_key_is_an_address_whose_key_it_is(text: str) -> None:
    """Canonicalisation is idempotent, or the text is refused cleanly."""
    try:
        address = EmailAddress.parse(text)
    except InvalidEmailError:
        return
    assert address.typed == text
    assert address.key.isascii()
    assert address.key == address.key.lower()
    assert EmailAddress.parse(address.key).key == address.key


@given(st.emails(), st.randoms())
def test_upper_and_lower_case_have_one_key(text: str, random: Random) -> None:
    """However the letters of an address are mixed."""
    mixed = "".join(random.choice((char.lower(), char.upper())) for char in text)
    if is_accepted(text):
        assert EmailAddress.parse(mixed).key == EmailAddress.parse(text).key


def test_the_longest_address_is_as_long_as_mail_servers_take() -> None:
    """RFC 5321: 254 characters, 64 of them before the @."""
    domain = ".".join(["a" * 63] * 2 + ["a" * 57, "com"])
    longest = f"{'l' * 64}@{domain}"
    assert len(longest) == LONGEST_EMAIL
    assert EmailAddress.parse(longest).key == longest
    assert not is_accepted(f"{'l' * 64}@a{domain}")
    assert not is_accepted(f"{'l' * 65}@example.com")


def test_a_domain_counts_as_long_as_it_is_in_ascii() -> None:
    """What is short in Unicode may be too long to keep."""
    label = "ü" * 20 + ".ü" * 20
    assert not is_accepted(f"{'l' * 64}@{label}.{label}.example")


def test_ten_megabytes_are_refused_before_they_are_read() -> None:
    """The length is looked at first; the address is no part of the sentence."""
    with pytest.raises(
        InvalidEmailError, match=f"^An e-mail address has at most {LONGEST_EMAIL} characters.$"
    ):
        EmailAddress.parse("a" * 10_000_000 + "@example.com")


@pytest.mark.parametrize("thing", [None, 7, b"ada@example.com", ["ada@example.com"], {"$ne": None}, True])
def test_what_is_not_text_is_no_address(thing: object) -> None:
    """Whatever a client sends in its place."""
    with pytest.raises(InvalidEmailError, match="is text"):
        EmailAddress.parse(thing)  # type: ignore[arg-type]  # the mistake under test
