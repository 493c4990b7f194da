"""Client addresses: one form for each, and what counts as one client."""

from functools import lru_cache

__all__ = ["UNKNOWN_ADDRESS", "client_address", "client_network"]

UNKNOWN_ADDRESS = "unknown"
_SITE_BITS = 64


@lru_cache(maxsize=1024)
def client_address(text: str) -> str:
    """Return an address in its canonical form; what is none is ``unknown``.

    IPv4 addresses mapped into IPv6 (RFC 4291, section 2.5.5.2) are the IPv4 address.
    """
    import ipaddress

    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return UNKNOWN_ADDRESS
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@lru_cache(maxsize=1024)
def client_network(text: str | None) -> str:
    """Return what limits count by: an IPv4 address, the /64 of an IPv6 address, or ``unknown``.

    One household or server has a whole /64 (RFC 6177), so that counting addresses would count nothing.
    """
    import ipaddress

    canonical = client_address(text or "")
    if ":" not in canonical:
        return canonical
    return str(ipaddress.ip_network(f"{canonical}/{_SITE_BITS}", strict=False))
