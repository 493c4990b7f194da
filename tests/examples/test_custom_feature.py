"""The example with a feature of its own, in FastAPI and in Flask at once, over one database."""

from pathlib import Path

import httpx

from tests.examples.running import ADA, GRACE, bearer, running

PAGE = {"url": "https://example.com/notes", "title": "Notes"}
SECRET = "not a secret, but as long as one has to be"


def test_a_feature_is_the_same_in_both_kits(tmp_path: Path) -> None:
    """What one application keeps the other shows; its own views use it, and its event is told by both."""
    both = {"DATABASE": f"sqlite:///{tmp_path / 'app.db'}", "SECRET": SECRET}
    with (
        running("custom_feature/fastapi_app.py", tmp_path, **both) as fast,
        running("custom_feature/flask_app.py", tmp_path, **both) as flask,
    ):
        ada, grace = (_newcomer(fast, each) for each in (ADA, GRACE))
        kept = fast.post("/api/v1/bookmarks", json=PAGE, headers=ada)
        assert kept.status_code == 201
        # The same page is kept once, whoever is asked.
        assert flask.post("/api/v1/bookmarks", json=PAGE, headers=ada).json() == kept.json()
        second = {"url": "https://example.com/sketch", "title": "Sketch"}
        assert flask.post("/api/v1/bookmarks", json=second, headers=ada).status_code == 201
        for client in (fast, flask):
            _shows(client, ada, grace, kept.json()["id"])

        assert fast.delete("/api/v1/users/me", headers=ada).status_code == 204
        assert flask.get("/newest", headers=ada).json() == {"title": None}
    told = [(tmp_path / f"{name}.log").read_text() for name in ("fastapi_app", "flask_app")]
    assert [text.count("has bookmarked") for text in told] == [1, 1]


def _newcomer(client: httpx.Client, who: dict[str, str]) -> dict[str, str]:
    assert client.post("/api/v1/users", json=who).status_code == 201
    return bearer(client, who["email"], who["password"])


def _shows(client: httpx.Client, ada: dict[str, str], grace: dict[str, str], first: str) -> None:
    """Look at what Ada has, and that it is hers alone."""
    assert client.get("/newest", headers=ada).json() == {"title": "Sketch"}
    page = client.get("/api/v1/bookmarks", params={"limit": 1}, headers=ada).json()
    assert [each["title"] for each in page["items"]] == ["Sketch"]
    rest = client.get("/api/v1/bookmarks", params={"after": page["next"]}, headers=ada).json()
    assert ([each["title"] for each in rest["items"]], rest["next"]) == (["Notes"], None)
    assert client.get("/api/v1/bookmarks", headers=grace).json()["items"] == []
    assert client.get("/api/v1/bookmarks").json()["code"] == "unauthenticated"
    stolen = client.delete(f"/api/v1/bookmarks/{first}", headers=grace)
    assert (stolen.status_code, stolen.json()["code"]) == (404, "not_found")
    wrong = client.post("/api/v1/bookmarks", json=PAGE | {"url": "ftp://example.com"}, headers=ada)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "validation_failed")
