"""The extension: what it adds to an application, and what it leaves alone."""

from typing import Any

import pytest
from flask import Flask, request, url_for
from flask.cli import routes_command
from flask.testing import FlaskClient

from tests.integrations.flask.conftest import MakeKit
from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, bearer
from userkit import ConfigurationError, SyncUserKit, UserKit, UserNotFoundError
from userkit.errors import NotFoundError, UserKitError
from userkit.http.problems import PROBLEM_JSON
from userkit.integrations.flask import UserKitExtension

ADA = {"email": EMAIL, "name": "Ada Lovelace", "password": PASSWORD}


def test_everything_is_there_in_two_lines(client: FlaskClient) -> None:
    """Somebody registers, signs in and reads their account."""
    assert client.post("/api/v1/users", json=ADA).status_code == 201
    tokens = client.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}).json
    assert tokens is not None
    me = client.get("/api/v1/users/me", headers=bearer(tokens["access_token"]))
    assert me.json is not None
    assert me.json["name"] == "Ada Lovelace"


def test_an_application_can_come_later_and_several_share_an_extension(make_kit: MakeKit) -> None:
    """`init_app` takes the kit of the extension, or one for this application."""
    own, other = make_kit(), make_kit()
    extension = UserKitExtension(kit=own)
    shop, staff, desk = Flask("shop"), Flask("staff"), Flask("desk")
    extension.init_app(shop)
    extension.init_app(staff)
    extension.init_app(desk, other)
    for app in (shop, desk):
        assert app.test_client().post("/api/v1/users", json=ADA).status_code == 201
    assert staff.test_client().post("/api/v1/users", json=ADA).status_code == 409
    assert (own.users.count(), other.users.count()) == (1, 1)


def test_one_application_may_have_several_kits(make_kit: MakeKit) -> None:
    """Each has a prefix and a blueprint of its own."""
    kit = make_kit()
    app = Flask("shop")
    UserKitExtension(app, kit)
    UserKitExtension(app, kit.realm("acme"), prefix="/acme/v1")
    client = app.test_client()
    assert client.post("/api/v1/users", json=ADA).status_code == 201
    assert client.post("/acme/v1/users", json=ADA).status_code == 201
    assert kit.realm("acme").users.count() == 1
    assert {"userkit", "userkit_2"} <= app.blueprints.keys()


def test_a_prefix_is_taken_once(app: Flask, kit: SyncUserKit) -> None:
    """The second extension would never be asked."""
    with pytest.raises(ConfigurationError, match="another prefix"):
        UserKitExtension(app, kit)


def test_a_kit_for_event_loops_is_refused() -> None:
    """The sentence says what to give."""
    kit: Any = UserKit("memory://", secret=SECRET)
    for refused in (
        lambda: UserKitExtension(Flask("shop"), kit),
        lambda: UserKitExtension(kit=kit),
        lambda: UserKitExtension().init_app(Flask("shop"), kit),
    ):
        with pytest.raises(ConfigurationError, match="give UserKitExtension a SyncUserKit"):
            refused()


def test_a_kit_is_needed() -> None:
    """An application without one would answer nothing."""
    with pytest.raises(ConfigurationError, match="Give the kit"):
        UserKitExtension(Flask("shop"))


def test_routes_have_names(app: Flask) -> None:
    """`url_for` and `flask routes` know every operation."""
    with app.test_request_context():
        assert url_for("userkit.login") == "/api/v1/auth/login"
        assert url_for("userkit.get_user", id="7") == "/api/v1/users/7"
        assert url_for("userkit.docs") == "/api/v1/docs"
    assert "userkit.login" in app.test_cli_runner().invoke(routes_command).output


def test_head_options_and_other_methods_are_answered_as_people_expect(
    client: FlaskClient, token: str
) -> None:
    """HEAD tells the length of what GET sends; OPTIONS and 405 tell the methods."""
    got = client.get("/api/v1/users/me", headers=bearer(token))
    head = client.head("/api/v1/users/me", headers=bearer(token))
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.data))
    options = client.options("/api/v1/users/me")
    assert (options.status_code, options.data) == (204, b"")
    assert "content-type" not in options.headers
    for method in ("PUT", "TRACE", "BREW"):
        refused = client.open("/api/v1/users/me", method=method)
        assert (refused.status_code, refused.mimetype) == (405, PROBLEM_JSON)
        assert refused.headers["allow"] == options.headers["allow"] == "DELETE, GET, HEAD, PATCH, OPTIONS"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/users/", "/api/v1//users", "/api/v1/users/a/b"])
def test_what_is_not_there_below_the_prefix_is_a_problem(client: FlaskClient, path: str) -> None:
    """A client of the API never has to read HTML, and is never sent elsewhere."""
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, PROBLEM_JSON)
    assert answer.json is not None
    assert answer.json["code"] == "not_found"


