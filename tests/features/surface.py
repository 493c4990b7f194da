"""A kit as an integration offers it over HTTP, without a framework, and people who ask it for something."""

import json as jsonlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from userkit import SyncUserKit, User
from userkit.assembly import AnyFeature
from userkit.backends.mail import MemoryMailer
from userkit.backends.memory import MemoryStore
from userkit.features.email_verification import email_verification
from userkit.features.mail import mail
from userkit.features.registration import registration
from userkit.features.roles import roles
from userkit.http import Request, Response
from userkit.http.route import AnyRoute
from userkit.storage.port import Store
from userkit.surface import Surface
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher

__all__ = [
    "NEW_PASSWORD",
    "PASSWORD",
    "PEOPLE",
    "PREFIX",
    "SECRET",
    "UNKNOWN_ID",
    "OpenSite",
    "Person",
    "Site",
    "alike",
    "answer",
    "asking",
    "cookies_of",
    "features",
    "matched",
    "problem",
    "read",
    "token_in",
]

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "mauve otters juggle teapots"
NEW_PASSWORD = "quiet lanterns drift upstream"
PREFIX = "/api/v1"
UNKNOWN_ID = "019c9f2f-3d7b-7000-8000-000000000000"

ROLES = {
    "admin": {"*"},
    "users-read": {"users:read"},
    "users-write": {"users:write"},
    "users-delete": {"users:delete"},
    "roles-read": {"roles:read"},
    "roles-write": {"roles:write"},
    "poster": {"posts:write"},
}

PEOPLE = (
    "nobody",
    "garbage",
    "self",
    "other",
    "seer",
    "holder",
    "administrator",
    "key of self",
    "key of holder",
    "key of holder with scope",
    "key of administrator with all scopes",
)
"""Who asks for something about Ada, whom ``self`` is. The holder has the permission in question, the seer
may read users, and keys have no scopes unless it is said."""

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Person:
    """Somebody with an account, who has signed in."""

    user: User
    access_token: str
    refresh_token: str

    @property
    def id(self) -> str:
        """Return the id of the account."""
        return self.user.id

    @property
    def headers(self) -> Headers:
        """Return what shows who they are."""
        return {"authorization": f"Bearer {self.access_token}"}


