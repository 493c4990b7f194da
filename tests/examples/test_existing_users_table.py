"""The example with a table of users from before, started as its README says."""

import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx

from tests.examples.running import bearer, running
from tests.serving.served import until

NEW_PASSWORD = "seven quiet lamps below deck"


def test_people_keep_their_rows_and_sign_in_with_the_passwords_they_have(tmp_path: Path) -> None:
    """Their numbers, posts and signatures are as before; what cannot be kept is reported."""
    data = tmp_path / "data"
    with running("existing_users_table/forum.py", tmp_path, DATA=str(data)) as client:
        told = (tmp_path / "forum.log").read_text()
        for line in (
            "ada: moved\n",
            "grace: moved\n",
            "alan: moved, and must reset the password\n",
            "Ada2: left, email_already_exists\n",
            "ghost: left, invalid_email\n",
        ):
            assert line in told
        ada = bearer(client, "ada@example.com", "notes")
        assert client.get("/me", headers=ada).json() == {"id": 1, "username": "ada", "signature": "A. A. L."}
        grace = bearer(client, "grace@example.com", "cobol")
        assert client.get("/me", headers=grace).json()["id"] == 2
        assert client.post("/posts", json={"text": "Still here."}, headers=ada).status_code == 204
        posts = client.get("/").json()
        assert [each["text"] for each in posts if each["username"] == "ada"] == ["I am ada", "Still here."]

    with running("existing_users_table/forum.py", tmp_path, DATA=str(data)) as client:
        told = (tmp_path / "forum.log").read_text()
        assert (told.count("ada: moved"), told.count("Ada2: left")) == (1, 2)  # who is left is tried again
        assert client.get("/me", headers=bearer(client, "ada@example.com", "notes")).json()["id"] == 1


def test_who_has_a_hash_that_says_nothing_resets_it_and_who_is_new_gets_a_row(tmp_path: Path) -> None:
    """A link comes by mail; and whoever deletes their account leaves posts without a name."""
    data = tmp_path / "data"
    with running("existing_users_table/forum.py", tmp_path, DATA=str(data)) as client:
        alan = {"email": "alan@example.com", "password": "bombe"}
        assert client.post("/api/v1/auth/login", json=alan).status_code == 401
        assert client.post("/api/v1/auth/password/forgot", json={"email": alan["email"]}).status_code == 202
        (token,) = until(lambda: _tokens(data / "mail"))
        # Moving has told nobody anything: this is the only letter there is.
        assert len(list((data / "mail").glob("*.eml"))) == 1
        reset = {"token": token, "password": NEW_PASSWORD}
        assert client.post("/api/v1/auth/password/reset", json=reset).status_code == 204
        # Tokens count in seconds: one of the second in which a mailbox was proved is not believed yet.
        mine = until(lambda: _row(client, alan["email"]))
        assert (mine["id"], mine["username"]) == (3, "alan")

        mary = {"email": "mary@example.com", "name": "Mary", "password": "mauve otters juggle teapots"}
        assert client.post("/api/v1/users", json=mary).status_code == 201
        headers = bearer(client, mary["email"], mary["password"])
        assert client.post("/posts", json={"text": "Hello."}, headers=headers).status_code == 204
        assert client.get("/").json()[-1] == {"username": "Mary", "text": "Hello."}
        assert client.delete("/api/v1/users/me", headers=headers).status_code == 204
        assert client.get("/").json()[-1] == {"username": "somebody", "text": "Hello."}


def _row(client: httpx.Client, email: str) -> dict[str, Any] | None:
    """Sign in, and return the row of the forum as soon as it is shown."""
    answer = client.get("/me", headers=bearer(client, email, NEW_PASSWORD))
    return answer.json() if answer.status_code == 200 else None


def _tokens(folder: Path) -> list[str]:
    """Return the tokens of the links that reset a password."""
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.glob("*.eml")]
    bodies = [mail.get_body(("plain",)) for mail in mails]
    texts = [body.get_content() for body in bodies if body is not None]
    return [token for text in texts for token in re.findall(r"/reset-password#token=(\S+)", text)]
