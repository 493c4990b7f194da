"""Skeletons and mixed scripts, as UTS #39 defines them."""

import pytest

from userkit.features.screening.rules.confusables import (
    Confusion,
    confusion,
    is_mixed,
    looks_latin,
    scripts_of,
    skeleton,
    visible,
)
from userkit.features.screening.rules.unicode_data import ANY_SCRIPT, unicode_data


def test_the_data_are_whole() -> None:
    """Version and sizes of what was packed."""
    data = unicode_data()
    assert data.version == "18.0.0"
    assert len(data.prototypes) == 6712
    assert data.scripts_of("a") == data.bits["Latn"]
    assert data.scripts_of("\U0010ffff") == data.bits["Zzzz"]
    assert data.scripts_of("7") == ANY_SCRIPT


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("paypal", "paypal"),
        ("раураl", "paypal"),
        ("modem", "rnodern"),
        ("Ⅷ", "Vlll"),
        ("I1l|", "llll"),
        ("é", "e\u0301"),
        ("pay\u200bpal", "paypal"),
        ("ﬀ", "ff"),
        ("\ud800", "\ud800"),
        ("", ""),
    ],
)
def test_what_looks_alike_has_one_skeleton(text: str, seen: str) -> None:
    """Decomposed, without what cannot be seen, and with the prototypes of UTS #39."""
    assert skeleton(text) == seen


def test_skeletons_of_single_characters_are_final() -> None:
    """No prototype holds a character that has one itself."""
    for code in unicode_data().prototypes:
        assert skeleton(skeleton(chr(code))) == skeleton(chr(code))


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("rnodem", "modern", Confusion.SINGLE_SCRIPT),
        ("paypal", "pаypal", Confusion.MIXED_SCRIPT),
        ("scope", "ѕсоре", Confusion.WHOLE_SCRIPT),
        ("scope", "slope", None),
    ],
)
def test_confusion_is_of_three_kinds(one: str, other: str, kind: Confusion | None) -> None:
    """The examples of UTS #39, section 4."""
    assert confusion(one, other) is kind
    assert confusion(other, one) is kind


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("Circle", False),
        ("СігсӀе", False),
        ("Сirсlе", True),
        ("Circ1e", False),
        ("C𝗂𝗋𝖼𝗅𝖾", False),
        ("𝖢𝗂𝗋𝖼𝗅𝖾", False),
        ("〆切", False),
        ("ねガ", False),
        ("サトウAda李", False),
        ("김李Ada", False),
        ("ㄨ王Ada", False),
        ("김た", True),
        ("Adaд李", True),
        ("Adaa\u0301π", True),
        ("", False),
    ],
)
def test_scripts_that_do_not_belong_together_are_found(text: str, mixed: bool) -> None:
    """The examples of UTS #39, section 5, and Latin with Chinese, Japanese and Korean."""
    assert is_mixed(text) is mixed


@pytest.mark.parametrize(
    ("text", "latin"), [("Соре", True), ("Соня", False), ("Cope", False), ("Çope", False), ("Ωνο", False)]
)
def test_a_word_can_look_latin_in_another_script(text: str, latin: bool) -> None:
    """Every letter of it has to."""
    assert looks_latin(text) is latin


def test_a_text_in_several_scripts_is_wholly_in_none() -> None:
    """Their sets have nothing in common."""
    assert scripts_of("aд") == 0
    assert scripts_of("") == scripts_of("12 -") == ANY_SCRIPT


def test_what_cannot_be_seen_is_left_out() -> None:
    """Soft hyphens, joiners, selectors, tags, fillers and byte order marks."""
    assert visible("A\u00add\u200da\ufe0f\U000e0041\u3164\ufeff") == "Ada"
    assert visible("Ada") == "Ada"