def test_what_is_the_applications_stays_as_it_is(app: Flask, client: FlaskClient) -> None:
    """Its 404 and 405 are its own, also below the prefix."""
    app.add_url_rule("/api/v1/orders", "orders", lambda: "orders")
    app.register_error_handler(404, lambda _: ("Nothing here, dear.", 404))
    assert client.get("/nothing").text == "Nothing here, dear."
    assert client.get("/api/v1/orders").text == "orders"
    assert client.post("/api/v1/orders").mimetype == "text/html"
    assert client.get("/api/v1/nothing").mimetype == PROBLEM_JSON


def test_without_a_prefix_all_404s_are_the_applications(kit: SyncUserKit) -> None:
    """Nobody could tell then whose they are."""
    app = Flask("shop")
    UserKitExtension(app, kit, prefix="")
    client = app.test_client()
    assert client.post("/users", json=ADA).status_code == 201
    assert client.get("/nothing").mimetype == "text/html"


def test_errors_of_views_become_problems(app: Flask, client: FlaskClient, kit: SyncUserKit) -> None:
    """A view calls a use case and lets it raise."""

    @app.get("/found/<id>")
    def found(id: str) -> str:
        return kit.users.get(id).name

    answer = client.get("/found/nobody")
    assert (answer.status_code, answer.mimetype) == (404, PROBLEM_JSON)
    assert answer.json is not None
    assert answer.json["code"] == "user_not_found"


def test_an_application_that_handles_our_errors_goes_on_doing_so(kit: SyncUserKit) -> None:
    """Whether it said so for all of them, or for one."""
    app = Flask("shop")
    app.register_error_handler(UserKitError, lambda error: (f"ours: {error.code}", 418))
    UserKitExtension(app, kit)
    app.register_error_handler(UserNotFoundError, lambda _: ("nobody", 410))

    @app.get("/raise/<name>")
    def fail(name: str) -> str:
        raise UserNotFoundError if name == "user" else NotFoundError

    client = app.test_client()
    assert client.get("/raise/user").text == "nobody"
    assert client.get("/raise/other").text == "ours: not_found"


def test_pages_are_there_when_they_are_wanted(make_kit: MakeKit) -> None:
    """At the path of the kit's base URL, with every method they know."""
    app = Flask("shop")
    UserKitExtension(app, make_kit(base_url="https://app.example/account"), pages=True)
    client = app.test_client()
    assert client.get("/account/sign-in").mimetype == "text/html"
    assert client.head("/account/sign-in").status_code == 200
    assert client.get("/account").status_code == 303
    assert client.put("/account/sign-in").status_code == 405


def test_the_location_counts_where_the_application_is_mounted(client: FlaskClient) -> None:
    """A server or a dispatcher may have it below a path."""
    answer = client.post("/api/v1/users", json=ADA, environ_overrides={"SCRIPT_NAME": "/shop"})
    assert answer.headers["location"].startswith("/shop/api/v1/users/")


def test_cookies_come_one_by_one(client: FlaskClient, token: str) -> None:
    """Two Set-Cookie headers stay two."""
    answer = client.post("/api/v1/auth/login?transport=cookie", json={"email": EMAIL, "password": PASSWORD})
    names = [value.partition("=")[0] for value in answer.headers.getlist("set-cookie")]
    assert names == ["__Host-userkit", "__Host-userkit-csrf"]


def test_what_the_application_does_after_each_request_is_done(app: Flask, client: FlaskClient) -> None:
    """Headers that it adds are there."""

    @app.after_request
    def add(response: Any) -> Any:
        response.headers["x-shop"] = "1"
        return response

    assert client.get("/api/v1/auth/jwks").headers["x-shop"] == "1"
    assert client.get("/api/v1/nothing").headers["x-shop"] == "1"


def test_the_client_is_who_the_server_says(kit: SyncUserKit, token: str) -> None:
    """Unless a trusted proxy knows better; behind a Unix socket there is no address."""
    app = Flask("shop")
    UserKitExtension(app, kit, trusted_proxies=["192.0.2.0/24"])
    for peer, expected in (("198.51.100.1", "198.51.100.1"), ("192.0.2.1", "203.0.113.9"), ("", "unknown")):
        signed_in = app.test_client().post(
            "/api/v1/auth/login",
            json={"email": EMAIL, "password": PASSWORD},
            headers={"x-forwarded-for": "203.0.113.9"},
            environ_overrides={"REMOTE_ADDR": peer},
        )
        assert signed_in.json is not None
        identity = kit.authenticate(signed_in.json["access_token"])
        session = next(s for s in kit.sessions.list(identity.user_id).items if s.id == identity.session_id)
        assert session.address == expected


def test_the_body_can_have_been_read_before(app: Flask, client: FlaskClient) -> None:
    """An application that logs bodies takes nothing away."""
    seen: list[bytes] = []

    @app.before_request
    def look() -> None:
        seen.append(request.get_data())

    assert client.post("/api/v1/users", json=ADA).status_code == 201
    assert EMAIL.encode() in seen[0]
