"""A kit as frameworks see it: every route in its order, and guards for the application's own endpoints."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.http.doors import Doorkeeper, application, as_json, asking, problem, route
from tests.security.world import EMAIL, PASSWORD, SECRET, World
from userkit import Feature, SyncUserKit
from userkit.errors import (
    ConfigurationError,
    CsrfFailedError,
    ForbiddenError,
    ReauthenticationRequiredError,
    UnauthenticatedError,
    UsageError,
)
from userkit.features.mail import mail
from userkit.http.messages import Headers, Request
from userkit.http.route import PUBLIC, AnyRoute
from userkit.kernel.origin import Origin, current_origin
from userkit.surface import Surface
from userkit.sync import run

PERMISSION = "users:read"


@pytest.fixture
def here() -> Iterator[World]:
    """A world in memory, with a kit that can send mail."""
    world = World("memory://")
    world.open(features=[mail(sender="App <no-reply@app.example>")])
    yield world
    world.close()


@pytest.fixture
def surface(here: World) -> Surface:
    """The surface of its kit."""
    return Surface.of(here.kit)


def signed_in(here: World) -> tuple[str, Headers]:
    """Return the id of Ada, and the header that shows who she is."""
    ada = here.ada()
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    return ada.id, (("authorization", f"Bearer {tokens.access_token}"),)


def offering(*routes: AnyRoute, name: str = "things") -> Feature[Any, Any]:
    """Return a feature that offers routes and nothing else."""
    return Feature(name=name, build=lambda _: object(), mirror=lambda offer: offer, routes=lambda _: routes)


def test_every_route_is_there_once(here: World, surface: Surface) -> None:
    """By path and method; no route of the kit is lost."""
    listed = [(one.path, one.method) for one in surface.routes]
    assert len(listed) == len(set(listed)) == len(here.kit.routes())
    for path, methods in surface.paths.items():
        assert all((one.path, one.method) == (path, method) for method, one in methods.items())
    assert surface.prefix == "/api/v1"
    assert surface.pages == {}


def test_a_path_of_words_comes_before_one_with_places(surface: Surface) -> None:
    """A framework takes the first that fits: /users/me is nobody whose id is me."""
    order = list(surface.paths)
    assert order.index("/users/me") < order.index("/users/{id}")
    assert order.index("/auth/sessions") < order.index("/auth/sessions/{id}")
    for at, path in enumerate(order):
        for later in order[at + 1 :]:
            assert path == later or not covers(path, later), f"{path} hides {later}"


def covers(path: str, other: str) -> bool:
    """Tell whether all requests to a path are also requests to another."""
    one, two = path.split("/"), other.split("/")
    return len(one) == len(two) and all(
        mine.startswith("{") or mine == theirs for mine, theirs in zip(one, two, strict=True)
    )


def test_the_names_of_operations_differ(surface: Surface) -> None:
    """Generated clients make functions of them."""
    names = [one.name for one in surface.routes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (("/things", "/things"), "Two features offer GET /things"),
        (("/users/me",), "Two features offer GET /users/me"),
        (("/things/{id}", "/things/{name}"), "are one path"),
        (("/users/{user_id}",), "are one path"),
    ],
)
def test_routes_do_not_hide_each_other(here: World, paths: tuple[str, ...], told: str) -> None:
    """Two of one method and path are a mistake, also where their places are called differently."""
    things = offering(*(route(access=PUBLIC, path=path) for path in paths))
    with pytest.raises(UsageError, match=told):
        Surface.of(here.open(features=[things]))


def test_paths_that_differ_are_no_mistake(here: World) -> None:
    """Nor are several methods of one."""
    things = offering(
        *(route(access=PUBLIC, path=path) for path in ("/things/{id}", "/things/{id}/parts", "/things/new")),
        route(access=PUBLIC, path="/things/{id}", method="PUT"),
    )
    paths = Surface.of(here.open(features=[things])).paths
    assert list(paths["/things/{id}"]) == ["GET", "PUT"]
    assert list(paths).index("/things/new") < list(paths).index("/things/{id}")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"prefix": "api"}, "prefix"),
        ({"prefix": "/api/"}, "prefix"),
        ({"transports": []}, "at least one"),
        ({"transports": ["query"]}, "no such transport"),
        ({"trusted_proxies": "10.0.0.1"}, "is a list"),
        ({"trusted_proxies": ["proxy.internal"]}, "address or a network"),
        ({"trusted_origins": "https://app.example"}, "is a list"),
        ({"trusted_origins": ["app.example"]}, "An origin is"),
        ({"trusted_origins": ["https://app.example/"]}, "An origin is"),
        ({"body_limit": 0}, "number of bytes"),
        ({"body_limit": "1 MB"}, "number of bytes"),
    ],
)
def test_settings_are_checked(here: World, settings: dict[str, Any], told: str) -> None:
    """When the application starts, with the remedy in the sentence."""
    with pytest.raises(ConfigurationError, match=told):
        Surface.of(here.kit, **settings)


def test_settings_are_heeded(here: World) -> None:
    """Each where it belongs."""
    surface = Surface.of(
        here.kit,
        prefix="/accounts",
        transports=["bearer"],
        trusted_proxies=["10.0.0.0/8"],
        trusted_origins=["https://www.app.example"],
        body_limit=10,
    )
    assert surface.prefix == "/accounts"
    assert surface.app.body_limit == 10
    assert not surface.app.browser.accepted
    own, other = (asking("POST", ("origin", f"https://{host}app.example")) for host in ("", "www."))
    assert surface.app.browser.csrf.is_same_origin(own)
    assert surface.app.browser.csrf.is_same_origin(other)
    proxied = asking("GET", ("x-forwarded-for", "192.0.2.7"), peer="10.1.1.1")
    assert surface.app.proxies.client_of(proxied) == "192.0.2.7"
    assert problem(run(surface.app.run(surface.paths["/auth/login"]["POST"], as_json({"email": EMAIL})))) == (
        413,
        "body_too_large",
    )


def test_over_plain_http_on_this_machine_cookies_have_another_name() -> None:
    """It is the base URL that says so."""
    with SyncUserKit("memory://", secret=SECRET, base_url="http://localhost:8000") as kit:
        assert Surface.of(kit).app.browser.cookies.session == "userkit"


def test_a_guard_returns_who_asks(here: World, surface: Surface) -> None:
    """As an identity, or as the user as they are now."""
    ada, headers = signed_in(here)
    request = asking("GET", *headers)
    for guard in (surface.identity, surface.identity_or_none):
        identity = run(guard(request))
        assert identity is not None
        assert identity.user_id == ada
    here.kit.users.update(ada, name="Countess")
    for asked in (surface.user, surface.user_or_none):
        user = run(asked(request))
        assert user is not None
        assert (user.id, user.name) == (ada, "Countess")


def test_a_guard_lets_nobody_in_who_shows_nothing(surface: Surface) -> None:
    """Where it is optional, nobody is somebody, too."""
    assert run(surface.identity_or_none(asking())) is None
    assert run(surface.user_or_none(asking())) is None
    guards = (
        surface.identity(asking()),
        surface.user(asking()),
        surface.require(asking(), PERMISSION),
        surface.require_fresh(asking()),
    )
    for guarded in guards:
        with pytest.raises(UnauthenticatedError):
            run(guarded)


def test_what_is_shown_must_be_good(surface: Surface) -> None:
    """Also where it is optional: who shows something means it."""
    bad = asking("GET", ("authorization", "Bearer nonsense"))
    for guarded in (surface.identity_or_none(bad), surface.user_or_none(bad), surface.user(bad)):
        with pytest.raises(UnauthenticatedError):
            run(guarded)


def test_a_guard_asks_for_a_permission(here: World, surface: Surface) -> None:
    """At this moment, whatever a token says."""
    ada, headers = signed_in(here)
    request = asking("GET", *headers)
    with pytest.raises(ForbiddenError):
        run(surface.require(request, PERMISSION))
    here.kit.roles.set(ada, ["admin"])
    assert run(surface.require(request, PERMISSION)).user_id == ada
    assert run(surface.app.gatekeeper.allows(run(surface.identity(request)), PERMISSION))


def test_a_guard_asks_for_a_recent_proof(here: World, surface: Surface) -> None:
    """Within five minutes, or within what the application says; an API key is none."""
    ada, headers = signed_in(here)
    request = asking("POST", *headers)
    key = here.kit.api_keys.create(ada, name="script", scopes=[])
    assert run(surface.require_fresh(request)).user_id == ada
    here.clock.advance(minutes=6)
    with pytest.raises(ReauthenticationRequiredError):
        run(surface.require_fresh(request))
    assert run(surface.require_fresh(request, within=timedelta(minutes=10))).user_id == ada
    with pytest.raises(ForbiddenError, match="no session") as refused:
        run(surface.require_fresh(asking("POST", ("x-api-key", key.secret))))
    assert not isinstance(refused.value, ReauthenticationRequiredError)


def test_au_1_what_a_guard_refuses_is_recorded_with_its_origin(here: World, surface: Surface) -> None:
    """Who was refused, from where and with what program."""
    ada, headers = signed_in(here)
    origins: list[Origin] = []

    class Watching(Doorkeeper):
        def _fail(self, port: str) -> None:
            origins.append(current_origin())

    identity = run(surface.identity(asking("GET", *headers)))
    door = application(Watching(known={headers[0][1].removeprefix("Bearer "): identity}))
    request = asking("GET", *headers, ("user-agent", "curl/8"), peer="192.0.2.7")
    watched = replace(surface, app=door)
    for guarded in (watched.require(request, PERMISSION), watched.require_fresh(request)):
        with pytest.raises(ForbiddenError):
            run(guarded)
    before, acted = (
        Origin(address="192.0.2.7", user_agent="curl/8", actor_id=actor, session_id=session)
        for actor, session in ((None, None), (ada, identity.session_id))
    )
    assert origins == [before, acted, before, acted]
    assert current_origin() == Origin()


def test_se_4_a_guard_checks_where_a_cookie_comes_from(here: World, surface: Surface) -> None:
    """As the routes of userkit do."""
    here.ada()
    opened = here.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    cookie = ("cookie", f"__Host-userkit={opened.token}")
    assert run(surface.identity(asking("GET", cookie))).session_id == opened.session_id
    with pytest.raises(CsrfFailedError):
        run(surface.identity(asking("POST", cookie)))
    token = surface.app.browser.csrf.token(opened.session_id)
    assert (
        run(surface.identity(asking("POST", cookie, ("x-csrf-token", token)))).session_id == opened.session_id
    )
    assert run(surface.user(asking("POST", cookie, ("origin", "https://app.example")))).email == EMAIL


def test_csrf_tokens_are_good_in_every_process(here: World, surface: Surface) -> None:
    """They rest on the secret of the kit, and on its realm."""
    again = Surface.of(here.open())
    assert again.app.browser.csrf.token("s") == surface.app.browser.csrf.token("s")
    acme = Surface.of(here.kit.realm("acme"))
    assert acme.app.browser.csrf.token("s") != surface.app.browser.csrf.token("s")


def test_the_gatekeeper_asks_the_kit(here: World, surface: Surface) -> None:
    """Through the routes, from the sign-in to the answer that only a signed-in user gets."""
    here.ada()
    login, me = surface.paths["/auth/login"]["POST"], surface.paths["/users/me"]["GET"]
    signed = run(
        surface.app.run(login, as_json({"email": EMAIL, "password": PASSWORD}, query="transport=cookie"))
    )
    cookies = [value.partition(";")[0] for name, value in signed.headers if name == "set-cookie"]
    assert signed.status == 204
    request = Request(method="GET", path="/api/v1/users/me", headers=(("cookie", "; ".join(cookies)),))
    assert run(surface.app.run(me, request)).status == 200
    assert problem(run(application().run(me, request))) == (401, "unauthenticated")
