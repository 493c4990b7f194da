"""``userkit export`` and ``userkit users erase``: what they print and write, and how they exit."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.cli.calling import NOBODY, PASSWORD, Commands
from userkit import SyncUserKit
from userkit.cli import export
from userkit.errors import StoreUnavailableError, UserNotFoundError
from userkit.features.audit import AuditEntry
from userkit.features.users.disclosing import ExportSubject
from userkit.kernel.origin import coming_from

HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

PEOPLE = {
    "ada@example.com": "Ada Lovelace",
    "bob@example.com": "Bob",
    "eve@example.com": "Eve",
    "zoe@bücher.example": "Zoë",
}


@pytest.fixture
def userkit(tmp_path: Path) -> Commands:
    """The command line over a file with four people in it, two of them with a password."""
    commands = Commands(tmp_path)
    with commands.kit() as kit, coming_from(address="192.0.2.7"):
        for place, (email, name) in enumerate(PEOPLE.items()):
            user = kit.users.register(email=email, name=name, attributes={"place": place})
            if place in (1, 3):
                kit.passwords.import_hash(user.id, HASHED)
        kit.users.disable(kit.users.get_by_email("eve@example.com").id)
    return commands


def lines(text: str) -> list[dict[str, Any]]:
    """Return what each line says."""
    return [json.loads(line) for line in text.splitlines()]


def id_of(userkit: Commands, email: str) -> str:
    """Return the id of somebody."""
    with userkit.kit() as kit:
        return kit.users.get_by_email(email).id


def files(folder: Path) -> set[str]:
    """Return what is in a folder, save for the database."""
    return {each.name for each in folder.iterdir() if not each.name.startswith("app.db")}


def test_each_line_is_a_user(userkit: Commands) -> None:
    """In the order of their registration, without hashes."""
    result = userkit("export")
    assert (result.exit_code, result.stderr) == (0, "4 users were exported.\n")
    people = lines(result.stdout)
    assert [(each["email"], each["name"]) for each in people] == list(PEOPLE.items())
    assert [each["attributes"] for each in people] == [{"place": place} for place in range(4)]
    assert [each["disabled"] for each in people] == [False, False, True, False]
    assert not any("password_hash" in each for each in people)
    assert result.stdout.isascii()


def test_hashes_are_exported_only_where_they_are_asked_for(userkit: Commands) -> None:
    """And then for those who have a password."""
    assert "$argon2id$" not in userkit.said("export")
    people = lines(userkit.said("export", "--with-password-hashes"))
    assert [each.get("password_hash", "")[:10] for each in people] == ["", "$argon2id$", "", "$argon2id$"]


def test_people_sign_in_with_their_old_passwords_elsewhere(userkit: Commands, tmp_path: Path) -> None:
    """What one database exports another imports: name, address, attributes, state and password."""
    (tmp_path / "other").mkdir()
    other = Commands(tmp_path / "other")
    file = tmp_path / "users.jsonl"
    userkit.said("export", "--with-password-hashes", "--out", str(file))
    report = other.document("import", str(file), "--from", "jsonl")
    assert (report["imported"], report["without_password"]) == (4, 2)
    with userkit.kit() as before, other.kit() as after:
        for was, became in zip(before.users.list().items, after.users.list().items, strict=True):
            assert (was.email, was.name, was.attributes) == (became.email, became.name, became.attributes)
            assert (was.created_at, was.is_disabled) == (became.created_at, became.is_disabled)
        assert after.sessions.sign_in(email="bob@example.com", password=PASSWORD)
    exported = [{**each, "source_id": None} for each in lines(userkit.said("export"))]
    assert [{**each, "source_id": None} for each in lines(other.said("export"))] == exported


def test_the_file_is_for_one_person_only(userkit: Commands, tmp_path: Path) -> None:
    """It is new, and nobody else may read it."""
    file = tmp_path / "users.jsonl"
    assert userkit.said("export", "--out", str(file)) == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(lines(file.read_text(encoding="ascii"))) == 4
    assert files(tmp_path) == {"users.jsonl"}


def test_a_file_that_is_there_stays_as_it_is(userkit: Commands, tmp_path: Path) -> None:
    """Whatever it is."""
    file = tmp_path / "users.jsonl"
    file.write_text("mine")
    assert "there already" in userkit.refused("export", "--out", str(file))
    assert file.read_text() == "mine"
    assert "cannot be created" in userkit.refused("export", "--out", str(tmp_path / "no" / "file"))


def test_a_file_that_somebody_makes_meanwhile_stays_as_well(
    userkit: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is taken when everything is written, and not over somebody else."""
    file = tmp_path / "users.jsonl"
    publish = export._publish

    def late(part: Path, out: Path) -> None:
        out.write_text("mine")
        publish(part, out)

    monkeypatch.setattr(export, "_publish", late)
    assert "File exists" in userkit.refused("export", "--out", str(file))
    assert file.read_text() == "mine"
    assert files(tmp_path) == {"users.jsonl"}


