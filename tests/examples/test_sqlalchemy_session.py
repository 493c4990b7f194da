"""The example that commits users together with rows of its own, started as its README says."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.examples.running import ADA, GRACE, bearer, running


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
