"""The pages about speed are those of the last report, and the pictures are what it found."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.report import pages as written
from benchmarks.report.drawing import SCHEMES, Scheme, drawn
from benchmarks.report.figures import Bar, Figure, Row, figures
from benchmarks.report.pages import LAST, PICTURES, REMARKS, filled, pages, performance, stale, write
from benchmarks.report.record import Report
from benchmarks.report.suites import SUITES
from tests.benchmarks.made_up import contest, count, record, report

HOW = "run `python -m benchmarks.report`"
SVG = "{http://www.w3.org/2000/svg}"

SERVER = {"unit": "CPU µs of the server"}
WHOLE = report(
    record(
        "signed_in",
        contest("FastAPI, SQLite", rival="fastapi-users", goal="P1", at_most=0.3, **SERVER),
        contest("FastAPI, SQLite", rival="no sign-in at all", **SERVER),
        contest("FastAPI, SQLite", rival="fastapi-users", unit="µs by the clock"),
    ),
    record(
        "open_loop", contest("while others sign in: p99", rival="fastapi-users", goal="P3", at_most=1 / 40)
    ),
    record(
        "store",
        contest("SQLite: get <fast>", ratio=2, goal="P7", at_most=1.5),
        contest("SQLite: find", ratio=1.2, goal="P7", at_most=1.5),
        contest("SQLite: get", rival="SQLAlchemy's ORM", ratio=0.3, goal="P7", at_most=0.4),
    ),
    record("counts", count(value=0, goal="P8", at_most=0), count(value=1, goal="P12", at_most=0)),
)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the pages written into a folder of the test's."""
    for name in ("LAST", "PICTURES", "PROFILES"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(written, name, tmp_path / name)
    for name in ("PAGE", "README"):
        (tmp_path / name).write_text(getattr(written, name).read_text("utf-8"), "utf-8")
        monkeypatch.setattr(written, name, tmp_path / name)
    return tmp_path


def test_the_pages_are_those_of_the_last_report() -> None:
    """The one of the documentation, its pictures, and what is made in the README."""
    assert [path.name for path in stale(Report.read(LAST))] == [], HOW


def test_a_page_that_the_report_has_left_behind_is_found(elsewhere: Path) -> None:
    """So is a picture that is of no result any more."""
    (elsewhere / "PICTURES" / "of-before-light.svg").write_text("<svg/>")
    assert write(WHOLE) == len(pages(WHOLE))
    assert stale(WHOLE) == []
    (elsewhere / "PICTURES" / "gone-light.svg").write_text("<svg/>")
    (elsewhere / "README").write_text((elsewhere / "README").read_text("utf-8").replace("P7", "P8"), "utf-8")
    assert {path.name for path in stale(WHOLE)} == {"README", "gone-light.svg"}
    assert "PAGE" in {path.name for path in stale(report(record("store")))}


def test_what_people_have_written_into_the_readme_stays() -> None:
    """Only what is between the comments is made."""
    begin, end = "<!-- goals: made by python -m benchmarks.report -->", "<!-- end of goals -->"
    page = f"By hand.\n\n{begin}\nold\n{end}\n\nBy hand, too.\n"
    assert filled(page, "goals", "new") == f"By hand.\n\n{begin}\n\nnew\n\n{end}\n\nBy hand, too.\n"
    with pytest.raises(ValueError, match="no place for results"):
        filled(page, "results", "new")


def test_profiles_are_told_with_whose_code_takes_the_time(elsewhere: Path) -> None:
    """What takes less than a hundredth is left out."""
    kept = elsewhere / "PROFILES" / "sqlite-get.json"
    kept.write_text('{"path": "sqlite-get", "packages": {"userkit": 40.5, "driver": 30, "other": 0.2}}')
    assert "| `sqlite-get` | userkit 40.5, driver 30 |" in performance(WHOLE)
    readme = pages(WHOLE)[elsewhere / "README"]
    assert "| [sqlite-get](profiles/kept/sqlite-get.svg) | userkit 40.5, driver 30 |" in readme


def test_remarks_belong_to_suites() -> None:
    """A suite that is gone leaves none behind."""
    assert {each.stem for each in REMARKS.iterdir()} <= set(SUITES)


def test_no_folder_of_a_machine_is_in_what_is_published() -> None:
    """Neither in the report nor in the pages."""
    texts = [LAST.joinpath("report.json").read_text("utf-8"), *pages(Report.read(LAST)).values()]
    for text in texts:
        assert not re.search(r"(?<![\w.:/-])/(?:root|home|tmp|work|opt|Users|var)/", text)


def test_a_page_shows_a_picture_for_each_scheme_with_words_in_its_place() -> None:
    """Beside the table that has the same numbers."""
    page = performance(WHOLE)
    for name in ("goals", "signed-in", "while-others-sign-in", "store"):
        for scheme in SCHEMES:
            assert re.search(
                rf"!\[[^\]]+\]\(\.\./assets/performance/{name}-{scheme}\.svg#only-{scheme}\)", page
            ), (name, scheme)
    assert page.index("### store") < page.index("store-light.svg")


def test_what_there_is_no_result_of_is_not_drawn() -> None:
    """A report with nothing has no pictures."""
    assert figures(Report()) == []
    assert [each.name for each in figures(report(record("store", contest(ratio=2))))] == ["store"]


def test_pictures_show_rivals_and_leave_out_what_is_no_comparison_of_theirs() -> None:
    """No clock where CPU is compared, and no server that nobody signs in at."""
    found = {each.name: each for each in figures(WHOLE)}
    assert [len(found[name].rows) for name in ("signed-in", "while-others-sign-in", "store")] == [1, 1, 2]
    assert [bar.tone for row in found["store"].rows for bar in row.bars] == ["beyond", "ours"]
    assert found["store"].mark == 1.5
    assert [row.bars[0].tone for row in found["goals"].rows][-2:] == ["ours", "beyond"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pictures_are_well_formed_small_and_ask_nobody(scheme: Scheme) -> None:
    """With a title, a description, words as words, and the same bytes every time."""
    for figure in figures(WHOLE):
        text = drawn(figure, scheme)
        picture = ElementTree.fromstring(text)
        assert picture.find(f"{SVG}title").text == figure.title  # type: ignore[union-attr]
        assert picture.find(f"{SVG}desc").text == figure.told  # type: ignore[union-attr]
        words = {each.text for each in picture.iter(f"{SVG}text")}
        assert {row.name for row in figure.rows} <= words
        assert not re.search(
            r"https?:|<script|<style|@import", text.replace("http://www.w3.org/2000/svg", "")
        )
        assert len(text) < 60_000
        assert text == drawn(figure, scheme)


def test_the_kept_pictures_are_well_formed() -> None:
    """They are read by browsers that show nothing otherwise."""
    assert list(PICTURES.glob("*.svg"))
    for path in PICTURES.glob("*.svg"):
        assert ElementTree.fromstring(path.read_text("utf-8")).tag == f"{SVG}svg"


def lightness(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return how far two colours are apart, by WCAG 2."""
    less, more = sorted((lightness(one), lightness(other)))
    return (more + 0.05) / (less + 0.05)


@pytest.mark.parametrize(("scheme", "page"), [("light", "#ffffff"), ("dark", "#1e2129")])
def test_colours_stand_out_from_the_page_and_differ_in_lightness(scheme: Scheme, page: str) -> None:
    """Words by 4.5 to 1, bars by 3 to 1; ours from theirs also for those who see no colours."""
    colours = SCHEMES[scheme]
    assert contrast(colours.words, page) > 4.5
    assert min(contrast(each, page) for each in (colours.ours, colours.theirs, colours.beyond)) > 3
    assert min(contrast(colours.ours, each) for each in (colours.theirs, colours.beyond)) > 1.5


def test_words_do_not_lie_on_the_line_that_bars_shall_not_cross() -> None:
    """They stand behind it, where the bar ends before."""
    figure = Figure(
        name="one",
        title="One",
        told="One bar.",
        rows=[Row(name="short", bars=[Bar(value=0.9, told="0.9, reached", tone="ours")])],
        mark=1,
        marked="the bound",
    )
    picture = ElementTree.fromstring(drawn(figure, "light"))
    (words,) = [each for each in picture.iter(f"{SVG}text") if each.text == "0.9, reached"]
    (line,) = picture.iter(f"{SVG}path")
    at = re.match(r"M([\d.]+) ", line.attrib["d"])
    assert at is not None
    assert float(words.attrib["x"]) > float(at[1])
