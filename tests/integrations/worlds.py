"""An application of each framework, in this process or behind a socket, over a store of each kind.

A `World` is one realm of a store with an application in it. `world.ask` sends what it is given, byte for
byte, and keeps no cookies; `world.kit` is a `SyncUserKit` on the same realm, to arrange and to look into.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.integrations.applications import KINDS
from userkit import SyncUserKit, User
from userkit.backends.mail import MemoryMailer
from userkit.backends.memory import MemoryStore
from userkit.features.mail import mail
from userkit.ports.mail import Message
from userkit.ports.rate_limit import Limit, Verdict
from userkit.storage.port import Store
from userkit.testing import FrozenClock, InstantHasher
from userkit.testing.bench import new_realm
from userkit.testing.http import Client, SocketClient

__all__ = [
    "EMAIL",
    "FRAMEWORKS",
    "IN_PROCESS",
    "PASSWORD",
    "PLACES",
    "SECRET",
    "Place",
    "Unlimited",
    "World",
    "bearer",
]

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
EMAIL = "ada@example.com"
PASSWORD = "mauve otters juggle teapots"
SENDER = "App <no-reply@app.example>"

FRAMEWORKS = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Place:
    """Which framework, whether there is a socket in between, and which store is below."""

    framework: str
    way: str
    store: str

    def __str__(self) -> str:
        return f"{self.framework}-{self.way}-{self.store}"


PLACES = [
    Place(framework, way, store)
    for framework in FRAMEWORKS
    for way, store in (
        ("in-process", "memory"),
        ("in-process", "sqlite"),
        ("in-process", "postgresql"),
        ("socket", "sqlite"),
        ("socket", "postgresql"),
    )
]
"""Everywhere that matters."""

IN_PROCESS = [Place(framework, "in-process", "memory") for framework in FRAMEWORKS]
"""The fast ones: `@pytest.mark.parametrize("place", IN_PROCESS, ids=str, indirect=True)`."""


class Unlimited:
    """A limiter that lets everybody try as often as they like."""

    blocking = True

    async def take(self, limit: Limit, key: str) -> Verdict:
        return Verdict(allowed=True)

    async def release(self, limit: Limit, key: str) -> None:
        return None

    async def forget(self, limit: Limit, key: str) -> None:
        return None

    async def close(self) -> None:
        """Do nothing."""


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"authorization": f"Bearer {token}"}


@dataclass
class World:
    """An application of one framework over one realm of a store; enter it to start it.

    - `database`: the URL of the store; `memory://` is one store that both kits share.
    - `limits`: whether attempts are limited, as they are in real life.
    - `kit_options`, `http_options`: what differs from the usual, for the kit and for the integration.
    - `extend`: adds endpoints to the application before it starts.
    """

    place: Place
    database: str
    limits: bool = True
    kit_options: Mapping[str, Any] = field(default_factory=dict)
    http_options: Mapping[str, Any] = field(default_factory=dict)
    extend: Callable[[Any], None] | None = None
    clock: FrozenClock = field(default_factory=FrozenClock)
    mailer: MemoryMailer = field(default_factory=MemoryMailer)
    hasher: InstantHasher = field(default_factory=InstantHasher)
    realm: str = field(default_factory=new_realm)

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        try:
            store: str | Store = MemoryStore() if self.database == "memory://" else self.database
            self.kit = self._stack.enter_context(SyncUserKit(store, **self.options))
            kind = KINDS[self.place.framework]
            kit = kind.kit(store, **self.options)
            self.app = kind.make(kit, **self.http_options)
            if isinstance(kit, SyncUserKit):
                # The extension opens it for the first request, and closes it when the process ends.
                self._stack.callback(kit.close)
            if self.extend is not None:
                self.extend(self.app)
            start = kind.serve if self.place.way == "socket" else kind.drive
            self.client: Client = self._stack.enter_context(start(self.app))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    @property
    def options(self) -> dict[str, Any]:
        """What the kits of this world are made with."""
        features: list[Any] = [mail(sender=SENDER)]
        usual: dict[str, Any] = {
            "secret": SECRET,
            "realm": self.realm,
            "clock": self.clock,
            "hasher": self.hasher,
            "mailer": self.mailer,
            "base_url": "https://app.example",
            "relay": False,
            "limiter": None if self.limits else Unlimited(),
        }
        features += self.kit_options.get("features", [])
        return usual | dict(self.kit_options) | {"features": features}

    @property
    def url(self) -> str:
        """Where the application is."""
        client = self.client
        return (
            f"http://{client.host}:{client.port}"
            if isinstance(client, SocketClient)
            else "http://app.example"
        )

    @property
    def prefix(self) -> str:
        """What the paths of userkit begin with."""
        return str(self.http_options.get("prefix", "/api/v1"))

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        content: bytes | Iterable[bytes] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        cookies: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> httpx.Response:
        """Send one request. `path` goes out as it is; below `/users` and `/auth` the prefix is put before it.

        `headers` may name one several times. Nothing is followed and no cookie is kept.
        """
        request = httpx.Request(method, self.url, json=json, data=data)
        sent = list(headers.items()) if isinstance(headers, Mapping) else list(headers or ())
        given = {name.lower() for name, _ in sent}
        if "content-type" in request.headers and "content-type" not in given:
            sent.append(("content-type", request.headers["content-type"]))
        if cookies:
            sent.append(("cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
        if token:
            sent += bearer(token).items()
        target = self.path(path)
        if params:
            target += f"?{httpx.QueryParams(params)}"
        body = request.read() if content is None else content
        answer = self.client.ask(method, target, headers=sent, body=body)
        response = httpx.Response(
            answer.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers],
            stream=httpx.ByteStream(answer.body),
            request=request,
        )
        response.read()
        return response

    def path(self, path: str) -> str:
        """Return a path of userkit with its prefix."""
        ours = path.startswith(("/users", "/auth/"))
        return f"{self.prefix}{path}" if ours else path

    def ada(self, *roles: str, email: str = EMAIL, password: str | None = PASSWORD) -> User:
        """Register Ada, with roles."""
        user = self.kit.users.register(email=email, name="Ada Lovelace", password=password)
        if roles:
            self.kit.roles.set(user.id, roles)
        return user

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        """Sign in over HTTP and return the access token."""
        answer = self.ask("POST", "/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def deliver(self) -> None:
        """Do everything that waits in the outbox, such as mail."""
        while self.kit.outbox.deliver().done:
            pass

    def letters(self) -> list[Message]:
        """Deliver what is due, and return every mail that was sent so far, the newest last."""
        self.deliver()
        return self.mailer.sent
