"""The extension: what a kit offers over HTTP, as a blueprint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

from flask import Blueprint, Flask, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import NotFound

from userkit.errors import ConfigurationError, NotFoundError, UsageError, UserKitError
from userkit.http.docs_page import documentation
from userkit.http.messages import Request as PlainRequest
from userkit.http.messages import Response as PlainResponse
from userkit.http.problems import to_response
from userkit.http.route import AnyRoute
from userkit.http.settings import ALL_TRANSPORTS, DEFAULT_BODY_LIMIT, DEFAULT_PREFIX
from userkit.integrations.flask.opening import KitOpener
from userkit.integrations.flask.translation import asked_request, native, plain, read_body
from userkit.kit import SyncUserKit
from userkit.pages import PageSettings, with_pages
from userkit.surface import Surface
from userkit.sync import run

__all__ = ["Installed", "UserKitExtension", "installed"]

_NAME = "userkit"
_CHOSEN = "userkit_chosen"
_MISSING = "There is no such UserKitExtension in this application: UserKitExtension(app, kit)."
Answer = Callable[[PlainRequest], Awaitable[PlainResponse]]
View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Installed:
    """What an application has of a kit."""

    surface: Surface
    opener: KitOpener


class UserKitExtension:
    """Everything that a kit offers over HTTP, and guards, for one application or several.

    The kit is opened when the first request comes and closed when the process ends. One that the
    application opens itself stays its own.
    """

    def __init__(
        self,
        app: Flask | None = None,
        kit: SyncUserKit | None = None,
        *,
        prefix: str = DEFAULT_PREFIX,
        transports: Sequence[str] = ALL_TRANSPORTS,
        trusted_proxies: Sequence[str] = (),
        trusted_origins: Sequence[str] = (),
        body_limit: int = DEFAULT_BODY_LIMIT,
        pages: PageSettings | bool = False,
    ) -> None:
        """Take a kit, and what the application wants to choose about HTTP.

        - ``app``: an application to begin with; others, or all, come by ``init_app``.
        - ``kit``: what applications get that bring no kit of their own.
        - ``prefix``: the path that all routes begin with.
        - ``transports``: how requests show who they are from: ``bearer``, ``api-key``, ``header`` (that
          of an auth backend), ``cookie``.
        - ``trusted_proxies``: addresses and networks whose ``X-Forwarded-For`` counts.
        - ``trusted_origins``: where pages of the application are, beside the host that is asked, such
          as ``https://app.example``. They may make changes with a cookie.
        - ``body_limit``: how many bytes of a body are read.
        - ``pages``: whether people find pages to sign in and look after their account, at the path of
          the kit's ``base_url``; or what to choose about them.

        Raises ConfigurationError.
        """
        self._kit = None if kit is None else _checked(kit)
        self._pages = pages
        self._installed: WeakKeyDictionary[Flask, Installed] = WeakKeyDictionary()
        self._chosen: dict[str, Any] = {
            "prefix": prefix,
            "transports": transports,
            "trusted_proxies": trusted_proxies,
            "trusted_origins": trusted_origins,
            "body_limit": body_limit,
        }
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, kit: SyncUserKit | None = None) -> None:
        """Add everything to an application, with a kit of its own or with that of the extension.

        An application may have several extensions, with different prefixes; its guards ask the first.

        Raises ConfigurationError.
        """
        kit = self._kit if kit is None else _checked(kit)
        if kit is None:
            raise ConfigurationError("Give the kit: UserKitExtension(app, kit), or init_app(app, kit).")
        surface = Surface.of(kit, **self._chosen)
        surface = surface if self._pages is False else with_pages(surface, kit, self._pages)
        documents = documentation(surface.routes, prefix=surface.prefix, title=kit.wiring().app_name)
        _check_free(app, documents)
        opener = KitOpener(kit)
        self._installed[app] = Installed(surface, opener)
        app.extensions.setdefault(_NAME, self._installed[app])
        app.before_request(_unknown_below(f"{surface.prefix}/"))
        app.before_request(opener.open)
        if UserKitError not in app.error_handler_spec[None][None]:
            app.register_error_handler(UserKitError, _problem)
        app.register_blueprint(_blueprint(app, surface, documents))

    def guarding(self) -> None:
        """Let this extension guard views, where an application has several.

        ``blueprint.before_request(acme.guarding)``: guards of that blueprint ask the kit of ``acme``.
        Raises UsageError in an application that has not got this extension.
        """
        found = self._installed.get(_application())
        if found is None:
            raise UsageError(_MISSING)
        setattr(request, _CHOSEN, found)


def installed() -> Installed:
    """Return what guards the view that answers this request. Raises UsageError."""
    found = vars(asked_request()).get(_CHOSEN) or current_app.extensions.get(_NAME)
    if found is None:
        raise UsageError(_MISSING)
    return found  # type: ignore[no-any-return]  # put there by init_app


def _application() -> Flask:
    return cast(Any, current_app)._get_current_object()  # type: ignore[no-any-return]  # it is what it stands for


def _checked(kit: object) -> SyncUserKit:
    if not isinstance(kit, SyncUserKit):
        raise ConfigurationError("Flask runs no event loop: give UserKitExtension a SyncUserKit.")
    return kit


def _check_free(app: Flask, documents: Mapping[str, Answer]) -> None:
    if any(rule.rule in documents for rule in app.url_map.iter_rules()):
        raise ConfigurationError("This application has userkit at this prefix already; give another prefix.")


def _blueprint(app: Flask, surface: Surface, documents: Mapping[str, Answer]) -> Blueprint:
    others = sum(name.partition("_")[0] == _NAME for name in app.blueprints)
    blueprint = Blueprint(f"{_NAME}_{others + 1}" if others else _NAME, __name__)
    for path, methods in surface.paths.items():
        _add_path(blueprint, surface, methods, surface.prefix + _in_werkzeug(path))
    for path, answer in documents.items():
        name = path.rpartition("/")[2].partition(".")[0]
        _add_any_method(blueprint, path, name, _view(surface, answer))
    for number, (path, answer) in enumerate(surface.pages.items(), 1):
        _add_any_method(blueprint, _in_werkzeug(path), f"page_{number}", _view(surface, answer))
    return blueprint


def _add_path(blueprint: Blueprint, surface: Surface, methods: Mapping[str, AnyRoute], rule: str) -> None:
    async def answer(asked: PlainRequest) -> PlainResponse:
        return await surface.app.answer(methods, asked)

    view = _view(surface, answer)
    for route in methods.values():
        blueprint.add_url_rule(
            rule,
            route.name,
            view,
            methods=[route.method],
            provide_automatic_options=False,
            merge_slashes=False,
        )
    _add_any_method(blueprint, rule, f"{next(iter(methods.values())).name}_others", view)


def _add_any_method(blueprint: Blueprint, rule: str, name: str, view: View) -> None:
    """Let a view answer whatever method no operation of its path has, for which Flask has no word."""

    def add(state: BlueprintSetupState) -> None:
        endpoint = f"{blueprint.name}.{name}"
        state.app.url_map.add(state.app.url_rule_class(rule, endpoint=endpoint, merge_slashes=False))
        state.app.view_functions[endpoint] = view

    blueprint.record(add)


def _in_werkzeug(path: str) -> str:
    return path.replace("{", "<").replace("}", ">")


def _view(surface: Surface, answer: Answer) -> View:
    async def answered(body: bytes) -> PlainResponse:
        return await answer(plain(body))

    def view(**_: str) -> Response:
        body = read_body(surface.app)
        return native(run(answered(body)) if isinstance(body, bytes) else body)

    return view


def _unknown_below(prefix: str) -> Callable[[], Response | None]:
    """Answer what the application has no path for, where only userkit's paths are."""

    def unknown() -> Response | None:
        missing = isinstance(request.routing_exception, NotFound)
        if missing and prefix != "/" and request.path.startswith(prefix):
            return native(to_response(NotFoundError("There is nothing at this path.")))
        return None

    return unknown


def _problem(error: UserKitError) -> Response:
    """Answer an error of userkit that a view of the application has raised."""
    return native(to_response(error, presented="authorization" in request.headers))
