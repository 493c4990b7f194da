"""For proxies that cannot sign: what they say in two headers becomes an assertion."""

import hmac
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from userkit.ports.authentication import Clock, Keyring, SecretInput, utc_now
from userkit_auth_proxy.assertion import HEADER, sign

__all__ = ["ForwardedUser"]

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

_OWN = ("Authorization", "X-API-Key")  # which count before an assertion


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForwardedUser:
    """Put an assertion where the proxy names a user and shows the secret that it shares with us.

    - ``key``: the one of ProxySettings; of several the first signs.
    - ``secret``: at least 32 random bytes that the proxy sends in the header ``X-Proxy-Secret``.
    - ``realm``: whose users the proxy knows.

    Both headers are taken out of every request, so that an application cannot believe them by mistake,
    and where they are believed so is what the client has sent as its own credential.
    The proxy must set or delete both in every request, whatever a client sends.
    """

    key: SecretInput = field(repr=False)
    secret: SecretInput = field(repr=False)
    realm: str = "default"
    user_header: str = "X-Forwarded-User"
    secret_header: str = "X-Proxy-Secret"
    now: Clock = utc_now

    def __post_init__(self) -> None:
        """Refuse what can be guessed. Raises WeakSecretError."""
        Keyring.of(self.key)
        Keyring.of(self.secret)

    def wsgi(self, app: WsgiApp) -> WsgiApp:
        """Return a WSGI application that sees assertions: ``app.wsgi_app = forwarded.wsgi(app.wsgi_app)``."""
        user_name, secret_name = (_cgi(each) for each in (self.user_header, self.secret_header))

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            said = self._assertion(
                [environ.pop(user_name)] if user_name in environ else [],
                [environ.pop(secret_name)] if secret_name in environ else [],
            )
            if said is not None:
                for name in _OWN:
                    environ.pop(_cgi(name), None)
                environ[_cgi(HEADER)] = said
            return app(environ, start_response)

        return serve

    def asgi(self, app: AsgiApp) -> AsgiApp:
        """Return an ASGI application that sees assertions: ``served = forwarded.asgi(app)``."""
        user_name, secret_name = (each.lower().encode() for each in (self.user_header, self.secret_header))

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] in ("http", "websocket"):
                headers = list(scope["headers"])
                named = {
                    wanted: [value.decode("latin-1") for name, value in headers if name.lower() == wanted]
                    for wanted in (user_name, secret_name)
                }
                said = self._assertion(named[user_name], named[secret_name])
                ours = HEADER.lower().encode()
                own = {each.lower().encode() for each in (HEADER, *_OWN)}
                gone = {user_name, secret_name} | (own if said else set())
                kept = [(name, value) for name, value in headers if name.lower() not in gone]
                added = [(ours, said.encode())] if said else []
                scope = {**scope, "headers": [*kept, *added]}
            await app(scope, receive, send)

        return serve

    def _assertion(self, users: list[str], secrets: list[str]) -> str | None:
        """Return the assertion for these values of the headers, None when there is nobody to believe."""
        if len(users) != 1 or len(secrets) != 1 or not users[0] or not users[0].isascii():
            return None
        given = secrets[0].encode("latin-1", errors="replace")
        known = [each.reveal() for each in Keyring.of(self.secret).secrets]
        if not any(hmac.compare_digest(each, given) for each in known):
            return None
        key = Keyring.of(self.key).secrets[0].reveal()
        return sign(users[0], realm=self.realm, key=key, at=self.now())


def _cgi(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"
