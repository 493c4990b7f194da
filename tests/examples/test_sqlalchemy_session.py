"""The example that commits users together with rows of its own, started as its README says."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.servers.answering import until_it_answers
from tests.servers.ports import free_port
from tests.servers.reaper import reaper
from tests.serving.served import environment
from userkit.testing.bench import PATIENCE

ROOT = Path(__file__).parents[2]
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "mauve otters juggle teapots"}
GRACE = {"email": "grace@example.com", "name": "Grace Hopper", "password": "seven quiet lamps below deck"}


@contextmanager
def running(script: str, folder: Path, *arguments: str, **more: str) -> Iterator[httpx.Client]:
    """Start a script of an example on a free port, with a log in a folder; end it by its id."""
    port, log = free_port(), folder / f"{Path(script).stem}.log"
    with log.open("ab") as told:
        process = subprocess.Popen(
            [sys.executable, f"examples/{script}", *arguments],
            cwd=ROOT,
            env=environment(PORT=str(port), **more),
            stdout=told,
            stderr=told,
        )
    reaper().watch_process(process.pid, signal_number=signal.SIGTERM)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            until_it_answers(client, "/", process, log, patience=PATIENCE)
            yield client
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reaper().forget_process(process.pid)


def bearer(client: httpx.Client, email: str, password: str) -> dict[str, str]:
    """Sign somebody in, and return the header that shows it."""
    answer = client.post("/api/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[httpx.Client]:
    """Start the shop with an empty folder."""
    with running("sqlalchemy_session/shop.py", tmp_path, DATA=str(tmp_path / "data")) as client:
        yield client


def test_an_account_and_its_first_order_are_one_commit(shop: httpx.Client) -> None:
    """What the database refuses takes the account back with it; what it takes is joined to the name."""
    last = {"title": "Difference engine"}
    assert shop.post("/first-order", json=ADA | last).status_code == 201
    headers = bearer(shop, ADA["email"], ADA["password"])
    assert shop.get("/orders", headers=headers).json() == [
        {"title": "Difference engine", "buyer": "Ada Lovelace"}
    ]

    refused = shop.post("/first-order", json=GRACE | last)
    assert (refused.status_code, refused.json()["detail"][:14]) == (409, "It is sold out")
    login = {"email": GRACE["email"], "password": GRACE["password"]}
    assert shop.post("/api/v1/auth/login", json=login).json()["code"] == "invalid_credentials"
    assert shop.get("/stock").json() == {"Analytical engine": 2, "Difference engine": 0}
    # Nothing of her is left that would be in the way.
    assert shop.post("/api/v1/users", json=GRACE).status_code == 201


def test_an_order_is_taken_back_where_there_is_an_account_already(shop: httpx.Client) -> None:
    """An error of userkit is answered as ever, and the stock is as it was."""
    wanted = {"title": "Analytical engine"}
    assert shop.post("/first-order", json=ADA | wanted).status_code == 201
    again = shop.post("/first-order", json=ADA | wanted)
    assert (again.status_code, again.json()["code"]) == (409, "email_already_exists")
    assert shop.get("/stock").json()["Analytical engine"] == 1


def test_orders_belong_to_users_who_exist(shop: httpx.Client) -> None:
    """The foreign key lets nobody order whose account is gone, and takes orders along with the account."""
    assert shop.post("/api/v1/users", json=ADA).status_code == 201
    headers = bearer(shop, ADA["email"], ADA["password"])
    params = {"title": "Analytical engine"}
    assert shop.post("/orders", params=params, headers=headers).status_code == 201
    assert shop.delete("/api/v1/users/me", headers=headers).status_code == 204
    # The access token is believed until it expires, the foreign key is not fooled.
    assert shop.post("/orders", params=params, headers=headers).status_code == 409
    assert shop.get("/orders", headers=headers).json() == []
    assert shop.get("/stock").json()["Analytical engine"] == 1
