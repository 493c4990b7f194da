"""Names that speak for the site."""

import pytest

from userkit.features.screening.rules.reading import Reading
from userkit.features.screening.rules.reserved import Reserved, Runs


@pytest.mark.parametrize(
    "name",
    [
        *(
            "admin",
            "Admin",
            "ADMIN",
            "The Administrator",
            "Site Admin",
            "Ada (Admin)",
            "admin_ada",
            "Admin42",
            "42admin",
        ),
        *(
            "4dm1n",
            "ADM1N",
            "@dmin",
            "admln",
            "s0pp0rt".replace("s0", "su"),
            "5upp0r7",
            "mod3rator",
            "M0der4t0r99",
        ),
        *(
            "a d m i n",
            "a.d.m.i.n",
            "S-u-p-p-o-r-t",
            "SupportTeam",
            "helpdeskstaff",
            "root",
            "Root",
            "r00t",
            "r00t1",
        ),
        *(
            "Staff",
            "Help",
            "Help Desk",
            "Security Team",
            "Head of Security",
            "Official Ada",
            "Ada Official",
            "Postmaster",
        ),
        *("Customer Service", "No-Reply", "noreply", "Ádmin", "Sùpport", "info", "Mod", "System"),
        *(
            "Administrador",
            "Administratrice",
            "Modérateur",
            "Beheerder",
            "Kundendienst",
            "Soporte técnico",
            "Soporte",
        ),
        *(
            "Администратор",
            "Служба поддержки",
            "Поддержка",
            "админ",
            "Διαχειριστής",
            "Quản trị viên",
            "yönetici",
        ),
        *(
            "خدمة العملاء",
            "תמיכה",
            "管理员",
            "官方客服小王",
            "サポート担当",
            "운영자",
            "고객센터",
            "ผู้ดูแลระบบ",
        ),
    ],
)
def test_names_that_speak_for_the_site_are_held_up(name: str) -> None:
    """In many languages, with figures for letters, spaced or run together; without a trick."""
    assert Reserved.of().match(Reading.of(name)) is False


@pytest.mark.parametrize(
    "name",
    [
        *(
            "suppоrt",
            "аdmin",
            "Аdministrator",
            "АDМIN",
            "Ѕuрроrt",
            "ѕирроrt".replace("и", "u"),
            "ᴀᴅᴍɪɴ",
            "🅰🅳🅼🅸🅽",
        ),
        *(
            "𝐀𝐝𝐦𝐢𝐧",
            "ａｄｍｉｎ",
            "Ad\u200bmin",
            "Ad\u00admin",
            "Ad\u200dmin",
            "ɑdmin",
            "αdmin",
            "Ⓐdmin",
            "Mоd",
        ),
        *("suppㅇrt", "roοt", "ѕtaff"),
    ],
)
def test_screening_3_a_reserved_name_of_lookalikes_is_a_trick(name: str) -> None:
    """Of other scripts, of letters for show, or with something invisible in it."""
    assert Reserved.of().match(Reading.of(name)) is True


@pytest.mark.parametrize(
    "name", ["Ada", "Joe Root", "Rootham", "Staffan", "Modersohn", "Help Ada Now", "", "…", "of the"]
)
def test_other_names_are_not_reserved(name: str) -> None:
    """Surnames that are such words, or hold them, among them."""
    assert Reserved.of().match(Reading.of(name)) is None


def test_the_application_reserves_words_and_phrases() -> None:
    """Besides what is built in."""
    reserved = Reserved.of(["Concierge", "Night Watch", "Zürich Support Desk Upstairs", "…"])
    assert reserved.match(Reading.of("The Concierge")) is False
    assert reserved.match(Reading.of("C0ncierge")) is False
    assert reserved.match(Reading.of("Ada of the night-watch")) is False
    assert reserved.match(Reading.of("NightWatch")) is False
    assert reserved.match(Reading.of("Night")) is None
    assert reserved.match(Reading.of("Admin")) is False


def test_a_run_is_made_of_known_words_only() -> None:
    """From its beginning to its end, and not of scraps."""
    runs = Runs.of(["sup", "support", "team", "a"])
    assert runs.make("supportteam")
    assert runs.make("supteam")
    assert not runs.make("supportteams")
    assert not runs.make("a")
    assert not runs.make("")
    assert not runs.make("team" * 30)