def test_a_file_system_without_links_is_written_to_as_well(
    userkit: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the file gets its name by being renamed."""

    def unsupported(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    file = tmp_path / "users.jsonl"
    userkit.said("export", "--out", str(file))
    assert len(lines(file.read_text())) == 4
    assert files(tmp_path) == {"users.jsonl"}


def test_no_part_of_an_export_looks_whole(
    userkit: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database goes away in the middle, nothing is left of the file."""

    async def away(self: ExportSubject, user_id: str) -> Any:
        yield ("users", {"id": user_id})
        raise StoreUnavailableError

    monkeypatch.setattr(ExportSubject, "__call__", away)
    arguments = ("export", "--subject", "ada@example.com", "--json", "--out", str(tmp_path / "ada.json"))
    result = userkit(*arguments)
    assert result.exit_code == 1
    assert files(tmp_path) == set()


def test_everything_about_one_person(userkit: Commands) -> None:
    """As lines, or as one document; by address or by id."""
    ada = id_of(userkit, "ada@example.com")
    told = lines(userkit.said("export", "--subject", "Ada@Example.com"))
    assert told == lines(userkit.said("export", "--subject", ada))
    assert told[0]["feature"] == "users"
    assert (told[0]["record"]["id"], told[0]["record"]["name"]) == (ada, "Ada Lovelace")
    document = userkit.document("export", "--subject", ada)
    assert (document["schema"], document["user_id"]) == (1, ada)
    flat = [
        {"feature": feature, "record": record}
        for feature, records in document["data"].items()
        for record in records
    ]
    assert flat == told


def test_a_document_has_several_records_of_a_feature(userkit: Commands) -> None:
    """Each in the list of its feature."""
    eve = id_of(userkit, "eve@example.com")
    data = userkit.document("export", "--subject", eve)["data"]
    assert [each["event"] for each in data["audit"]] == ["user_registered", "user_disabled"]
    assert list(data) == ["users", "audit"]


def test_of_nobody_there_is_nothing(userkit: Commands, tmp_path: Path) -> None:
    """No output, no file, and exit code 1."""
    assert userkit.refused("export", "--subject", NOBODY) == UserNotFoundError().detail
    assert userkit.refused("export", "--subject", "nobody@example.com") == UserNotFoundError().detail
    arguments = ("export", "--subject", NOBODY, "--json", "--out", str(tmp_path / "x.json"))
    assert userkit.refused(*arguments) == UserNotFoundError().detail
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    "arguments",
    [("--json",), ("--subject", NOBODY, "--with-password-hashes"), ("--subject",)],
    ids=["json", "hashes", "nobody"],
)
def test_wrong_usage_is_told(userkit: Commands, arguments: tuple[str, ...]) -> None:
    """Exit code 2, and nothing on standard output."""
    result = userkit("export", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_tenant_has_its_own_users(userkit: Commands) -> None:
    """Nothing of another is exported."""
    assert userkit.said("export", "--realm", "acme") == ""


def test_a_dry_run_erases_nobody(userkit: Commands) -> None:
    """It says how many records would go, and how many would change."""
    ada = id_of(userkit, "ada@example.com")
    table = userkit.said("users", "erase", "ada@example.com", "--dry-run")
    assert table.splitlines()[-1] == "This was a dry run: nobody was erased."
    assert "stays, without who it was" in table
    told = userkit.document("users", "erase", ada, "--dry-run")
    assert told == {"schema": 1, "user_id": ada, "dry_run": True, "records": {"users": 1, "audit": 1}}
    assert id_of(userkit, "ada@example.com") == ada


def trail(kit: SyncUserKit, user_id: str) -> Iterator[AuditEntry]:
    """Return what happened to somebody, the oldest first."""
    yield from kit.audit.list(user_id=user_id, newest_first=False).items


def test_somebody_is_erased(userkit: Commands) -> None:
    """The trail stays without the address, and says that it was the command line."""
    ada = id_of(userkit, "ada@example.com")
    assert userkit.said("users", "erase", "ada@example.com", "--yes") == f"{ada} was erased.\n"
    with userkit.kit() as kit:
        assert [each.event for each in trail(kit, ada)] == ["user_registered", "user_deleted", "user_erased"]
        assert {each.address for each in trail(kit, ada)} == {None}
    again = userkit.document("users", "erase", ada, "--yes")
    assert (again["dry_run"], again["records"].keys()) == (False, {"audit", "outbox"})
    assert userkit.refused("users", "erase", NOBODY, "--yes") == UserNotFoundError().detail


def test_it_asks_first(userkit: Commands) -> None:
    """On standard error, and names whom; without an answer nobody is erased."""
    ada = id_of(userkit, "ada@example.com")
    refused = userkit("users", "erase", ada, input="n\n")
    assert (refused.exit_code, "Erase" in refused.stdout) == (1, False)
    assert "Erase ada@example.com, Ada Lovelace" in refused.stderr
    assert id_of(userkit, "ada@example.com") == ada
    assert userkit("users", "erase", ada, input="y\n").exit_code == 0
    gone = userkit("users", "erase", ada, input="y\n")
    assert (gone.exit_code, f"Erase what is left of {ada}?" in gone.stderr) == (0, True)


def test_the_last_administrator_is_not_erased(userkit: Commands) -> None:
    """As it is not deleted."""
    userkit.said("users", "roles", "ada@example.com", "--add", "admin")
    assert "last administrator" in userkit.refused("users", "erase", "ada@example.com", "--yes")
