"""A server from its first start on: register, sign in, refresh, reset; its figures, log and folder."""

import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.postgres import PostgresServer
from tests.serving.served import ADA, NEW_PASSWORD, PASSWORD, Served, served, until

# Servers are started, in turn, on machines that may be busy.
pytestmark = pytest.mark.timeout(300)

SIGN_INS = 'userkit_sign_ins_total{{outcome="{}"}}'


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)], scope="module", ids=str
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over each database, which logs JSON."""
    folder, more = tmp_path_factory.mktemp("served"), {}
    if request.param == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres18")
        more["USERKIT_DATABASE"] = postgres.url(database=postgres.create_database())
        more["USERKIT_SECRET"] = secrets.token_urlsafe(32)
    with served(folder, "--log-format", "json", **more) as server:
        yield server


def test_whoever_is_new_gets_through_everything(server: Served) -> None:
    """Register, sign in, a protected route, refresh, reset by the link of a mail; all of it is counted."""
    assert server.register().status_code == 201
    assert server.register().status_code == 409
    assert server.sign_in("a wrong guess at it").status_code == 401
    tokens = server.sign_in().raise_for_status().json()
    assert server.me(tokens["access_token"]).json()["email"] == ADA["email"]
    renewed = server.post("/auth/refresh", refresh_token=tokens["refresh_token"]).raise_for_status().json()
    assert server.post("/auth/refresh", refresh_token=tokens["refresh_token"]).status_code == 401

    assert server.post("/auth/password/forgot", email=ADA["email"]).status_code == 202
    token = server.link_token(ADA["email"], "password")
    assert server.post("/auth/password/reset", token=token, password=NEW_PASSWORD).status_code == 204
    assert server.post("/auth/password/reset", token=token, password=NEW_PASSWORD).status_code == 400
    assert server.post("/auth/refresh", refresh_token=renewed["refresh_token"]).status_code == 401
    assert server.sign_in().status_code == 401
    assert server.sign_in(NEW_PASSWORD).status_code == 200

    assert server.metric(SIGN_INS.format("signed_in")) == 2
    assert server.metric(SIGN_INS.format("refused")) == 2
    login = '{method="POST",route="/api/v1/auth/login",status="200"}'
    assert server.metric(f"userkit_http_requests_total{login}") == 2
    assert server.metric('userkit_http_request_seconds_count{method="POST",route="/api/v1/auth/login"}') == 4
    assert server.metric('userkit_store_seconds_count{verb="commit"}') >= 5
    assert server.metric("userkit_password_hashes_pending") == 0

    log = server.log.read_text()
    known = [PASSWORD, NEW_PASSWORD, token, *tokens.values(), *renewed.values(), ADA["email"]]
    assert [each for each in known if isinstance(each, str) and each != "bearer" and each in log] == []
    assert {"method": "POST", "route": "/api/v1/auth/login", "status": 401}.items() <= until(
        lambda: next((each for each in server.records() if each.get("status") == 401), None)
    ).items()
    assert all({"time", "level", "logger", "message"} <= record.keys() for record in server.records())


def test_guessing_is_counted_when_it_is_stopped(server: Served) -> None:
    """Five wrong passwords, and the sixth attempt has to wait."""
    before = server.metric(SIGN_INS.format("throttled"))
    guesses = [
        server.post("/auth/login", email="eve@example.com", password=f"a wrong guess, number {number}")
        for number in range(6)
    ]
    assert [guess.status_code for guess in guesses] == [401, 401, 401, 401, 401, 429]
    assert server.metric(SIGN_INS.format("throttled")) == before + 1


def test_paths_that_nobody_offers_are_counted_as_one(server: Served) -> None:
    """Nobody makes the figures grow by asking for what is not there, or by methods of their own."""
    server.http.get("/no/such/path?token=hidden")
    server.http.request("PROPFIND", "/api/v1/users/me")
    answer = server.http.get("/another")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    text = server.http.get("/metrics").text
    assert 'route="unmatched"' in text
    assert 'method="OTHER",route="/api/v1/users/me"' in text
    assert not any(word in text for word in ("/no/such", "another", "PROPFIND"))
    assert "hidden" not in server.log.read_text()


def test_probes_are_no_part_of_the_api(server: Served) -> None:
    """They answer, are not documented, not cached, and refuse other methods as everything does."""
    paths = server.http.get("/openapi.json").json()["paths"]
    for probe in ("/healthz", "/readyz", "/metrics"):
        answer = server.http.get(probe)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert probe not in paths
        refused = server.http.post(probe)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        assert refused.json()["code"] == "method_not_allowed"
    assert "/api/v1/users/me" in paths


def test_metrics_are_for_this_machine(server: Served) -> None:
    """What a proxy passes on is from elsewhere, even if the proxy is here."""
    for name in ("x-forwarded-for", "forwarded", "x-real-ip"):
        assert server.http.get("/metrics", headers={name: "127.0.0.1"}).status_code == 403


def test_the_server_says_little_of_itself(server: Served) -> None:
    """No name and no version in the headers; the log has neither the client nor a query."""
    assert "server" not in server.http.get("/healthz").headers
    requests = [each for each in server.records() if each["logger"] == "userkit.access"]
    assert requests
    assert "127.0.0.1" not in str(requests)


def test_the_folder_is_for_its_owner(server: Served) -> None:
    """Mail and the secret are readable by whoever runs the server, and by nobody else."""
    mail = Path(server.said["Mail"])
    assert stat.S_IMODE(mail.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in mail.iterdir()} <= {0o600}
    secret = server.folder / "userkit.db.secret"
    if secret.exists():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert secret.read_text().strip() not in server.log.read_text() + str(server.said)
