"""Guards: in annotations, in lists of dependencies, in routers, replaced in tests."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient

from tests.integrations.fastapi.world import EMAIL, bearer, client_of, kit_over, sign_up
from userkit import SyncUserKit, User, UserKit, roles
from userkit.errors import ConfigurationError
from userkit.integrations.fastapi import (
    CurrentIdentity,
    CurrentUser,
    OptionalIdentity,
    OptionalUser,
    UserKitRouter,
    get_current_user,
    get_optional_user,
    require,
    require_fresh,
)
from userkit.kernel.identity import Identity
from userkit.testing import FrozenClock

USERS, IDENTITIES = ("/user", "/optional-user", "/depends"), ("/identity", "/optional-identity")


def guarded(kit: UserKit) -> FastAPI:
    """Return an application with every guard in every place."""
    app = FastAPI()
    inner = APIRouter(prefix="/inner", dependencies=[require("reports:read")])

    @inner.get("/report")
    async def report() -> str:
        return "read"

    @app.get("/identity")
    async def identity(identity: CurrentIdentity) -> str:
        return identity.user_id

    @app.get("/user")
    async def user(user: CurrentUser) -> str:
        return user.email

    @app.get("/optional-identity")
    async def optional_identity(identity: OptionalIdentity) -> str | None:
        return identity and identity.user_id

    @app.get("/optional-user")
    async def optional_user(user: OptionalUser) -> str | None:
        return user and user.email

    @app.get("/depends")
    def depends(user: User = Depends(get_optional_user)) -> str | None:  # noqa: B008  # FastAPI's older way
        return user and user.email

    @app.get("/listed", dependencies=[Depends(get_current_user)])
    async def listed() -> str:
        return "listed"

    @app.get("/permitted")
    async def permitted(identity: Annotated[Identity, require("reports:read")]) -> str:
        return identity.user_id

    @app.get("/fresh", dependencies=[require_fresh(minutes=5)])
    async def fresh() -> str:
        return "fresh"

    app.include_router(inner)
    app.include_router(UserKitRouter(kit))
    return app


@pytest.mark.parametrize("path", ["/identity", "/user", "/listed", "/permitted", "/fresh", "/inner/report"])
def test_nobody_gets_in_who_has_not_signed_in(path: str) -> None:
    """The answer is a problem, and says how to show who one is."""
    with client_of(guarded(kit_over())) as client:
        answer = client.get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == 'Bearer realm="userkit"'
    assert answer.json()["code"] == "unauthenticated"


def test_whoever_has_signed_in_is_known_to_the_endpoint() -> None:
    """Guards give an identity or a user."""
    with client_of(guarded(kit_over())) as client:
        headers = bearer(sign_up(client))
        told = {
            path: client.get(path, headers=headers).json() for path in ("/user", "/optional-user", "/depends")
        }
        ids = {client.get(path, headers=headers).json() for path in IDENTITIES}
        assert client.get("/listed", headers=headers).json() == "listed"
    assert set(told.values()) == {EMAIL}
    assert len(ids) == 1


def test_whoever_need_not_sign_in_must_not_show_what_is_wrong() -> None:
    """A token that is no good is refused, not overlooked."""
    with client_of(guarded(kit_over())) as client:
        assert client.get("/optional-user").json() is None
        assert client.get("/optional-identity").json() is None
        answer = client.get("/optional-user", headers=bearer("nonsense"))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="userkit", error="invalid_token"'


def test_a_permission_comes_with_a_role() -> None:
    """It holds for the endpoint and for all that is in a router."""
    kit = kit_over(features=[roles({"admin": {"*"}, "reader": {"reports:read"}})])
    with client_of(guarded(kit)) as client:
        headers = bearer(sign_up(client))
        refused = [client.get(path, headers=headers) for path in ("/permitted", "/inner/report")]
        portal = client.portal
        assert portal is not None
        portal.call(_make_reader, kit)
        assert client.get("/inner/report", headers=headers).json() == "read"
        assert client.get("/permitted", headers=headers).status_code == 200
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "forbidden")}


async def _make_reader(kit: UserKit) -> None:
    ada = await kit.users.get_by_email(EMAIL)
    await kit.roles.assign(ada.id, "reader")


def test_what_is_dangerous_wants_a_fresh_proof() -> None:
    """Some minutes after signing in one is asked again."""
    clock = FrozenClock()
    with client_of(guarded(kit_over(clock=clock))) as client:
        headers = bearer(sign_up(client))
        assert client.get("/fresh", headers=headers).json() == "fresh"
        clock.advance(minutes=6)
        answer = client.get("/fresh", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")


def test_a_test_puts_another_user_in_the_place_of_a_guard() -> None:
    """FastAPI's own way works: dependency_overrides."""
    app = guarded(kit_over())
    now = FrozenClock()()
    eve = User(
        id="1",
        version=1,
        email="eve@example.com",
        email_key="eve@example.com",
        name="Eve",
        created_at=now,
        updated_at=now,
    )
    app.dependency_overrides[get_current_user] = lambda: eve
    with client_of(app) as client:
        assert client.get("/user").json() == "eve@example.com"
        assert client.get("/listed").json() == "listed"
        assert client.get("/identity").status_code == 401