@dataclass
class Site:
    """A kit and its surface, a clock that stands still, and the mail that was sent."""

    kit: SyncUserKit
    surface: Surface
    clock: FrozenClock
    mailer: MemoryMailer
    hasher: InstantHasher

    @classmethod
    def opened(
        cls,
        *given: AnyFeature,
        store: Store | str | None = None,
        surface: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> "Site":
        """Open a kit; features, settings of the surface and arguments of the kit may be given."""
        clock, mailer, hasher = FrozenClock(), MemoryMailer(), InstantHasher()
        usual: dict[str, Any] = {
            "secret": SECRET,
            "clock": clock,
            "hasher": hasher,
            "mailer": mailer,
            "base_url": "https://app.example",
            "relay": False,
            "features": features(*given),
        }
        kit = SyncUserKit(MemoryStore() if store is None else store, **{**usual, **changes})
        kit.open()
        return cls(kit, Surface.of(kit, **{"prefix": PREFIX, **(surface or {})}), clock, mailer, hasher)

    def ask(
        self,
        method: str,
        target: str,
        *,
        headers: Headers | Iterable[tuple[str, str]] = (),
        peer: str | None = "192.0.2.1",
        **body: Any,
    ) -> Response:
        """Ask for something below the prefix, as an integration would; ``json``, ``form`` or ``body``."""
        path, _, query = target.partition("?")
        routes, values = matched(self.surface, path)
        kind, content = _encoded(**body)
        given = headers.items() if isinstance(headers, Mapping) else headers
        request = Request(
            method=method,
            path=self.surface.prefix + path,
            path_values=values,
            query=query,
            headers=(("host", "app.example"), *kind, *given),
            body=content,
            peer=peer,
            scheme="https",
        )
        return run(self.surface.app.answer(routes, request))

    def person(self, name: str = "ada", *roles: str, verified: bool = False) -> Person:
        """Register somebody, give them roles, and sign them in."""
        email = f"{name}@example.com"
        user = self.kit.users.register(email=email, name=f"{name.title()} Test", password=PASSWORD)
        for role in roles:
            self.kit.roles.assign(user.id, role)
        if verified:
            self.kit.email_verification.complete(token=self.token("verify_email", email), password=PASSWORD)
        pair = self.kit.sessions.sign_in(email=email, password=PASSWORD)
        return Person(self.kit.users.get(user.id), pair.access_token, pair.refresh_token)

    def key(self, owner: Person, *scopes: str) -> Headers:
        """Make an API key for somebody, and return the header that shows it."""
        return {"x-api-key": self.kit.api_keys.create(owner.id, name="script", scopes=scopes).secret}

    def people(self, permission: str) -> tuple[Person, dict[str, Headers]]:
        """Return Ada, and the headers of everybody in ``PEOPLE``."""
        ada = self.person("ada", "poster")
        holder = self.person("holder", permission.replace(":", "-"))
        root = self.person("root", "admin")
        headers: tuple[Headers, ...] = (
            {},
            {"authorization": "Bearer nonsense"},
            ada.headers,
            self.person("bob").headers,
            self.person("seer", "users-read").headers,
            holder.headers,
            root.headers,
            self.key(ada),
            self.key(holder),
            self.key(holder, permission),
            self.key(root, "*"),
        )
        return ada, dict(zip(PEOPLE, headers, strict=True))

    def browser(self, name: str = "ada") -> dict[str, str]:
        """Sign somebody in with a cookie who has registered, and return the cookies."""
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        response = self.ask("POST", "/auth/login?transport=cookie", json=body)
        assert response.status == 204, response.body
        return {name: value for name, (value, _) in cookies_of(response).items()}

    def letters(self) -> list[tuple[str, str]]:
        """Deliver what is due, and return what was sent so far: the templates and the receivers."""
        while self.kit.outbox.deliver().done:
            pass
        return [(message.template, message.to) for message in self.mailer.sent]

    def token(self, template: str, to: str) -> str:
        """Return the token in the last letter of a kind to somebody."""
        self.letters()
        sent = self.mailer.sent
        return token_in([each.text for each in sent if (each.template, each.to) == (template, to)][-1])


def features(*given: AnyFeature) -> list[AnyFeature]:
    """Return the features of a site; those given take the place of others of their name."""
    usual: list[AnyFeature] = [
        mail(sender="App <no-reply@app.example>"),
        roles(ROLES),
        registration(),
        email_verification(),
    ]
    return list({feature.name: feature for feature in [*usual, *given]}.values())


def matched(surface: Surface, path: str) -> tuple[Mapping[str, AnyRoute], dict[str, str]]:
    """Return the routes of a path by method, and what stands in its places."""
    parts = path.split("/")
    for pattern, routes in surface.paths.items():
        wanted = pattern.split("/")
        pairs = list(zip(wanted, parts, strict=False))
        if len(wanted) == len(parts) and all(w == p or (w[:1] == "{" and p) for w, p in pairs):
            return routes, {w[1:-1]: unquote(p) for w, p in pairs if w[:1] == "{"}
    raise AssertionError(f"There is no route for {path}.")


def _encoded(
    *, json: Any = ..., form: Mapping[str, str] | None = None, body: bytes | None = None
) -> tuple[tuple[tuple[str, str], ...], bytes]:
    if form is not None:
        return (("content-type", "application/x-www-form-urlencoded"),), urlencode(form).encode()
    if json is not ...:
        return (("content-type", "application/json"),), jsonlib.dumps(json).encode()
    return ((("content-type", "application/json"),), body) if body is not None else ((), b"")


def read(response: Response) -> Any:
    """Return the JSON of an answer that holds personal data or credentials, which nobody may keep."""
    assert response.header("content-type") == "application/json", response.body
    assert response.header("cache-control") == "no-store"
    return jsonlib.loads(response.body)


def answer(response: Response, status: int) -> Response:
    """Return an answer without a body, after checking its status."""
    assert (response.status, response.body) == (status, b""), response.body
    assert response.header("content-type") is None
    assert response.header("cache-control") == "no-store"
    return response


def problem(response: Response, status: int, code: str) -> Any:
    """Return the problem details of an answer, after checking that they are whole."""
    told = jsonlib.loads(response.body)
    assert (response.status, told["code"]) == (status, code), response.body
    assert response.header("content-type") == "application/problem+json"
    assert response.header("cache-control") == "no-store"
    assert {"type", "title", "status", "detail", "code"} <= set(told)
    assert told["status"] == status
    assert told["type"].endswith(f"#{code}")
    assert (status == 401) == (response.header("www-authenticate") is not None)
    assert (status in (429, 503)) == (response.header("retry-after") is not None)
    return told


def cookies_of(response: Response) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the cookies that an answer sets: their values, and their attributes in lower case."""
    found = {}
    for value in (value for name, value in response.headers if name == "set-cookie"):
        (name, _, text), *others = (part.strip().partition("=") for part in value.split(";"))
        found[name] = (text, {key.lower(): given for key, _, given in others})
    return found


def alike(responses: Iterable[Response]) -> None:
    """Refuse answers of which one can be told from another: by status, headers or body."""
    seen = [(each.status, each.headers, each.body) for each in responses]
    assert all(each == seen[0] for each in seen), seen


def asking(cookies: Mapping[str, str], **more: str) -> Headers:
    """Return the headers that a browser with these cookies sends; ``csrf=""`` adds the token."""
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    if more.pop("csrf", None) is not None:
        headers["x-csrf-token"] = cookies["__Host-userkit-csrf"]
    return {**headers, **more}


def token_in(text: str) -> str:
    """Return the token in the text of a letter."""
    return text.partition("#token=")[2].split()[0]


OpenSite = Callable[..., Site]
"""Opens a site, which is closed after the test."""
