"""What other software wrote is imported, and its people sign in with their passwords."""

from pathlib import Path

import pytest

from tests.importing.importers import SAMPLES, bring, opened, opens, outcomes


@pytest.mark.parametrize("name", ["auth_user.json", "auth_user.csv"])
def test_people_of_django_sign_in_as_before(name: str) -> None:
    """With every hasher that userkit reads; closed accounts stay closed, and MD5 needs a reset."""
    with opened() as kit:
        report = bring(kit, "django", SAMPLES / "django" / name)
        assert outcomes(report) == {"imported": 7, "refused": 2}
        assert report.reasons == {"no_email": 1, "repeated": 1, "no_hash": 1, "unknown_hash": 1}
        for email in ("ada@example.com", "grace@example.com", "emmy@example.com", "asa@example.com"):
            assert opens(kit, email), email
        for email in ("alan@example.com", "barbara@example.com", "edsger@example.com"):
            assert not opens(kit, email), email
        ada, asa, emmy, edsger = (
            kit.users.get_by_email(f"{each}@example.com") for each in ("ada", "asa", "emmy", "edsger")
        )
        assert (ada.name, ada.attributes) == ("Ada Lovelace", {"username": "ada"})
        assert (asa.name, emmy.name) == ("Åsa Öberg, d.ä.", "emmy")
        assert ada.created_at.isoformat() == "2024-05-01T12:30:00+00:00"
        assert edsger.is_disabled
        kit.users.enable(edsger.id)
        assert opens(kit, "edsger@example.com")
        assert not ada.is_email_verified
        assert kit.users.list().items[0] == kit.users.get(ada.id)


@pytest.mark.parametrize("name", ["user.csv", "user.jsonl"])
def test_people_of_fastapi_users_sign_in_as_before(name: str) -> None:
    """With argon2id and with bcrypt, which earlier versions made."""
    with opened() as kit:
        report = bring(kit, "fastapi-users", SAMPLES / "fastapi_users" / name)
        assert outcomes(report) == {"imported": 4}
        for email in ("ada@example.com", "grace@example.com", "barbara@example.com"):
            assert opens(kit, email), email
        assert not opens(kit, "edsger@example.com")
        assert kit.users.get_by_email("ada@example.com").is_email_verified
        assert not kit.users.get_by_email("grace@example.com").is_email_verified


def test_importing_twice_changes_nothing() -> None:
    """Also after somebody has signed in, which makes their hash anew."""
    path = SAMPLES / "fastapi_users" / "user.csv"
    with opened() as kit:
        bring(kit, "fastapi-users", path)
        assert opens(kit, "ada@example.com")
        before = kit.users.list().items
        for policy in ("skip", "update", "fail"):
            assert outcomes(bring(kit, "fastapi-users", path, on_conflict=policy)) == {"unchanged": 4}
        assert kit.users.list().items == before
        assert opens(kit, "ada@example.com")


def test_a_table_of_sqlite_is_read(tmp_path: Path) -> None:
    """The database of an application is imported as it is; another table can be named."""
    import csv
    import sqlite3

    with (SAMPLES / "fastapi_users" / "user.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.execute(f"CREATE TABLE user ({', '.join(header)})")
    connection.executemany("INSERT INTO user VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    with opened() as kit:
        assert outcomes(bring(kit, "fastapi-users", tmp_path / "app.db")) == {"imported": 4}
        assert opens(kit, "ada@example.com")
