"""What an application under test is made with, and how the suite looks at it."""

import json as json_text
import secrets
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from userkit.features.users import User
from userkit.http.route import FORM
from userkit.kernel.clock import utc_now
from userkit.kit import SyncUserKit
from userkit.ports.mail import Message
from userkit.ports.rate_limit import Limit, Verdict
from userkit.testing.bench import new_realm
from userkit.testing.hashing import InstantHasher
from userkit.testing.http.answers import Answer, Client, Sent
from userkit.testing.http.reference import Reference, alike

__all__ = ["Application", "Person", "Stage", "Start"]

_LONG_AGO = timedelta(minutes=10)
_BODY_LIMIT = 65_536


class _Unlimited:
    """Lets everybody try as often as they like: all tests come from one address."""

    blocking = True

    async def take(self, limit: Limit, key: str) -> Verdict:
        return Verdict(allowed=True)

    async def release(self, limit: Limit, key: str) -> None:
        return None

    async def forget(self, limit: Limit, key: str) -> None:
        return None

    async def close(self) -> None:
        """Do nothing."""


class _Nowhere:
    """Sends nothing. Without a mailer, routes that write letters would not work."""

    blocking = True
    in_process = True

    async def send(self, message: Message) -> None:
        return None

    async def close(self) -> None:
        return None


def _kit_options() -> dict[str, Any]:
    return {
        "secret": secrets.token_urlsafe(32),
        "realm": new_realm(),
        "hasher": InstantHasher(),
        "limiter": _Unlimited(),
        "mailer": _Nowhere(),
        "base_url": "https://app.example",
        "relay": False,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the application is to be made with.

    - ``store``: the URL of the database.
    - ``kit_options``: for its kit: ``UserKit(stage.store, **stage.kit_options)``.
    - ``http_options``: for the integration: ``trusted_proxies`` and ``body_limit``.
    """

    store: str
    kit_options: Mapping[str, Any] = field(default_factory=_kit_options, repr=False)
    http_options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, store: str, *, trusted_proxies: tuple[str, ...] = ()) -> "Stage":
        """Return a stage in a realm that nobody has used."""
        return cls(store=store, http_options={"trusted_proxies": trusted_proxies, "body_limit": _BODY_LIMIT})

    @contextmanager
    def play(self, start: "Start") -> Generator["Application"]:
        """Start the application, and open kits on the same database to look into it."""
        with ExitStack() as stack:
            client = stack.enter_context(start(self))
            kit = stack.enter_context(self._kit(utc_now))
            earlier = stack.enter_context(self._kit(lambda: utc_now() - _LONG_AGO))
            yield Application(
                client=client, kit=kit, earlier=earlier, reference=Reference.of(kit, **self.http_options)
            )

    def _kit(self, clock: Callable[[], datetime]) -> SyncUserKit:
        options: dict[str, Any] = {**self.kit_options, "clock": clock}
        return SyncUserKit(self.store, **options)


Start = Callable[[Stage], AbstractContextManager[Client]]
"""Makes an application, starts it, and returns what speaks to it; the application ends when that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account, of whom the suite knows the password."""

    user: User
    password: str = field(repr=False)

    @property
    def id(self) -> str:
        """Return the id of the account."""
        return self.user.id

    @property
    def login(self) -> dict[str, Any]:
        """Return the body that signs them in."""
        return {"email": self.user.email, "password": self.password}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application that runs.

    - ``client``: sends requests to it. ``kit``: looks into its database.
    - ``earlier``: a kit whose clock is ten minutes slow, so that what it does was done then.
    - ``reference``: what the answers must be, byte for byte.
    """

    client: Client
    kit: SyncUserKit
    earlier: SyncUserKit
    reference: Reference

    def ask(self, method: str, target: str, **request: Any) -> Answer:
        """Send a request to a path of userkit (``/users``, ``/auth``) or to one of the application.

        It may have ``json``, a ``form`` or a ``body``, ``headers``, and a ``token``.
        """
        sent, content = _sent(**request)
        return self.client.ask(method, self.path(target), headers=sent, body=content)

    def expect(self, method: str, target: str, **request: Any) -> Answer:
        """Return what the answer must be; what is changed by it is changed in the database."""
        sent, content = _sent(**request)
        return self.reference.ask(method, self.path(target), headers=sent, body=content)

    def check(self, method: str, target: str, **request: Any) -> Answer:
        """Send a request, see that the answer is what it must be, and return it.

        It is asked for twice, so it must be a request that is answered alike twice.
        """
        answer = self.ask(method, target, **request)
        alike(answer, self.expect(method, target, **request))
        return answer

    def path(self, target: str) -> str:
        """Return the target with the prefix, where it is one of userkit."""
        ours = target.startswith(("/users", "/auth"))
        return f"{self.reference.prefix}{target}" if ours else target

    def person(self, *roles: str, password: str = "mauve otters juggle teapots") -> Person:  # noqa: S107
        """Register somebody with roles."""
        email = f"{uuid.uuid4().hex}@example.com"
        user = self.kit.users.register(email=email, name="Ada Lovelace", password=password)
        if roles:
            self.kit.roles.set(user.id, roles)
        return Person(user=user, password=password)

    def token(self, person: Person) -> str:
        """Sign somebody in, and return the access token."""
        return self.kit.sessions.sign_in(**person.login).access_token

    def stale_token(self, person: Person) -> str:
        """Return the access token of somebody who signed in ten minutes ago."""
        # The token itself is too short-lived to be shown ten minutes later.
        pair = self.earlier.sessions.sign_in(**person.login)
        return self.kit.sessions.refresh(pair.refresh_token).access_token

    def api_key(self, person: Person, *scopes: str) -> str:
        """Return a new API key of somebody."""
        return self.kit.api_keys.create(person.id, name="key", scopes=scopes).secret

    def cookies(self, person: Person) -> dict[str, str]:
        """Sign somebody in as a browser, and return its cookies."""
        answer = self.ask("POST", "/auth/login?transport=cookie", json=person.login)
        pairs = (value.partition(";")[0].partition("=") for value in answer.values("set-cookie"))
        return {name: value for name, _, value in pairs}


def _sent(
    *,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] = b"",
    headers: Sent = (),
    token: str | None = None,
) -> tuple[Sent, bytes | Iterable[bytes]]:
    """Return the headers and the body of a request."""
    sent = [("authorization", f"Bearer {token}")] if token else []
    if json is not None:
        return [("content-type", "application/json"), *sent, *headers], json_text.dumps(json).encode()
    if form is not None:
        return [("content-type", FORM), *sent, *headers], urlencode(form).encode()
    return [*sent, *headers], body
