"""What the application does: run it with ``pytest``."""

from app import app

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "mauve otters juggle teapots"}


def test_who_has_signed_in_gets_in() -> None:
    """With an access token, and not without."""
    client = app.test_client()
    assert client.get("/protected").status_code == 401

    registered = client.post("/api/v1/users", json=ADA)
    assert registered.status_code == 201

    login = {"email": ADA["email"], "password": ADA["password"]}
    tokens = client.post("/api/v1/auth/login", json=login).get_json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = client.get("/protected", headers=headers)
    assert answer.get_json() == {"user_id": registered.get_json()["id"], "name": "Ada Lovelace"}
