"""What other software wrote is imported, and its people sign in with their passwords.

The samples are made by that software, with ``scripts/samples/``, and it accepts the same passwords itself.
"""

from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.importing.importers import PASSWORD, SAMPLES, bring, opened, opens, outcomes
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.backends.passwords.opening import open_hasher
from userkit.backends.passwords.settings import Argon2Settings
from userkit.errors import ConfigurationError
from userkit.features.passwords.model import PasswordCredential
from userkit.ports.passwords import PasswordHasher
from userkit.sync import run

FULL_WIDTH = (
    "\N{LATIN SMALL LIGATURE FI}ve \N{SUPERSCRIPT TWO}, full-width "
    "\N{FULLWIDTH LATIN CAPITAL LETTER A}"
    "\N{FULLWIDTH LATIN CAPITAL LETTER B}\N{FULLWIDTH LATIN CAPITAL LETTER C}"
)


def signs_in_and_is_hashed_anew(
    kit: SyncUserKit, store: MemoryStore, name: str, password: str = PASSWORD
) -> None:
    """Sign in with the password of before; what is stored then is a hash of userkit's own."""
    user = kit.users.get_by_email(f"{name}@example.com")
    before = run(store.get(PasswordCredential, user.id))
    assert before is not None, name
    assert not opens(kit, user.email, f"{password}!"), name
    assert opens(kit, user.email, password), name
    after = run(store.get(PasswordCredential, user.id))
    assert after is not None
    assert after.hash != before.hash, name
    assert after.hash.startswith("$argon2id$"), name
    assert opens(kit, user.email, password), name


@pytest.mark.parametrize("name", ["auth_user.json", "auth_user.csv"])
def test_everybody_of_django_is_there_as_they_were(name: str) -> None:
    """Closed accounts stay closed; who has no address, or that of somebody before, is refused."""
    with opened() as kit:
        report = bring(kit, "django", SAMPLES / "django" / name)
        assert outcomes(report) == {"imported": 7, "refused": 2}
        assert report.reasons == {"no_email": 1, "repeated": 1, "no_hash": 1, "unknown_hash": 1}
        ada, asa, emmy, edsger = (
            kit.users.get_by_email(f"{each}@example.com") for each in ("ada", "asa", "emmy", "edsger")
        )
        assert (ada.name, ada.attributes) == ("Ada Lovelace", {"username": "ada"})
        assert (asa.name, emmy.name) == ("Åsa Öberg, d.ä.", "emmy")
        assert ada.created_at.isoformat() == "2024-05-01T12:30:00+00:00"
        assert edsger.is_disabled
        assert not ada.is_email_verified
        assert kit.users.list().items[0] == kit.users.get(ada.id)


def test_people_of_django_sign_in_as_before() -> None:
    """With each of its hashers: PBKDF2 of both digests, Argon2, both of bcrypt, scrypt; MD5 needs a reset."""
    store = MemoryStore()
    with opened(store) as kit:
        bring(kit, "django", SAMPLES / "django" / "auth_user.jsonl")
        assert not opens(kit, "edsger@example.com")
        kit.users.enable(kit.users.get_by_email("edsger@example.com").id)
        for name in ("ada", "asa", "grace", "edsger", "donald", "emmy"):
            signs_in_and_is_hashed_anew(kit, store, name)
        for name in ("alan", "barbara"):
            assert not kit.passwords.exists(kit.users.get_by_email(f"{name}@example.com").id)


def test_whoever_has_come_since_is_brought_by_the_next_dump() -> None:
    """The dump of before in another form changes nobody who is there."""
    with opened() as kit:
        bring(kit, "django", SAMPLES / "django" / "auth_user.json")
        later = bring(kit, "django", SAMPLES / "django" / "auth_user.jsonl")
        assert outcomes(later) == {"imported": 1, "unchanged": 7, "refused": 2}
        assert opens(kit, "donald@example.com")


@pytest.mark.parametrize("name", ["user.csv", "user.jsonl"])
def test_people_of_fastapi_users_sign_in_as_before(name: str) -> None:
    """With argon2id, and with bcrypt, which earlier versions made."""
    store = MemoryStore()
    with opened(store) as kit:
        report = bring(kit, "fastapi-users", SAMPLES / "fastapi_users" / name)
        assert outcomes(report) == {"imported": 4}
        for person in ("ada", "grace", "barbara"):
            signs_in_and_is_hashed_anew(kit, store, person)
        assert not opens(kit, "edsger@example.com")
        assert kit.users.get_by_email("ada@example.com").is_email_verified
        assert not kit.users.get_by_email("grace@example.com").is_email_verified


def of_flask_security() -> PasswordHasher:
    """Return a hasher that knows the salt of the application."""
    settings = Argon2Settings(flask_security_salt=SecretStr("flask-security-password-salt"))
    return open_hasher(blocking=True, settings=settings)


@pytest.mark.parametrize("name", ["user.csv", "user.jsonl"])
def test_people_of_flask_security_sign_in_as_before(name: str) -> None:
    """With each scheme that it hashes twice, one that it hashes once, and what it has normalised."""
    store = MemoryStore()
    with opened(store, hasher=of_flask_security()) as kit:
        report = bring(kit, "flask-security", SAMPLES / "flask_security" / name)
        assert outcomes(report) == {"imported": 10}
        for person in ("ada", "grace", "barbara", "donald", "emmy"):
            signs_in_and_is_hashed_anew(kit, store, person)
        signs_in_and_is_hashed_anew(kit, store, "asa", "Åsas lösenord är långt")
        signs_in_and_is_hashed_anew(kit, store, "kana", FULL_WIDTH)
        assert not opens(kit, "edsger@example.com")
        assert kit.users.get_by_email("ada@example.com").is_email_verified
        assert not kit.users.get_by_email("grace@example.com").is_email_verified


def test_a_password_that_flask_security_kept_in_plain_text_is_not_kept() -> None:
    """It is no hash that anybody understands, so the user has no password."""
    path = SAMPLES / "flask_security" / "user.csv"
    with opened(hasher=of_flask_security()) as kit:
        report = bring(kit, "flask-security", path)
        assert report.reasons == {"no_hash": 1, "unknown_hash": 1}
        assert not kit.passwords.exists(kit.users.get_by_email("margaret@example.com").id)
        again = bring(kit, "flask-security", path, require_password=True)
        assert outcomes(again) == {"unchanged": 8, "refused": 2}


def test_hashes_of_flask_security_need_its_salt() -> None:
    """Without it nothing is imported."""
    with opened() as kit:
        with pytest.raises(ConfigurationError):
            bring(kit, "flask-security", SAMPLES / "flask_security" / "user.csv")
        assert kit.users.count() == 0


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
