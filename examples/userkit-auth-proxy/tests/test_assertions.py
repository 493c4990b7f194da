"""What is believed of an assertion, and what is not. A kit finds the backend by its entry point."""

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from userkit_auth_proxy import ProxyAuth, ProxySettings, sign

from tests.world import ADA, KEY, SECRET, opens
from userkit import SyncUserKit
from userkit.errors import ConfigurationError, ReauthenticationRequiredError, WeakSecretError
from userkit.testing import FrozenClock, InstantHasher, auth_parts

PASSWORD = "mauve otters juggle teapots"
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_an_assertion_is_the_user_it_names(kit: SyncUserKit, clock: FrozenClock) -> None:
    """In any spelling of the address, without a session, and until the window closes."""
    identity = kit.authenticate(sign("ADA@Example.com", key=KEY, at=clock()))
    assert identity.user_id == kit.users.get_by_email(ADA).id
    assert (identity.backend, identity.realm, identity.session_id) == ("proxy", "default", None)
    assert identity.expires_at == clock() + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("seconds", "opened"), [(-3600, False), (-31, False), (-30, True), (0, True), (5, True), (6, False)]
)
def test_replays_outside_of_the_window_are_refused(
    kit: SyncUserKit, clock: FrozenClock, seconds: int, opened: bool
) -> None:
    """Too old, or from further in the future than clocks may differ."""
    assert opens(kit, sign(ADA, key=KEY, at=clock() + timedelta(seconds=seconds))) is opened


def test_another_key_is_refused(kit: SyncUserKit, clock: FrozenClock) -> None:
    """Also the secret of the kit, and no key at all."""
    for key in (secrets.token_bytes(32), SECRET.encode(), b""):
        assert not opens(kit, sign(ADA, key=key, at=clock()))


def test_keys_rotate(open_kit: Callable[..., SyncUserKit], clock: FrozenClock) -> None:
    """Both open while both are named."""
    old = secrets.token_bytes(32)
    kit = open_kit(key=[KEY, old])
    kit.users.register(email=ADA, name="Ada Lovelace")
    assert opens(kit, sign(ADA, key=KEY, at=clock()))
    assert opens(kit, sign(ADA, key=old, at=clock()))


def test_another_realm_is_refused(kit: SyncUserKit, clock: FrozenClock) -> None:
    """Though it has a user with this address, and the same key."""
    acme = kit.realm("acme")
    there = acme.users.register(email=ADA, name="Ada Lovelace")
    assertion = sign(ADA, realm="acme", key=KEY, at=clock())
    assert acme.authenticate(assertion).user_id == there.id
    assert not opens(kit, assertion)
    assert not opens(acme, sign(ADA, key=KEY, at=clock()))


def test_disabled_and_deleted_users_are_refused(kit: SyncUserKit, clock: FrozenClock) -> None:
    """At once."""
    assertion, ada = sign(ADA, key=KEY, at=clock()), kit.users.get_by_email(ADA)
    kit.users.disable(ada.id)
    assert not opens(kit, assertion)
    kit.users.enable(ada.id)
    assert opens(kit, assertion)
    kit.users.delete(ada.id)
    assert not opens(kit, assertion)


def test_every_changed_character_is_noticed(kit: SyncUserKit, clock: FrozenClock) -> None:
    """Wherever it is, and also the last one, of which base64 ignores some bits."""
    assertion = sign(ADA, key=KEY, at=clock())
    assert opens(kit, assertion)
    for position, char in enumerate(assertion):
        for other in {"A", "b", "0", ".", "=", BASE64URL[(BASE64URL.find(char) + 1) % 64]} - {char}:
            assert not opens(kit, assertion[:position] + other + assertion[position + 1 :])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: f" {text}",
        lambda text: text.upper(),
        lambda text: text.rpartition(".")[0],
        lambda text: text.rpartition(".")[0] + ".",
        lambda text: text + "." + text,
        lambda text: text + "é",
        lambda text: text + "A" * 600,
        lambda text: text.replace("proxy1.", "proxy1..", 1),
    ],
    ids=[
        "padding",
        "newline",
        "space",
        "case",
        "no-mac",
        "empty-mac",
        "twice",
        "accent",
        "long",
        "empty-realm",
    ],
)
def test_only_the_canonical_text_is_read(
    kit: SyncUserKit, clock: FrozenClock, change: Callable[[str], str]
) -> None:
    """One assertion has one text."""
    assert not opens(kit, change(sign(ADA, key=KEY, at=clock())))


