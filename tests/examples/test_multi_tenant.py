"""The example with several tenants, started as its README says, and asked by the names of its hosts."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.examples.running import running

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "mauve otters juggle teapots"}
LOGIN = {"email": ADA["email"], "password": ADA["password"]}
ACME, GLOBEX, NOBODY = ({"Host": f"{name}.localhost"} for name in ("acme", "globex", "nobody"))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """Start the application over a database in a file."""
    database = f"sqlite:///{tmp_path / 'tenants.db'}"
    with running("multi_tenant/main.py", tmp_path, DATABASE=database) as client:
        yield client


def token(client: httpx.Client, tenant: dict[str, str], **login: str) -> dict[str, str]:
    """Sign in at a tenant, and return the header that shows it."""
    answer = client.post("/api/v1/auth/login", json=LOGIN | login, headers=tenant)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_users_of_one_tenant_are_unknown_in_another(client: httpx.Client, tmp_path: Path) -> None:
    """Neither address, token, id nor role of one counts in the other; no further tenant is made up."""
    assert client.post("/api/v1/users", json=ADA, headers=ACME).status_code == 201
    assert client.post("/api/v1/auth/login", json=LOGIN, headers=GLOBEX).status_code == 401
    ada = token(client, ACME)
    assert client.get("/desk", headers=ACME | ada).json() == {"tenant": "acme", "name": "Ada Lovelace"}
    assert client.get("/desk", headers=GLOBEX | ada).json()["code"] == "unauthenticated"
    assert client.get("/staff", headers=ACME | ada).json()["code"] == "forbidden"

    other = client.post("/api/v1/users", json=ADA | {"name": "Ada of Globex"}, headers=GLOBEX)
    assert other.status_code == 201
    log = (tmp_path / "main.log").read_text()
    admins = {
        name: token(client, tenant, email=f"admin@{name}.example", password=found[1])
        for name, tenant in (("acme", ACME), ("globex", GLOBEX))
        if (found := re.search(rf"{name}: \S+, password: (\S+)", log)) is not None
    }
    assert client.get("/staff", headers=ACME | admins["acme"]).json() == {"people": 2}
    assert client.get("/staff", headers=GLOBEX | admins["acme"]).status_code == 401
    path = f"/api/v1/users/{other.json()['id']}"
    assert client.get(path, headers=ACME | admins["acme"]).json()["code"] == "user_not_found"
    assert client.get(path, headers=GLOBEX | admins["globex"]).json()["name"] == "Ada of Globex"

    assert client.post("/api/v1/users", json=ADA, headers=NOBODY).status_code == 404
    assert client.get("/").json().startswith("Which company?")


def test_each_tenant_has_its_documentation(client: httpx.Client) -> None:
    """With the name of the tenant and all operations."""
    for tenant in (ACME, GLOBEX):
        document = client.get("/openapi.json", headers=tenant).json()
        assert document["info"]["title"] == tenant["Host"].partition(".")[0]
        assert {"/api/v1/users/me", "/desk"} <= document["paths"].keys()
