"""How a request carries what shows who it is from: a bearer token, a cookie, an API key."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from userkit.errors import ConfigurationError, UnauthenticatedError
from userkit.http.cookies import Cookies
from userkit.http.messages import Request
from userkit.kernel.identity import Identity

__all__ = ["Credential", "Transport", "Transports"]

_KEY_HEADER = "x-api-key"


class Transport(Enum):
    """Where a credential is."""

    BEARER = "bearer"
    """In the header Authorization (RFC 6750): access tokens and API keys."""
    API_KEY = "api-key"
    """In the header X-API-Key."""
    COOKIE = "cookie"
    """In a cookie, which browsers send on their own."""


# What each auth backend's credentials may arrive by; those of others come as bearer tokens.
_PLACES = {"session": (Transport.COOKIE,), "api-key": (Transport.BEARER, Transport.API_KEY)}


@dataclass(frozen=True, slots=True)
class Credential:
    """A text that shows who a request is from."""

    text: str
    transport: Transport

    def fits(self, identity: Identity) -> bool:
        """Tell whether what the credential turned out to be belongs where it was."""
        return self.transport in _PLACES.get(identity.backend, (Transport.BEARER,))

    def __repr__(self) -> str:
        return f"Credential({self.transport.value})"


@dataclass(frozen=True, slots=True)
class Transports:
    """Find the credential of a request. The query string is never looked at."""

    cookies: Cookies
    accepted: frozenset[Transport]

    @classmethod
    def of(cls, names: Iterable[str], *, cookies: Cookies) -> "Transports":
        """Take the transports that an application wants by name. Raises ConfigurationError."""
        known = ", ".join(each.value for each in Transport)
        try:
            accepted = frozenset(Transport(name) for name in ([names] if isinstance(names, str) else names))
        except (ValueError, TypeError):
            raise ConfigurationError(f"There is no such transport. There are: {known}.") from None
        if not accepted:
            raise ConfigurationError(f"Nobody could sign in: name at least one transport of {known}.")
        return cls(cookies, accepted)

    def read(self, request: Request) -> Credential | None:
        """Return the credential of a request, None when it has none.

        A header counts before a cookie, since a person or a program has put it there. Raises
        UnauthenticatedError when one is there that cannot be read, or more than one.
        """
        for transport, look in ((Transport.BEARER, _bearer), (Transport.API_KEY, _api_key)):
            text = look(request) if transport in self.accepted else None
            if text is not None:
                return Credential(text, transport)
        if Transport.COOKIE in self.accepted:
            text = self.cookies.read(request, self.cookies.session)
            return Credential(text, Transport.COOKIE) if text else None
        return None


def _bearer(request: Request) -> str | None:
    given = [value.split(" ", 1) for value in request.values("authorization")]
    # Other schemes, such as Basic in front of a site that is not public yet, are not meant for us.
    tokens = [parts for parts in given if parts[0].lower() == "bearer"]
    if not tokens:
        return None
    if len(given) > 1 or len(tokens[0]) == 1 or not tokens[0][1].strip():
        raise UnauthenticatedError
    return tokens[0][1]


def _api_key(request: Request) -> str | None:
    given = request.values(_KEY_HEADER)
    if len(given) > 1:
        raise UnauthenticatedError
    return given[0] if given else None
