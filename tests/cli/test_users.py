"""``userkit users``: what it prints, and how it exits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import NOBODY, PASSWORD, Commands
from userkit.errors import InvalidCredentialsError

CREATE = ("users", "create", "--email", "ada@example.com", "--name", "Ada Lovelace")


@pytest.fixture
def userkit(tmp_path: Path) -> Commands:
    """The command line over a file."""
    return Commands(tmp_path)


def opens(userkit: Commands, password: str) -> bool:
    """Tell whether Ada can sign in with a password."""
    with userkit.kit() as kit:
        try:
            kit.sessions.sign_in(email="ada@example.com", password=password)
        except InvalidCredentialsError:
            return False
    return True


def from_file(userkit: Commands, text: str) -> dict[str, Any]:
    """Give the password in a file."""
    file = userkit.folder / "password"
    file.write_bytes(text.encode())
    return userkit.document(*CREATE, "--password-file", str(file))


def from_input(userkit: Commands, text: str) -> dict[str, Any]:
    """Give the password on standard input."""
    return userkit.document(*CREATE, "--password-file", "-", input=text)


def from_environment(userkit: Commands, text: str) -> dict[str, Any]:
    """Give the password in a variable."""
    return userkit.document(*CREATE, USERKIT_PASSWORD=text)


def test_a_user_is_created(userkit: Commands) -> None:
    """As JSON for programs, as lines for people."""
    created = userkit.document(*CREATE, "--no-password")
    user = created["user"]
    assert created == {"schema": 1, "user": user, "roles": []}
    assert (user["email"], user["name"], user["attributes"]) == ("ada@example.com", "Ada Lovelace", {})
    assert (user["email_verified_at"], user["disabled_at"]) == (None, None)
    assert user["created_at"] == user["updated_at"]
    assert user["created_at"].endswith("Z")
    with userkit.kit() as kit:
        assert kit.users.get_by_email("ada@example.com").id == user["id"]
        assert not kit.passwords.exists(user["id"])
    shown = userkit.said("users", "show", user["id"]).splitlines()
    assert shown[:5] == [
        f"Id:      {user['id']}",
        "E-mail:  ada@example.com (not confirmed)",
        "Name:    Ada Lovelace",
        "State:   active",
        "Roles:   none",
    ]


@pytest.mark.parametrize("give", [from_file, from_input, from_environment])
def test_the_password_is_given_where_nobody_else_sees_it(
    userkit: Commands, give: Callable[[Commands, str], dict[str, Any]]
) -> None:
    """In a file, on standard input, in a variable; and it opens the account."""
    created = give(userkit, PASSWORD)
    assert PASSWORD not in json.dumps(created)
    assert opens(userkit, PASSWORD)
    assert not opens(userkit, PASSWORD + "\n")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_end_of_a_file_is_no_part_of_the_password(userkit: Commands, end: str) -> None:
    """A blank is."""
    from_file(userkit, f" {PASSWORD} {end}")
    assert opens(userkit, f" {PASSWORD} ")
    assert not opens(userkit, PASSWORD)


def test_the_password_is_asked_for_twice(userkit: Commands) -> None:
    """And not shown."""
    result = userkit(*CREATE, input=f"{PASSWORD}\nsomething else, typed wrong\n{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert opens(userkit, PASSWORD)


def test_without_an_answer_nobody_is_created(userkit: Commands) -> None:
    """The exit code is 1."""
    assert userkit(*CREATE, input="").exit_code == 1
    assert userkit.document("users", "list")["users"] == []


def test_there_is_no_option_for_the_password_itself(userkit: Commands) -> None:
    """Everybody on the machine would see it."""
    assert userkit(*CREATE, "--password", PASSWORD).exit_code == 2
    assert "--password " not in userkit.said("users", "create", "--help")


def test_a_password_and_none_contradict_each_other(userkit: Commands) -> None:
    """That is wrong usage; a variable that happens to be set is not."""
    assert userkit(*CREATE, "--no-password", "--password-file", "-", input=PASSWORD).exit_code == 2
    userkit.said(*CREATE, "--no-password", USERKIT_PASSWORD=PASSWORD)
    assert not opens(userkit, PASSWORD)


@pytest.mark.parametrize("content", [None, b"\xff\xfe hunter2"], ids=["missing", "not text"])
def test_a_password_file_that_cannot_be_read_is_an_error(userkit: Commands, content: bytes | None) -> None:
    """Its content is not shown."""
    file = userkit.folder / "password"
    if content is not None:
        file.write_bytes(content)
    told = userkit.refused(*CREATE, "--password-file", str(file))
    assert told.startswith("The file named by --password-file ")
    assert userkit.document("users", "list")["users"] == []


@pytest.mark.parametrize("password", ["", "short", "\n\n"])
def test_a_weak_password_is_refused(userkit: Commands, password: str) -> None:
    """As everywhere; and nobody is created."""
    told = userkit.refused(*CREATE, "--password-file", "-", input=password)
    assert "password" in told.lower()
    assert userkit.document("users", "list")["users"] == []


def test_an_address_that_is_taken_is_refused(userkit: Commands) -> None:
    """In one line, as what is no address or no name is."""
    userkit.create()
    assert userkit.refused(*CREATE, "--no-password") == "Another account has this e-mail address."
    for email, name in (("ada", "Ada"), ("bo@example.com", "")):
        userkit.refused("users", "create", "--email", email, "--name", name, "--no-password")


def test_the_first_administrator_is_made_here(userkit: Commands) -> None:
    """With the role that every kit has."""
    ada = userkit.create("ada@example.com", "Ada", "--role", "admin")
    assert userkit.document("users", "show", ada)["roles"] == ["admin"]
    with userkit.kit() as kit:
        assert set(kit.roles.of(ada)) == {"admin"}


def test_a_role_that_does_not_exist_is_refused_before_anything_is_done(userkit: Commands) -> None:
    """So that calling it again, spelled right, works."""
    userkit.refused(*CREATE, "--no-password", "--role", "admin", "--role", "no-such-role")
    assert userkit.document("users", "list")["users"] == []
    assert userkit.document("audit", "list")["entries"] == []


def test_an_address_may_be_taken_for_confirmed(userkit: Commands) -> None:
    """By somebody who knows it is."""
    ada = userkit.create("ada@example.com", "Ada", "--verified")
    assert userkit.document("users", "show", ada)["user"]["email_verified_at"] is not None
    assert "(confirmed)" in userkit.said("users", "show", ada)


def test_users_are_listed(userkit: Commands) -> None:
    """Page by page, in the order of their registration."""
    ids = [userkit.create(f"{name.lower()}@example.com", name) for name in ("Ada", "Bo", "Cy")]
    first = userkit.document("users", "list", "--limit", "2")
    second = userkit.document("users", "list", "--limit", "2", "--after", first["next"])
    assert [user["id"] for user in (*first["users"], *second["users"])] == ids
    assert second["next"] is None
    rows = userkit.said("users", "list", "--limit", "2").splitlines()
    assert rows[0].split() == ["Id", "E-mail", "Name", "State", "Created"]
    assert rows[1].split()[:4] == [ids[0], "ada@example.com", "Ada", "active"]
    assert rows[-1] == f"There is more: --after {first['next']}"
    assert userkit("users", "list", "--limit", "1001").exit_code == 2
    assert userkit.refused("users", "list", "--after", "x").startswith("The cursor is not valid")


def test_users_are_searched(userkit: Commands) -> None:
    """By how the words of their names begin."""
    userkit.create()
    grace = userkit.create("grace@example.com", "Grace Hopper")
    found = userkit.document("users", "list", "--search", "hop")["users"]
    assert [user["id"] for user in found] == [grace]


@pytest.mark.parametrize("command", ["show", "disable", "enable", "delete", "roles", "sessions"])
@pytest.mark.parametrize("who", [NOBODY, "nobody@example.com", "nobody", ""])
def test_somebody_who_is_not_there_is_one_line(userkit: Commands, command: str, who: str) -> None:
    """And exit code 1."""
    assert userkit.refused("users", command, who) == "There is no such user."


def test_an_account_is_closed_and_opened(userkit: Commands) -> None:
    """By address as by id."""
    from_environment(userkit, PASSWORD)
    closed = userkit.document("users", "disable", "ADA@example.com")
    assert closed["user"]["disabled_at"] is not None
    assert "State:   disabled" in userkit.said("users", "show", closed["user"]["id"])
    assert not opens(userkit, PASSWORD)
    assert userkit.document("users", "enable", "ada@example.com")["user"]["disabled_at"] is None
    assert opens(userkit, PASSWORD)


def test_somebody_is_deleted_when_asked_twice(userkit: Commands) -> None:
    """Without an answer, or with no, nobody is."""
    ada = userkit.create()
    for answer in ("", "n\n", "\n"):
        assert userkit("users", "delete", ada, input=answer).exit_code == 1
    question = userkit("users", "delete", ada, input="y\n")
    assert question.stdout.startswith(f"Delete ada@example.com, Ada Lovelace, {ada}?")
    assert (question.exit_code, question.stdout.splitlines()[-1]) == (0, f"{ada} was deleted.")
    assert userkit.document("users", "list")["users"] == []


def test_somebody_is_deleted_without_being_asked(userkit: Commands) -> None:
    """For scripts."""
    ada = userkit.create()
    assert userkit.said("users", "delete", "ada@example.com", "--yes") == f"{ada} was deleted.\n"


def test_roles_are_shown_and_changed(userkit: Commands) -> None:
    """What is added is added first."""
    ada, grace = (userkit.create(f"{name}@example.com", name, "--role", "admin") for name in ("Ada", "Grace"))
    assert userkit.said("users", "roles", ada) == "admin\n"
    gone = userkit.document("users", "roles", ada, "--remove", "admin")
    assert gone == {"schema": 1, "user_id": ada, "roles": []}
    assert userkit.said("users", "roles", ada) == "none\n"
    assert userkit.document("users", "roles", ada, "--add", "admin")["roles"] == ["admin"]
    assert userkit.document("users", "roles", grace)["roles"] == ["admin"]


def test_the_last_administrator_stays_one(userkit: Commands) -> None:
    """In one line."""
    ada = userkit.create("ada@example.com", "Ada", "--role", "admin")
    userkit.refused("users", "roles", ada, "--remove", "admin")
    assert userkit.document("users", "roles", ada)["roles"] == ["admin"]


def test_sessions_are_listed_and_ended(userkit: Commands) -> None:
    """All at once."""
    from_environment(userkit, PASSWORD)
    assert opens(userkit, PASSWORD)
    assert opens(userkit, PASSWORD)
    page = userkit.document("users", "sessions", "ada@example.com")
    assert [len(page["sessions"]), page["next"]] == [2, None]
    assert page["sessions"][0]["methods"] == ["pwd"]
    assert set(page["sessions"][0]) == {
        "id",
        "created_at",
        "last_used_at",
        "expires_at",
        "authenticated_at",
        "methods",
        "address",
        "user_agent",
    }
    rows = userkit.said("users", "sessions", "ada@example.com", "--limit", "1").splitlines()
    assert rows[0].split("  ")[0] == "Id"
    assert rows[-1].startswith("There is more: --after ")
    assert userkit.document("users", "sessions", "ada@example.com", "--end-all")["sessions"] == []
    assert userkit.document("users", "sessions", "ada@example.com")["sessions"] == []


def test_each_realm_has_its_users(userkit: Commands) -> None:
    """By option or by setting; a realm that is none is an error."""
    ada = userkit.create("ada@example.com", "Ada", "--realm", "acme")
    assert userkit.refused("users", "show", ada) == "There is no such user."
    assert userkit.document("users", "show", ada, "--realm", "acme")["user"]["id"] == ada
    assert userkit.document("users", "show", ada, USERKIT_REALM="acme")["user"]["id"] == ada
    assert "A realm is named in" in userkit.refused("users", "show", ada, "--realm", "Acme!")


@pytest.mark.parametrize("arguments", [("list",), ("show", NOBODY), CREATE[1:]], ids=lambda each: each[0])
def test_what_is_not_set_is_named(userkit: Commands, arguments: tuple[str, ...]) -> None:
    """Before a password is asked for."""
    told = userkit.refused("users", *arguments, USERKIT_SECRET=None)
    assert told.startswith("Set either USERKIT_SECRET or USERKIT_SECRET_FILE to the secret")
    told = userkit.refused("users", *arguments, USERKIT_DATABASE=None)
    assert told.startswith("Set USERKIT_DATABASE")


def test_without_a_terminal_it_is_said_where_a_password_may_come_from(userkit: Commands) -> None:
    """Nobody can be asked."""
    result = userkit(*CREATE)
    assert result.exit_code == 1
    assert "--password-file, USERKIT_PASSWORD or --no-password" in " ".join(result.stderr.split())