@pytest.mark.parametrize(
    ("realm", "address", "seconds"),
    [
        ("default", "{address}=", "{now}"),
        ("default", "{address}", "0{now}"),
        ("default", "{address}", "+{now}"),
        ("default", "{address}", "{now}.0"),
        ("default", "{address}", "9" * 30),
        ("default", "", "{now}"),
        ("default", "_-8", "{now}"),
        ("default", "A", "{now}"),
        ("DEFAULT", "{address}", "{now}"),
        ("", "{address}", "{now}"),
    ],
)
def test_nonsense_under_a_good_mac_is_refused(
    kit: SyncUserKit, clock: FrozenClock, realm: str, address: str, seconds: str
) -> None:
    """A proxy with a mistake opens nothing, and breaks nothing."""
    facts = {"address": _encoded(ADA.encode()), "now": int(clock().timestamp())}
    assert not opens(kit, _under_a_mac(f"proxy1.{realm}.{address}.{seconds}".format(**facts)))


def test_an_address_has_one_encoding(kit: SyncUserKit, clock: FrozenClock) -> None:
    """Of the last character base64 ignores some bits, though the MAC covers them."""
    kit.users.register(email="ab@example.com", name="Ab")
    said = sign("ab@example.com", key=KEY, at=clock()).rpartition(".")[0]
    assert opens(kit, _under_a_mac(said))
    assert not opens(kit, _under_a_mac(said.replace("b20.", "b21.")))


def test_an_assertion_manages_no_credentials(kit: SyncUserKit, clock: FrozenClock) -> None:
    """It is never a recent proof of the person."""
    identity = kit.authenticate(sign(ADA, key=KEY, at=clock()))
    with pytest.raises(ReauthenticationRequiredError):
        kit.sessions.require_fresh(identity)


def test_other_backends_still_read_their_own(kit: SyncUserKit) -> None:
    """What is not an assertion is left to them."""
    kit.passwords.set(kit.users.get_by_email(ADA).id, password=PASSWORD)
    tokens = kit.sessions.sign_in(email=ADA, password=PASSWORD)
    assert kit.authenticate(tokens.access_token).backend == "jwt"


def test_settings_that_protect_nothing_are_refused() -> None:
    """When the application starts, with the fix in the sentence."""
    with pytest.raises(ConfigurationError, match="needs its key"):
        SyncUserKit("memory://", secret=SECRET, auth=["proxy"], hasher=InstantHasher())
    with SyncUserKit("memory://", secret=SECRET, hasher=InstantHasher()) as kit:
        parts = auth_parts(kit, settings={"proxy": ProxySettings(key=KEY)})
    with pytest.raises(ConfigurationError, match="features users and passwords"):
        ProxyAuth.of(replace(parts, offered={}))
    auth = {"proxy": ProxySettings(key=SECRET)}
    with pytest.raises(ConfigurationError, match="kit's secret"):
        SyncUserKit("memory://", secret=SECRET, auth=auth, hasher=InstantHasher())
    with pytest.raises(WeakSecretError):
        ProxySettings(key="short")
    hour = timedelta(hours=1)
    wrongs: list[dict[str, Any]] = [{"window": hour}, {"leeway": -hour}, {"register": "no"}]
    for wrong in wrongs:
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            ProxySettings(key=KEY, **wrong)


def test_nothing_shows_the_key() -> None:
    """Not even the settings."""
    assert "key" not in repr(ProxySettings(key=SECRET))


def _under_a_mac(said: str) -> str:
    return f"{said}.{_encoded(hmac.digest(KEY, said.encode(), 'sha256'))}"


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
