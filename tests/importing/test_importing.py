"""What becomes of rows: imported, updated, left alone or refused."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.importing.importers import ADA, ARGON, PASSWORD, brought, opened, opens, outcomes
from userkit.errors import ConfigurationError
from userkit.importing import (
    IMPORTING,
    Bookmark,
    OnConflict,
    Person,
    Report,
    ReportFile,
    Row,
    fingerprint,
)

WITH_HASH = json.dumps(
    {"email": "ada@example.com", "name": "Ada L.", "verified": True, "password_hash": ARGON}
)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "malformed"),
        ("[]", "malformed"),
        ('{"name": "Ada"}', "no_email"),
        ('{"email": "ada"}', "email"),
        ('{"email": "a@example.com", "name": "\\u0007"}', "name"),
        ('{"email": "a@example.com", "verified": "maybe"}', "malformed"),
        ('{"email": "a@example.com", "created_at": "yesterday"}', "malformed"),
        ('{"email": "a@example.com", "attributes": [1]}', "malformed"),
        ('{"email": "a@example.com", "attributes": {"n": 1e999}}', "attributes"),
        ('{"email": "a@example.com", "password": "hunter2 hunter2"}', "plain_text"),
        ('{"email": "a@example.com", "shoe_size": 38}', "unknown_column"),
        ('{"email": "ADA@example.com"}', "repeated"),
    ],
)
def test_a_bad_row_is_refused_and_never_stops_the_rest(tmp_path: Path, line: str, reason: str) -> None:
    """Each refusal has a word and the line."""
    grace = '{"email": "grace@example.com"}'
    with opened() as kit:
        report = brought(kit, tmp_path, ADA, line, grace)
        assert outcomes(report) == {"imported": 2, "refused": 1}
        assert (2, "refused", reason) in report.first


def test_a_password_in_plain_text_is_never_stored(tmp_path: Path) -> None:
    """In place of a hash it is a hash that nobody understands: the user has no password then."""
    line = json.dumps({"email": "ada@example.com", "password_hash": PASSWORD})
    with opened() as kit:
        report = brought(kit, tmp_path, line)
        assert (outcomes(report), report.reasons) == ({"imported": 1}, {"unknown_hash": 1})
        assert not kit.passwords.exists(kit.users.get_by_email("ada@example.com").id)
        assert outcomes(brought(kit, tmp_path, line, require_password=True)) == {"refused": 1}


def test_somebody_who_has_the_address_stays_as_they_are(tmp_path: Path) -> None:
    """By default the row is skipped, and reported."""
    with opened() as kit:
        before = kit.users.register(email="Ada@Example.com", name="Countess")
        report = brought(kit, tmp_path, WITH_HASH, '{"email": "grace@example.com"}')
        assert (outcomes(report), report.reasons) == (
            {"skipped": 1, "imported": 1},
            {"exists": 1, "no_hash": 1},
        )
        assert kit.users.get(before.id) == before
        assert not kit.passwords.exists(before.id)


def test_an_update_takes_over_what_the_row_says(tmp_path: Path) -> None:
    """The name, attributes, a closed account, and a password where there is none."""
    closed = json.dumps({**json.loads(WITH_HASH), "disabled": True, "attributes": {"plan": "pro"}})
    with opened() as kit:
        before = kit.users.register(email="ada@example.com", name="Ada", attributes={"shoe": 38})
        assert outcomes(brought(kit, tmp_path, WITH_HASH, on_conflict=OnConflict.UPDATE)) == {"updated": 1}
        assert outcomes(brought(kit, tmp_path, closed, on_conflict=OnConflict.UPDATE)) == {"updated": 1}
        after = kit.users.get(before.id)
        assert (after.name, after.is_disabled, after.is_email_verified) == ("Ada L.", True, False)
        assert after.attributes == {"plan": "pro", "shoe": 38}
        assert outcomes(brought(kit, tmp_path, closed, on_conflict=OnConflict.UPDATE)) == {"unchanged": 1}
        kit.users.enable(before.id)
        assert opens(kit, "ada@example.com")


def test_an_update_replaces_no_password_and_gives_none_to_strangers(tmp_path: Path) -> None:
    """Whoever did not show that the mailbox is theirs does not get the account of somebody else."""
    unverified = json.dumps({"email": "ada@example.com", "password_hash": ARGON})
    with opened() as kit:
        user = kit.users.register(email="ada@example.com", name="Ada")
        assert outcomes(brought(kit, tmp_path, unverified, on_conflict="update")) == {"unchanged": 1}
        assert not kit.passwords.exists(user.id)
        kit.passwords.set(user.id, password="four unlikely words in a row")
        brought(kit, tmp_path, WITH_HASH, on_conflict="update")
        assert opens(kit, "ada@example.com", "four unlikely words in a row")


def test_an_update_tells_a_stranger_nothing(tmp_path: Path) -> None:
    """Whoever registered here with the address of somebody else does not see what the row says of them."""
    row = json.dumps({**json.loads(WITH_HASH), "attributes": {"diagnosis": "flu"}})
    with opened() as kit:
        stranger = kit.users.register(
            email="ada@example.com", name="X", password="four unlikely words in a row"
        )
        report = brought(kit, tmp_path, row, on_conflict="update")
        assert (outcomes(report), report.reasons) == ({"skipped": 1}, {"unconfirmed": 1})
        assert kit.users.get(stranger.id) == stranger


def test_fail_stops_at_the_first_conflict(tmp_path: Path) -> None:
    """What comes after it is not imported."""
    with opened() as kit:
        kit.users.register(email="ada@example.com", name="Ada")
        report = brought(
            kit, tmp_path, '{"email": "b@example.com"}', ADA, '{"email": "c@example.com"}', on_conflict="fail"
        )
        assert (report.stopped, outcomes(report)) == (True, {"imported": 1, "refused": 1})
        assert kit.users.count() == 2


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    """Over an empty store and over one with people."""
    rows = (ADA, WITH_HASH, '{"email": "grace@example.com"}', '{"email": "x"}')
    for known in ((), ("grace@example.com",)):
        with opened() as kit:
            for email in known:
                kit.users.register(email=email, name="Somebody")
            dry = brought(kit, tmp_path, *rows, dry_run=True)
            assert kit.users.count() == len(known)
            assert dry.state() == brought(kit, tmp_path, *rows).state()


def test_an_interrupted_import_goes_on_where_it_was(tmp_path: Path) -> None:
    """Nothing is lost and nobody is there twice; numbers and the report are of the whole import."""

    def rows(until: int) -> Iterator[Row]:
        for number in range(1, 101):
            if number > until:
                raise KeyboardInterrupt
            yield Row(number, Person(email=f"p{number % 90}@example.com", password_hash=ARGON))

    path = tmp_path / "resume"

    def bring(until: int) -> Report:
        bookmark = Bookmark(path, of="x")
        file = ReportFile(tmp_path / "report", size=bookmark.report_size)
        try:
            done: Report = kit[IMPORTING](rows(until), bookmark=bookmark, report=Report(file), batch=10)
        finally:
            file.close()
        return done

    with opened(f"sqlite:///{tmp_path}/app.db") as kit:
        for until in (5, 37, 95):
            with pytest.raises(KeyboardInterrupt):
                bring(until)
        assert outcomes(bring(100)) == {"imported": 90, "refused": 10}
        assert kit.users.count() == 90
    lines = [json.loads(line) for line in (tmp_path / "report").read_text().splitlines()]
    assert sorted(each["line"] for each in lines) == list(range(1, 101))
    assert PASSWORD not in (tmp_path / "report").read_text()
    assert ARGON not in (tmp_path / "report").read_text()
    with pytest.raises(ConfigurationError, match="another file"):
        Bookmark(path, of="y")


def test_a_user_whom_a_crash_left_without_a_password_gets_it(tmp_path: Path) -> None:
    """Unless something has happened to the user since."""
    with opened() as kit:
        brought(kit, tmp_path, ADA)
        assert outcomes(brought(kit, tmp_path, WITH_HASH)) == {"imported": 1}
        assert opens(kit, "ada@example.com")
        kit.passwords.remove(kit.users.get_by_email("ada@example.com").id)
        assert outcomes(brought(kit, tmp_path, WITH_HASH)) == {"unchanged": 1}
        assert not opens(kit, "ada@example.com")


def test_memory_does_not_grow_with_the_rows() -> None:
    """The last of 20,000 rows take as much as one batch, and a few bytes for each address."""

    def rows() -> Iterator[Row]:
        for number in range(20_000):
            if number == 15_000:  # 5,000 people would take more than what is allowed
                tracemalloc.start()
            yield Row(number, Person(email=f"person{number}@example.com", name="x" * 90))

    with opened() as kit:
        try:
            report = kit[IMPORTING](rows(), dry_run=True)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert outcomes(report) == {"imported": 20_000}
    assert peak < 4_000_000


def test_a_fingerprint_tells_files_and_formats(tmp_path: Path) -> None:
    """The same file in another format is another import."""
    (tmp_path / "a").write_text("a")
    assert fingerprint(tmp_path / "a", "csv") != fingerprint(tmp_path / "a", "jsonl")
    with pytest.raises(ConfigurationError):
        fingerprint(tmp_path / "b")


def test_a_report_is_not_continued_in_another_file(tmp_path: Path) -> None:
    """What was written before would be missing."""
    with pytest.raises(ConfigurationError, match="not the one"):
        ReportFile(tmp_path / "other", size=1)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        ReportFile(tmp_path)


def test_a_report_takes_the_place_of_no_other_file(tmp_path: Path) -> None:
    """What is named by mistake, such as the database, stays as it is; a report of before goes."""
    theirs, report = tmp_path / "app.db", tmp_path / "report"
    theirs.write_text("SQLite format 3")
    for size in (0, 5):
        with pytest.raises(ConfigurationError, match="is there already"):
            ReportFile(theirs, size=size)
    assert theirs.read_text() == "SQLite format 3"
    for line in (1, 2):
        file = ReportFile(report)
        Report(file).note("imported", line=line)
        file.close()
    assert [json.loads(each)["line"] for each in report.read_text().splitlines()] == [2]


def test_a_broken_resume_file_is_refused(tmp_path: Path) -> None:
    """It is of this version, or it is none."""
    path = tmp_path / "resume"
    for content in ("{", "[]", '{"userkit_import": 0}', '{"userkit_import": 1}'):
        path.write_text(content)
        with pytest.raises(ConfigurationError):
            Bookmark(path)
