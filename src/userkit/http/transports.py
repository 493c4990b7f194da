"""How a request carries what shows who it is from: a bearer token, a cookie, an API key, a header."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from userkit.errors import ConfigurationError, UnauthenticatedError
from userkit.http.cookies import Cookies
from userkit.http.messages import Request
from userkit.kernel.identity import Identity

__all__ = ["Credential", "Transport", "Transports"]

_KEY_HEADER = "x-api-key"
_HEADER = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", re.ASCII)
_TAKEN = frozenset({"authorization", "cookie", "host", "origin", "x-csrf-token", _KEY_HEADER})


class Transport(Enum):
    """Where a credential is."""

    BEARER = "bearer"
    """In the header Authorization (RFC 6750): access tokens and API keys."""
    API_KEY = "api-key"
    """In the header X-API-Key."""
    COOKIE = "cookie"
    """In a cookie, which browsers send on their own."""
    HEADER = "header"
    """In the header that an auth backend has named."""


# What each auth backend's credentials may arrive by; those of others come as bearer tokens.
_PLACES = {"session": (Transport.COOKIE,), "api-key": (Transport.BEARER, Transport.API_KEY)}


@dataclass(frozen=True, slots=True)
class Credential:
    """A text that shows who a request is from."""

    text: str
    transport: Transport
    header: str | None = None

    def __repr__(self) -> str:
        return f"Credential({self.transport.value})"


@dataclass(frozen=True, slots=True)
class Transports:
    """Find the credential of a request. The query string is never looked at.

    ``headers``: in lower case, by the auth backends that have named one of their own.
    """

    cookies: Cookies
    accepted: frozenset[Transport]
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, names: Iterable[str], *, cookies: Cookies, headers: Mapping[str, str] | None = None
    ) -> "Transports":
        """Take the transports that an application wants by name, and the headers that auth backends name.

        Raises ConfigurationError.
        """
        known = ", ".join(each.value for each in Transport)
        try:
            accepted = frozenset(Transport(name) for name in ([names] if isinstance(names, str) else names))
        except (ValueError, TypeError):
            raise ConfigurationError(f"There is no such transport. There are: {known}.") from None
        if not accepted:
            raise ConfigurationError(f"Nobody could sign in: name at least one transport of {known}.")
        return cls(cookies, accepted, _own_headers(headers or {}))

    def read(self, request: Request) -> Credential | None:
        """Return the credential of a request, None when it has none.

        A header counts before a cookie, since a person or a program has put it there, and one that
        everybody knows before one that a backend has named. Raises
        UnauthenticatedError when one is there that cannot be read, or more than one.
        """
        for transport, look in ((Transport.BEARER, _bearer), (Transport.API_KEY, _api_key)):
            text = look(request) if transport in self.accepted else None
            if text is not None:
                return Credential(text, transport)
        if Transport.HEADER in self.accepted:
            for header in self.headers.values():
                text = _only(request, header)
                if text is not None:
                    return Credential(text, Transport.HEADER, header)
        if Transport.COOKIE in self.accepted:
            text = self.cookies.read(request, self.cookies.session)
            return Credential(text, Transport.COOKIE) if text else None
        return None

    def fits(self, credential: Credential, identity: Identity) -> bool:
        """Tell whether what a credential turned out to be belongs where it was."""
        own = self.headers.get(identity.backend)
        if own is not None or credential.transport is Transport.HEADER:
            return credential.header == own
        return credential.transport in _PLACES.get(identity.backend, (Transport.BEARER,))


def _own_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers in lower case, each of one backend and of nobody else."""
    own: dict[str, str] = {}
    for backend, header in headers.items():
        if not isinstance(header, str) or not _HEADER.fullmatch(header):
            raise ConfigurationError(f"The header of the auth backend {backend} is letters, digits and -.")
        name = header.lower()
        if name in _TAKEN or name in own.values():
            raise ConfigurationError(
                f"The auth backend {backend} cannot have the header {header}, which means something already."
            )
        own[backend] = name
    return own


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
    return _only(request, _KEY_HEADER)


def _only(request: Request, header: str) -> str | None:
    given = request.values(header)
    if len(given) > 1:
        raise UnauthenticatedError
    return given[0] if given else None
