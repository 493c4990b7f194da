"""`--admin`: somebody administers from the first start on, and nobody else gets in by it."""

import subprocess
import sys
from pathlib import Path

from tests.serving.served import ADA, environment, served

ADMIN = "root@example.com"


def refused(folder: Path, *arguments: str) -> str:
    """Start a server that will not start, and return its sentence."""
    done = subprocess.run(
        [sys.executable, "-m", "userkit.cli", "serve", "--port", "0", "--no-pages", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


def test_a_new_administrator_gets_a_password_once(tmp_path: Path) -> None:
    """It opens the account, which may do everything and is confirmed; the next start says nothing of it."""
    with served(tmp_path, "--admin", ADMIN) as server:
        password = server.said["Password"].partition(" ")[0]
        pair = server.post("/auth/login", email=ADMIN, password=password).raise_for_status().json()
        bearer = {"authorization": f"Bearer {pair['access_token']}"}
        listed = server.http.get("/api/v1/users", headers=bearer).raise_for_status().json()
        assert [(user["email"], user["email_verified"]) for user in listed["items"]] == [(ADMIN, True)]
        assert password not in server.log.read_text()
        assert server.mails(ADMIN, "") == []
    with served(tmp_path, "--admin", ADMIN.upper()) as server:
        assert "Password" not in server.said
        assert server.post("/auth/login", email=ADMIN, password=password).status_code == 200


def test_an_address_that_nobody_has_confirmed_is_no_administrator(tmp_path: Path) -> None:
    """Whoever registers it before its owner does would administer; by the link of the mail it becomes one."""
    with served(tmp_path) as server:
        assert server.register().status_code == 201
        pair = server.sign_in().json()
        token = server.link_token(ADA["email"], "confirm")
    assert "has not confirmed it" in refused(tmp_path, "--admin", ADA["email"])
    with served(tmp_path) as server:
        bearer = {"authorization": f"Bearer {pair['access_token']}"}
        assert server.http.get("/api/v1/users", headers=bearer).status_code == 403
        verified = server.http.post("/api/v1/auth/email/verify", json={"token": token}, headers=bearer)
        assert verified.status_code == 204
    with served(tmp_path, "--admin", ADA["email"]) as server:
        assert "Password" not in server.said
        bearer = {"authorization": f"Bearer {server.sign_in().json()['access_token']}"}
        assert server.http.get("/api/v1/users", headers=bearer).status_code == 200


def test_what_is_no_address_is_no_administrator(tmp_path: Path) -> None:
    """One sentence says so, and nothing is made of it."""
    assert "valid" in refused(tmp_path, "--admin", "root")