def test_guards_made_alike_are_one_guard() -> None:
    """So that a test can put another in its place, and FastAPI asks it once in a request."""
    assert require("users:write").dependency is require("users:write").dependency
    assert require_fresh(minutes=5).dependency is require_fresh().dependency
    app = guarded(kit_over())
    app.dependency_overrides[require("reports:read").dependency] = lambda: None
    with client_of(app) as client:
        assert client.get("/inner/report").json() == "read"


def test_an_api_key_opens_an_endpoint_in_either_header() -> None:
    """X-API-Key and Authorization carry it."""
    kit = kit_over()
    with client_of(guarded(kit)) as client:
        token = sign_up(client)
        made = client.post("/api/v1/auth/api-keys", json={"name": "deploy"}, headers=bearer(token))
        key = made.json()["key"]
        assert client.get("/user", headers={"X-API-Key": key}).json() == EMAIL
        assert client.get("/user", headers=bearer(key)).json() == EMAIL
        assert client.get("/fresh", headers=bearer(key)).status_code == 403


def test_se_4_a_cookie_changes_something_for_our_own_pages_only() -> None:
    """SE-4: the application's own endpoints refuse what another site makes a browser send."""
    app = guarded(kit_over())

    @app.post("/change")
    async def change(user: CurrentUser) -> str:
        return user.email

    with client_of(app) as client:
        sign_up(client)
        login = {"email": EMAIL, "password": "mauve otters juggle teapots"}
        assert client.post("/api/v1/auth/login?transport=cookie", json=login).status_code == 204
        assert client.get("/user").json() == EMAIL
        answers = [client.post("/change"), client.post("/change", headers={"Origin": "https://evil.example"})]
        token = client.cookies["__Host-userkit-csrf"]
        assert client.post("/change", headers={"X-CSRF-Token": token}).json() == EMAIL
        assert client.post("/change", headers={"Origin": "https://app.example"}).json() == EMAIL
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "csrf_failed")}


def test_a_guard_without_a_router_says_what_is_missing() -> None:
    """Nobody searches long."""
    app = FastAPI()

    @app.get("/")
    async def root(user: CurrentUser) -> str:
        return user.id

    with TestClient(app) as client, pytest.raises(Exception, match="has no UserKitRouter"):
        client.get("/")


def test_a_kit_without_an_event_loop_is_refused() -> None:
    """It would stop everybody while one waits for the database."""
    kit = SyncUserKit("memory://", secret="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B")
    with pytest.raises(ConfigurationError, match="give UserKitRouter a UserKit"):
        UserKitRouter(kit)  # type: ignore[arg-type]
