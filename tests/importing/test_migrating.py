"""The programs of the migration guides, over the databases that the software has made."""

import importlib.util
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.importing.importers import PASSWORD, SAMPLES, SECRET, opens
from userkit import SyncUserKit

GUIDES = Path(__file__).parents[2] / "examples" / "migrate"

Migrate = Callable[[str], SyncUserKit]


@pytest.fixture
def migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Migrate:
    """Run the program of a guide, and return a kit over what it has filled, not opened yet."""
    url = f"sqlite:///{tmp_path / 'new.db'}"
    monkeypatch.setenv("USERKIT_DATABASE", url)
    monkeypatch.setenv("USERKIT_SECRET", SECRET)
    monkeypatch.setenv("USERKIT_ARGON2_FLASK_SECURITY_SALT", "flask-security-password-salt")

    def run(name: str) -> SyncUserKit:
        old = tmp_path / "old.db"
        if not old.exists():
            connection = sqlite3.connect(old)
            connection.executescript((SAMPLES / name / "app.sql").read_text("utf-8"))
            connection.close()
        spec = importlib.util.spec_from_file_location(name, GUIDES / f"from_{name}.py")
        assert spec is not None
        assert spec.loader is not None
        program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(program)
        program.main(old, tmp_path / "report.jsonl")
        return SyncUserKit(url, secret=SECRET, relay=False)

    return run


@pytest.mark.parametrize(
    ("name", "told", "given"),
    [
        (
            "django",
            "8 imported, 2 refused",
            {"ada": {"editor"}, "grace": {"admin"}, "emmy": {"editor"}, "donald": {"editor"}, "asa": set()},
        ),
        ("flask_security", "10 imported, 0 refused", {"ada": {"editor"}, "grace": set(), "emmy": {"editor"}}),
        ("fastapi_users", "4 imported, 0 refused", {"ada": set(), "grace": {"admin"}}),
    ],
    ids=["django", "flask_security", "fastapi_users"],
)
def test_everybody_has_their_password_and_their_roles(
    migrate: Migrate, capsys: pytest.CaptureFixture[str], name: str, told: str, given: dict[str, set[str]]
) -> None:
    """Doing it twice changes nothing."""
    migrate(name)
    assert told in capsys.readouterr().out
    with migrate(name) as kit:
        assert "0 imported" in capsys.readouterr().out
        assert opens(kit, "ada@example.com", PASSWORD)
        for person, assigned in given.items():
            user = kit.users.get_by_email(f"{person}@example.com")
            assert set(kit.roles.of(user.id)) == assigned, person


def test_what_django_allauth_has_confirmed_stays_confirmed(migrate: Migrate) -> None:
    """Nothing else is."""
    with migrate("django") as kit:
        users = kit.users.list().items
    confirmed = {user.email for user in users if user.is_email_verified}
    assert confirmed == {"ada@example.com", "donald@example.com"}
