"""The client is who connects, unless a proxy that is trusted says for whom it does (LG-4)."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.doors import PROXIES, asking
from userkit.errors import ConfigurationError
from userkit.http.forwarded import TrustedProxies
from userkit.kernel.address import client_address

NOBODY = TrustedProxies()
WHOEVER = TrustedProxies.of(["*"])
PROXY = "10.0.0.1"
CLIENT = "192.0.2.7"


def client(*hops: str, peer: str | None = PROXY, proxies: TrustedProxies = PROXIES) -> str:
    """Return who is taken for the client; each hop is a header of its own."""
    return proxies.client_of(asking("GET", *(("x-forwarded-for", hop) for hop in hops), peer=peer))


def scheme(*told: str, peer: str | None = PROXY, proxies: TrustedProxies = PROXIES) -> str:
    """Return what the client is taken to speak."""
    return proxies.scheme_of(asking("GET", *(("x-forwarded-proto", each) for each in told), peer=peer))


@pytest.mark.parametrize("peer", [CLIENT, "2001:db8::1", "9.255.255.255", "11.0.0.0", "172.16.0.1"])
def test_lg_4_a_stranger_says_nothing(peer: str) -> None:
    """Nobody who is not trusted is asked for whom they call."""
    assert client("198.51.100.1", peer=peer) == peer
    assert client("198.51.100.1", peer=peer, proxies=NOBODY) == peer
    assert scheme("https", peer=peer) == "http"


def test_lg_4_without_a_socket_nobody_is_known() -> None:
    """Such a client is limited as one that is unknown, not skipped."""
    assert client(peer=None) == "unknown"
    assert client("198.51.100.1", peer=None) == "unknown"
    assert client("198.51.100.1", peer="unix:") == "unknown"
    assert scheme("https", peer=None) == "http"


@pytest.mark.parametrize(
    ("hops", "found"),
    [
        ((), PROXY),
        ((CLIENT,), CLIENT),
        ((f"6.6.6.6, {CLIENT}",), CLIENT),
        ((f"6.6.6.6,{CLIENT},10.1.1.1, 10.2.2.2",), CLIENT),
        ((f"10.6.6.6, 6.6.6.6, {CLIENT}, 10.2.2.2",), CLIENT),
        (("6.6.6.6", CLIENT, "10.1.1.1"), CLIENT),
        (("6.6.6.6, 7.7.7.7", f"{CLIENT}, 10.1.1.1"), CLIENT),
        (("10.1.1.1, 10.2.2.2",), "10.1.1.1"),
        (("2001:DB8:0::7",), "2001:db8::7"),
        (("6.6.6.6, [2001:db8::7]:4711",), "2001:db8::7"),
        (("[2001:db8::7]",), "2001:db8::7"),
        (("2001:db8::7, 2001:db8:ffff::2",), "2001:db8::7"),
        (("fe80::1%eth0",), "fe80::1"),
        (("192.0.2.7:4711",), CLIENT),
        (("::ffff:192.0.2.7",), CLIENT),
        (("6.6.6.6, ::ffff:c000:207",), CLIENT),
        ((f"{CLIENT}, ::ffff:10.1.1.1",), CLIENT),
        ((f"  {CLIENT}\t",), CLIENT),
    ],
)
def test_lg_4_the_list_is_read_from_its_end(hops: tuple[str, ...], found: str) -> None:
    """The first that is no trusted proxy is the client; what lies before it anybody may have written."""
    assert client(*hops) == found


GARBAGE = (
    *(
        "",
        " ",
        "garbage",
        "unknown",
        "_hidden",
        "192.0.2.999",
        "192.0.2.7.8",
        "::gggg",
        "[",
        "[]:1",
        ":",
        "%",
    ),
    *("\0", "192.0.2.7/24", "0x7f.1", "127.1", "١.١.١.١", '"192.0.2.7"', "for=192.0.2.7"),
)


@pytest.mark.parametrize("garbage", GARBAGE)
def test_lg_4_garbage_is_unknown_and_not_skipped(garbage: str) -> None:
    """Else whoever writes some would choose what counts."""
    assert client(f"6.6.6.6, {garbage}") == "unknown"
    assert client(f"6.6.6.6, {garbage}, 10.1.1.1") == "unknown"
    assert client("6.6.6.6", garbage) == "unknown"


def test_lg_4_a_mapped_proxy_is_the_proxy() -> None:
    """Servers that listen on both families show IPv4 addresses in IPv6."""
    assert client(CLIENT, peer="::ffff:10.0.0.1") == CLIENT
    assert client(CLIENT, peer="2001:db8:ffff::1") == CLIENT


def test_lg_4_whoever_connects_may_be_trusted_but_not_whom_they_name() -> None:
    """What lies before the last hop was written by the client, when there is one proxy."""
    assert client(f"6.6.6.6, {CLIENT}", peer="198.51.100.9", proxies=WHOEVER) == CLIENT
    assert client(CLIENT, peer=None, proxies=WHOEVER) == CLIENT
    assert client(peer="198.51.100.9", proxies=WHOEVER) == "198.51.100.9"
    assert client("6.6.6.6, garbage", peer=PROXY, proxies=WHOEVER) == "unknown"
    both = TrustedProxies.of(["*", "10.0.0.0/8"])
    assert client(f"6.6.6.6, {CLIENT}, 10.1.1.1", peer="198.51.100.9", proxies=both) == CLIENT


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ((), "http"),
        (("https",), "https"),
        (("HTTPS ",), "https"),
        (("http",), "http"),
        (("https, http",), "http"),
        (("http, https",), "https"),
        (("http", "https"), "https"),
        (("javascript",), "http"),
        (("",), "http"),
    ],
)
def test_the_nearest_proxy_says_what_is_spoken(told: tuple[str, ...], found: str) -> None:
    """What it does not know it does not change."""
    assert scheme(*told) == found
    assert scheme(*told, peer=None, proxies=WHOEVER) == found
    assert scheme(*told, proxies=NOBODY) == "http"


TEXTS = st.text(st.characters(max_codepoint=255)) | st.sampled_from(
    ["10.0.0.1", "10.0.0.1, 10.0.0.2", "192.0.2.7", "https", "for=192.0.2.7;proto=https", "[::1]:80"]
)
NAMES = st.sampled_from(
    ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip"]
)
STRANGERS = st.ip_addresses().filter(lambda each: not _is_trusted(client_address(str(each))))


def _is_trusted(address: str) -> bool:
    networks = [ipaddress.ip_network(each) for each in ("10.0.0.0/8", "2001:db8:ffff::/48")]
    return any(ipaddress.ip_address(address) in network for network in networks)


@given(STRANGERS, st.lists(st.tuples(NAMES, TEXTS)))
def test_lg_4_nothing_a_stranger_sends_changes_anything(peer: Any, headers: list[tuple[str, str]]) -> None:
    """Whatever headers, the address and the scheme are those of the socket."""
    request = asking("GET", *headers, peer=str(peer), scheme="https")
    bare = asking("GET", peer=str(peer), scheme="https")
    for proxies in (NOBODY, PROXIES):
        assert proxies.client_of(request) == proxies.client_of(bare) == client_address(str(peer))
        assert proxies.scheme_of(request) == "https"


@given(st.lists(TEXTS), st.lists(TEXTS))
def test_lg_4_what_the_client_wrote_before_is_ignored(spoofed: list[str], more: list[str]) -> None:
    """Our proxy appends the address it sees, whatever is there already, in this header or in others."""
    forged = [("x-forwarded-for", text) for text in (*spoofed, *more)]
    last = ("x-forwarded-for", ", ".join((*more, CLIENT)))
    for proxies in (PROXIES, WHOEVER):
        assert proxies.client_of(asking("GET", *forged, last, peer=PROXY)) == CLIENT


@given(st.lists(TEXTS))
def test_lg_4_any_list_leads_to_an_address(hops: list[str]) -> None:
    """Or to nobody that is known."""
    found = client(*hops)
    assert found == "unknown" or str(ipaddress.ip_address(found)) == found


@pytest.mark.parametrize(
    "given_", ["10.0.0.1", "*", ["garbage"], ["10.0.0.1/8"], ["10.0.0.0/33"], [None], None, ["10.0.0.1, ::1"]]
)
def test_proxies_are_checked(given_: Any) -> None:
    """Addresses and networks, in a list."""
    with pytest.raises(ConfigurationError, match=r"trusted_proxies is a list|address or a network"):
        TrustedProxies.of(given_)
