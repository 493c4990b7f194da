"""Guards of an application's own views."""

import inspect
from typing import Any

import pytest
from flask import Blueprint, Flask, g
from flask.testing import FlaskClient

from tests.integrations.flask.conftest import MakeKit
from tests.integrations.worlds import EMAIL, PASSWORD, bearer
from userkit import SyncUserKit, User
from userkit.backends.memory import MemoryStore
from userkit.errors import UsageError
from userkit.http.problems import PROBLEM_JSON
from userkit.integrations.flask import (
    UserKitExtension,
    current_identity,
    current_user,
    get_current_identity,
    get_current_user,
    get_optional_identity,
    get_optional_user,
    login_required,
    require,
    require_fresh,
)


class CountingStore(MemoryStore):
    """A store that counts how often users are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []  # the views of all realms share it

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        self.reads += [id] * (entity is User)
        return await super().get(entity, id)


@pytest.fixture
def store() -> CountingStore:
    """Count."""
    return CountingStore()


@pytest.fixture
def kit(make_kit: MakeKit, store: CountingStore) -> SyncUserKit:
    """Make a kit whose reads are counted."""
    return make_kit(store)


@pytest.fixture
def app(kit: SyncUserKit) -> Flask:
    """Return an application with a view behind every guard."""
    app = Flask("shop")
    UserKitExtension(app, kit)

    @app.get("/protected")
    @login_required
    def protected() -> dict[str, str]:
        return {"user_id": current_user.id, "email": get_current_user().email}

    @app.get("/identity")
    def identity() -> dict[str, str]:
        return {"user_id": current_identity.user_id, "again": get_current_identity().user_id}

    @app.get("/optional")
    def optional() -> dict[str, str | None]:
        user, identity = get_optional_user(), get_optional_identity()
        return {"email": user and user.email, "user_id": identity and identity.user_id}

    @app.get("/admin/<int:number>")
    @require("users:write")
    def admin(number: int) -> dict[str, int]:
        return {"number": number}

    @app.get("/fresh")
    @require_fresh(minutes=5)
    def fresh() -> dict[str, str]:
        return {"user_id": current_user.id}

    return app


@pytest.mark.parametrize("path", ["/protected", "/identity", "/admin/1", "/fresh"])
@pytest.mark.parametrize(
    "headers", [{}, bearer("nonsense"), bearer("uk_nonsense")], ids=["none", "jwt", "key"]
)
def test_nobody_gets_in_without_a_credential(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    """Nor with one that is no good."""
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, PROBLEM_JSON)
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert ("invalid_token" in answer.headers["www-authenticate"]) is bool(headers)


def test_whoever_has_signed_in_gets_in(client: FlaskClient, token: str) -> None:
    """The user is there as a proxy and as a function."""
    answer = client.get("/protected", headers=bearer(token))
    assert answer.json is not None
    assert answer.json["email"] == EMAIL
    identity = client.get("/identity", headers=bearer(token)).json
    assert identity == {"user_id": answer.json["user_id"], "again": answer.json["user_id"]}


def test_a_closed_account_does_not_get_in(client: FlaskClient, kit: SyncUserKit, token: str) -> None:
    """Even while its access token would be good."""
    kit.users.disable(kit.users.get_by_email(EMAIL).id)
    assert client.get("/protected", headers=bearer(token)).status_code == 401


def test_optional_guards_let_everybody_in_who_shows_nothing(client: FlaskClient, token: str) -> None:
    """What is shown must be good all the same."""
    assert client.get("/optional").json == {"email": None, "user_id": None}
    signed_in = client.get("/optional", headers=bearer(token)).json
    assert signed_in is not None
    assert signed_in["email"] == EMAIL
    assert client.get("/optional", headers=bearer("nonsense")).status_code == 401


def test_a_permission_is_looked_up_each_time(client: FlaskClient, kit: SyncUserKit, token: str) -> None:
    """A role acts from the next request on, and the view gets its arguments."""
    refused = client.get("/admin/7", headers=bearer(token))
    assert refused.json is not None
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    kit.roles.set(kit.users.get_by_email(EMAIL).id, ["admin"])
    assert client.get("/admin/7", headers=bearer(token)).json == {"number": 7}


def test_what_is_dangerous_wants_a_fresh_proof(client: FlaskClient, kit: SyncUserKit, token: str) -> None:
    """A sign-in just now is one; an API key is none."""
    assert client.get("/fresh", headers=bearer(token)).status_code == 200
    key = kit.api_keys.create(kit.users.get_by_email(EMAIL).id, name="robot")
    refused = client.get("/fresh", headers=bearer(key.secret))
    assert (refused.status_code, refused.mimetype) == (403, PROBLEM_JSON)


def test_a_question_is_asked_once_in_a_request(client: FlaskClient, store: CountingStore, token: str) -> None:
    """However often a view looks at the user, they are read once, and anew in the next request."""
    for _ in range(2):
        store.reads.clear()
        client.get("/protected", headers=bearer(token))
        assert len(store.reads) == 1


def test_az_1_an_answer_is_never_taken_for_that_to_another_request(
    app: Flask, client: FlaskClient, token: str
) -> None:
    """Requests that share an application context, as in many tests, are not the same for it."""
    with app.app_context():
        g.something = "outlives the request"
        assert client.get("/protected", headers=bearer(token)).status_code == 200
        assert client.get("/protected").status_code == 401
        assert client.get("/optional").json == {"email": None, "user_id": None}


def test_two_applications_do_not_share_answers(make_kit: MakeKit, app: Flask, token: str) -> None:
    """A token of one is nothing to the other."""
    other = Flask("other")
    UserKitExtension(other, make_kit(secret="another secret of at least 32 bytes"))
    other.add_url_rule("/who", "who", login_required(lambda: current_user.id))
    assert app.test_client().get("/protected", headers=bearer(token)).status_code == 200
    assert other.test_client().get("/who", headers=bearer(token)).status_code == 401


def test_a_blueprint_may_be_guarded_by_another_kit(make_kit: MakeKit, app: Flask, token: str) -> None:
    """A tenant of its own has users of its own; the other views go on asking the first kit."""
    acme = UserKitExtension(app, make_kit(secret="another secret of at least 32 bytes"), prefix="/acme/v1")
    blueprint = Blueprint("acme", __name__, url_prefix="/acme")
    blueprint.before_request(acme.guarding)
    blueprint.add_url_rule("/who", "who", login_required(lambda: current_user.email))
    app.register_blueprint(blueprint)
    client = app.test_client()
    grace = {"email": "grace@example.com", "password": PASSWORD}
    client.post("/acme/v1/users", json={"name": "Grace Hopper", **grace})
    tokens = client.post("/acme/v1/auth/login", json=grace).json
    assert tokens is not None
    assert client.get("/acme/who", headers=bearer(tokens["access_token"])).text == "grace@example.com"
    assert client.get("/acme/who", headers=bearer(token)).status_code == 401
    assert client.get("/protected", headers=bearer(token)).status_code == 200
    assert client.get("/protected", headers=bearer(tokens["access_token"])).status_code == 401


def test_guards_work_before_the_extension_has_seen_the_request(make_kit: MakeKit) -> None:
    """An application may guard everything in a function that it registered first."""
    app, kit = Flask("shop"), make_kit()
    seen: list[User | None] = []
    app.before_request(lambda: seen.append(get_optional_user()))
    app.add_url_rule("/", "home", lambda: "home")
    UserKitExtension(app, kit)
    assert app.test_client().get("/").text == "home"
    assert seen == [None]
    assert kit.is_open


def test_a_blueprint_can_be_guarded_as_a_whole(app: Flask, client: FlaskClient, token: str) -> None:
    """What runs before its requests is guarded like a view."""
    admin = Blueprint("back_office", __name__, url_prefix="/office")
    admin.before_request(login_required(lambda: None))
    admin.add_url_rule("/", "home", lambda: "home")
    app.register_blueprint(admin)
    assert client.get("/office/").status_code == 401
    assert client.get("/office/", headers=bearer(token)).text == "home"


def test_a_guarded_view_keeps_its_name_and_signature() -> None:
    """Flask names endpoints after functions, and tools read signatures."""

    def view(id: str, *, page: int = 1) -> str:
        """Show it."""
        return f"{id}{page}"

    for guard in (login_required, require("users:read"), require_fresh()):
        guarded = guard(view)
        assert (guarded.__name__, guarded.__doc__) == ("view", "Show it.")
        assert inspect.signature(guarded) == inspect.signature(view)


def test_without_the_extension_a_guard_says_what_is_missing() -> None:
    """Nobody is let in by accident."""
    for guard in (login_required(lambda: "home"), UserKitExtension().guarding):
        app = Flask("bare")
        app.add_url_rule("/", "home", guard)
        app.testing = True
        with pytest.raises(UsageError, match="UserKitExtension"):
            app.test_client().get("/")


def test_a_cookie_opens_views_and_changes_need_the_csrf_token(
    app: Flask, client: FlaskClient, kit: SyncUserKit, token: str
) -> None:
    """A page of somebody else can send the cookie, and cannot read the token."""
    app.add_url_rule("/order", "order", login_required(lambda: "ordered"), methods=["POST"])
    signed_in = client.post(
        "/api/v1/auth/login?transport=cookie", json={"email": EMAIL, "password": PASSWORD}
    )
    cookies = dict(value.partition(";")[0].split("=", 1) for value in signed_in.headers.getlist("set-cookie"))
    for name, value in cookies.items():
        client.set_cookie(name, value)
    assert client.get("/protected").status_code == 200
    assert client.post("/order").status_code == 403
    ours = {"x-csrf-token": cookies["__Host-userkit-csrf"]}
    assert client.post("/order", headers=ours).text == "ordered"
