"""Names that resemble those of staff and brands."""

import pytest

from userkit.features.screening.rules.likeness import Protected
from userkit.features.screening.rules.reading import Reading

NAMES = Protected.of(
    [
        "Ada Lovelace",
        "Ian",
        "Björk",
        "Иван Петров",
        "Лена Smith",
        "Сара",
        "Acme",
        "Team Rocket",
        "Studio 54",
        "Initech",
        "Vandelay Industries",
        "…",
    ]
)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Ada Lovelace",
            "ADA LOVELACE",
            "AdaLovelace",
            "ada.lovelace",
            "Lovelace, Ada",
            "A d a Lovelace",
            "Àda Lövelace",
        ),
        *(
            "Ada Lovelace (official)",
            "Dr. Ada Lovelace",
            "Ada Lovelace ✓",
            "The real Ada Lovelace",
            "Ada Lovelace 2",
        ),
        *(
            "Ada Lovelave",
            "Ada Loveace",
            "Ada Loveelace",
            "Aad Lovelace",
            "Ad Lovelace",
            "4da L0velace",
            "Xda Lovelace",
        ),
        *(
            "Ian",
            "Björk",
            "Bjork",
            "Иван Петров",
            "Петров Иван",
            "ИВАН ПЕТРОВ",
            "Иван Петровв",
            "Лена Smith",
            "Ива\u0301н Петров",
        ),
        *(
            "Acme",
            "Acme Support",
            "AcmeSupport",
            "SupportAcme",
            "Acme Team Ltd",
            "Official Acme",
            "4cme",
            "Аcme".replace("А", "A"),
        ),
        *(
            "Team Rocket",
            "Rocket Team",
            "Studio 54",
            "Studio54",
            "1nitech",
            "lnitech",
            "Vandelay-Industries",
            "Vandelay Industrie",
        ),
    ],
)
def test_names_like_protected_ones_are_held_up(name: str) -> None:
    """Equal, in another order, with titles, or one edit away if they are long; without a trick."""
    assert NAMES.match(Reading.of(name)) is False


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Аda Lovelace",
            "Ada Lоvelаcе",
            "Ada\u200bLovelace",
            "Αda Lovelace",
            "АсmeSupport",
            "Асте".replace("т", "m"),
        ),
        *("Ивaн Петров", "Capa", "Ꭺcme", "Iаn", "Ⓘan", "ɑcme", "Ada Lоvelave", "Ӏan"),
    ],
)
def test_screening_4_a_protected_name_of_lookalikes_is_a_trick(name: str) -> None:
    """Also if the whole of it is in another script, and also a short one."""
    assert NAMES.match(Reading.of(name)) is True


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Ada",
            "Ada King",
            "Lovelace",
            "Lan",
            "Lian",
            "Ivan Petrov",
            "Acmeist",
            "Rocket",
            "Acne",
            "Ada Acme",
            "Ada of Acme",
        ),
        *("Ada Lovel", "Adam Lovelock", "Studio", "Support", "", "…", "Сара Коэн", "Birk", "Vandelay"),
    ],
)
def test_other_names_are_not_like_them(name: str) -> None:
    """A part is not enough, and one edit makes another of a short name."""
    assert NAMES.match(Reading.of(name)) is None


def test_without_names_there_is_nothing_to_resemble() -> None:
    """And nothing to do."""
    assert Protected.of([]).match(Reading.of("Ada")) is None
    assert Protected.of(["", "…"]).match(Reading.of("")) is None
