"""Where a call comes from travels beside it, in one canonical and harmless form."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.kernel.address import UNKNOWN_ADDRESS, client_address, client_network
from userkit.kernel.origin import Origin, coming_from, current_origin, printable


def test_outside_nothing_is_known() -> None:
    """Nobody, from nowhere."""
    assert current_origin() == Origin()


def test_what_is_not_given_stays_as_it_was_around() -> None:
    """And all of it ends with the block."""
    with coming_from(address="192.0.2.7", user_agent="curl"):
        with coming_from(actor_id="ada", session_id="s") as origin:
            assert origin == current_origin()
            assert origin == Origin(actor_id="ada", session_id="s", address="192.0.2.7", user_agent="curl")
        assert current_origin().actor_id is None
    assert current_origin() == Origin()


def test_each_task_and_each_thread_has_its_own() -> None:
    """Requests do not see each other."""

    async def request(name: str) -> str | None:
        with coming_from(actor_id=name):
            await asyncio.sleep(0)
            return current_origin().actor_id

    async def both() -> list[str | None]:
        return await asyncio.gather(request("ada"), request("bo"))

    assert asyncio.run(both()) == ["ada", "bo"]
    with coming_from(actor_id="ada"), ThreadPoolExecutor(1) as threads:
        assert threads.submit(current_origin).result() == Origin()


def test_a_user_agent_cannot_forge_a_line() -> None:
    """What a terminal obeys is shown as something else, and a long one is cut."""
    with coming_from(user_agent="a\r\nb\x1b[31m" + "x" * 500) as origin:
        assert origin.user_agent is not None
        assert origin.user_agent.startswith("a\ufffd\ufffdb\ufffd[31mx")
        assert len(origin.user_agent) == 255


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    """And as long as it was."""
    assert printable(text).isprintable()
    assert len(printable(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "address", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::FFFF:C000:0207", "192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:0::1", "2001:db8::1", "2001:db8::/64"),
        ("2001:db8::1%eth0", "2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("", UNKNOWN_ADDRESS, UNKNOWN_ADDRESS),
        ("192.0.2.7, 10.0.0.1", UNKNOWN_ADDRESS, UNKNOWN_ADDRESS),
        ("localhost", UNKNOWN_ADDRESS, UNKNOWN_ADDRESS),
        ("1", UNKNOWN_ADDRESS, UNKNOWN_ADDRESS),
    ],
)
def test_an_address_has_one_form_and_counts_as_one_client(text: str, address: str, network: str) -> None:
    """IPv4 in IPv6 is IPv4, a /64 is one client, and what is no address is unknown."""
    assert client_address(text) == address
    assert client_network(text) == network


def test_no_address_is_unknown() -> None:
    """It is counted as well."""
    assert client_network(None) == UNKNOWN_ADDRESS


@given(st.text())
def test_any_text_is_some_address(text: str) -> None:
    """Never an error, and the canonical form is its own."""
    assert client_address(client_address(text)) == client_address(text)
