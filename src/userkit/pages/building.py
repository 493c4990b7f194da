"""Putting the pages of a kit together: which there are, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from userkit.errors import ConfigurationError
from userkit.features.registration import RegistrationMode
from userkit.pages.account import DeleteAccount, Overview, Profile
from userkit.pages.addresses import ChangeEmail, NewEmail, VerifyEmail
from userkit.pages.api_keys import ApiKeysPage, NewApiKeyPage
from userkit.pages.assets import Asset
from userkit.pages.page import Page
from userkit.pages.passwords import ChangePassword, ForgotPassword, ResetPassword
from userkit.pages.paths import Paths
from userkit.pages.rendering import Renderer
from userkit.pages.sessions import SessionsPage
from userkit.pages.settings import PageSettings
from userkit.pages.signing import ConfirmPassword, Entrance, SignIn, SignOut, SignUp
from userkit.pages.site import Site

if TYPE_CHECKING:
    from userkit.assembly import Wiring
    from userkit.features.mail import Letters
    from userkit.kit import SyncUserKit, UserKit
    from userkit.surface import Surface

__all__ = ["build"]

_NO_PATHS: Mapping[str, str] = {}


def build(surface: Surface, kit: UserKit | SyncUserKit, settings: PageSettings) -> Surface:
    """Return a surface with the pages of a kit. Raises ConfigurationError and MissingExtraError."""
    wiring = kit.wiring()
    base_url = _checked_base_url(surface, wiring)
    letters: Letters = wiring.offered["mail"]
    links = _NO_PATHS if letters.deliver is None else letters.deliver.links.paths
    paths = Paths.below(base_url, links=links)
    style = Asset.of(
        "style.css", path=paths.to("userkit-pages.css"), media_type="text/css", more=settings.css
    )
    script = Asset.of("page.js", path=paths.to("userkit-pages.js"), media_type="text/javascript")
    home = settings.after_sign_in or paths.to("overview")
    pages = _pages(surface, wiring, paths, home)
    names = {
        "app_name": wiring.app_name,
        "url": paths.to,
        "has": frozenset(page.name for page in pages),
        "sends_mail": letters.available,
        "least_password": wiring.offered["passwords"].new.policy.min_length,
        "style_url": style.url,
        "script_url": script.url,
    }
    renderer = Renderer.of(names, templates=settings.templates)
    site = Site(app=surface.app, users=surface.users, paths=paths, renderer=renderer, home=home)
    handlers = {paths.to(page.name): site.handler(page) for page in pages}
    return replace(surface, pages={**handlers, style.path: style.answer, script.path: script.answer})


def _checked_base_url(surface: Surface, wiring: Wiring) -> str:
    if wiring.base_url is None:
        raise ConfigurationError(
            'Pages need to know where they are: UserKit(…, base_url="https://app.example").'
        )
    if not surface.app.browser.accepted or "session" not in wiring.authentication.backends:
        raise ConfigurationError(
            'Pages keep people signed in with a cookie: leave "cookie" in transports=…, and "session" in '
            "UserKit(…, auth=…)."
        )
    return wiring.base_url


def _pages(surface: Surface, wiring: Wiring, paths: Paths, home: str) -> Sequence[Page]:
    offered, browser = wiring.offered, surface.app.browser
    sessions, passwords, users = offered["sessions"], offered["passwords"], offered["users"]
    verification = offered["email_verification"]
    enter = Entrance(sessions=sessions, browser=browser, home=home)
    pages: list[Page] = [
        SignIn(enter=enter),
        SignOut(sessions=sessions, browser=browser, paths=paths),
        ConfirmPassword(sessions=sessions, passwords=passwords, paths=paths),
        Overview(verification=verification, paths=paths),
        Profile(users=users, paths=paths),
        ChangePassword(passwords=passwords, paths=paths),
        SessionsPage(sessions=sessions, browser=browser, paths=paths),
        DeleteAccount(users=users, browser=browser, paths=paths),
    ]
    if offered["registration"].mode is not RegistrationMode.CLOSED:
        pages.append(SignUp(registration=offered["registration"], enter=enter, paths=paths))
    if offered["mail"].available:
        pages += _mailed(offered, paths, surface)
    if "api-key" in wiring.authentication.backends:
        keys, now = offered["api_keys"], wiring.now
        pages.append(ApiKeysPage(api_keys=keys, now=now, paths=paths))
        pages.append(NewApiKeyPage(api_keys=keys, roles=offered["roles"], now=now))
    return pages


def _mailed(offered: Mapping[str, Any], paths: Paths, surface: Surface) -> Sequence[Page]:
    """Return the pages that mails lead to, or that send one."""
    verification, password_reset = offered["email_verification"], offered["password_reset"]
    return (
        VerifyEmail(verification=verification, links=offered["links"], paths=paths),
        NewEmail(verification=verification, paths=paths),
        ChangeEmail(verification=verification, paths=paths),
        ForgotPassword(password_reset=password_reset, paths=paths),
        ResetPassword(password_reset=password_reset, browser=surface.app.browser, paths=paths),
    )
