"""Where a request really comes from, when proxies that we trust stand in between."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from userkit.errors import ConfigurationError
from userkit.http.messages import Request
from userkit.kernel.address import UNKNOWN_ADDRESS, client_address

__all__ = ["TrustedProxies"]

_SPOKEN = {"http": "http", "https": "https", "ws": "http", "wss": "https"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies whose word counts. From anybody else ``X-Forwarded-*`` says nothing.

    ``everybody``: whoever connects is one, but whoever a proxy names is not.
    """

    networks: tuple[Network, ...] = ()
    everybody: bool = False

    @classmethod
    def of(cls, given: Sequence[str]) -> Self:
        """Take addresses and networks, ``*`` for whoever connects. Raises ConfigurationError."""
        if isinstance(given, str):
            raise ConfigurationError(f'trusted_proxies is a list: ["{given}"].')
        try:
            networks = tuple(ipaddress.ip_network(each) for each in given if each != "*")
        except (ValueError, TypeError):
            raise ConfigurationError(
                "A trusted proxy is an address or a network, such as 10.0.0.1 or 10.0.0.0/8."
            ) from None
        return cls(networks, everybody="*" in given)

    def client_of(self, request: Request) -> str:
        """Return the address of the client, ``unknown`` when nobody knows it.

        Proxies append who called them, so the list is read from its end, and the first that is not a
        trusted proxy is the client (LG-4). What lies before it anybody may have written.
        """
        client = client_address(request.peer or "")
        hops = [hop for value in request.values("x-forwarded-for") for hop in value.split(",")]
        if hops and self.everybody:
            client = _without_port(hops.pop())
        while hops and self._knows(client):
            client = _without_port(hops.pop())
        return client

    def scheme_of(self, request: Request) -> str:
        """Return what the client spoke, by the nearest proxy's word if it is trusted."""
        told = request.values("x-forwarded-proto")
        if told and (self.everybody or self._knows(client_address(request.peer or ""))):
            nearest = told[-1].rpartition(",")[2].strip().lower()
            return _SPOKEN.get(nearest, request.scheme)
        return request.scheme

    def _knows(self, client: str) -> bool:
        if client == UNKNOWN_ADDRESS:
            return False
        address = ipaddress.ip_address(client)
        return any(address in network for network in self.networks)


def _without_port(hop: str) -> str:
    # Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return client_address(text)
