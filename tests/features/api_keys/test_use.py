"""What a key opens, and for how long."""

import base64
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.api_keys.world import World, prepared, world
from tests.features.roles.world import NOBODY
from tests.storage.doubles import BareStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    InvalidCursorError,
    InvalidInputError,
    NotFoundError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from userkit.features.api_keys import ApiKey, ApiKeyRevoked, ApiKeyUsed
from userkit.features.api_keys.auth import api_key
from userkit.kernel.keys import Keyring
from userkit.kernel.opaque import digest
from userkit.ports.authentication import AuthParts
from userkit.storage.changes import Add, Change
from userkit.storage.rewriting import discard_all
from userkit.sync import run


def test_a_key_opens_what_it_is_for(here: World) -> None:
    """As its owner, within its scopes, without a session."""
    ada = here.someone("ada", "editor")
    end = here.clock() + timedelta(days=1)
    made = here.key_of(ada, scopes={"posts:read"}, expires_at=end)
    here.clock.advance(hours=1)
    identity = here.identity(made.secret)
    assert (identity.user_id, identity.session_id, identity.credential_id) == (ada, None, made.id)
    assert (identity.methods, identity.scopes) == ({"key"}, {"posts:read"})
    assert (identity.authenticated_at, identity.expires_at) == (made.created_at, end)
    assert (identity.backend, identity.realm) == ("api-key", "default")
    assert identity.epoch == here.users.get(ada).session_epoch
    assert here.roles.allows(identity, "posts:read")
    assert not here.roles.allows(identity, "posts:write")
    here.roles.unassign(ada, "editor")
    assert not here.roles.allows(here.identity(made.secret), "posts:read")


def test_a_key_without_scopes_says_who_it_is_and_may_nothing(here: World) -> None:
    """Even when the owner may everything; one with all scopes may what the owner may."""
    boss = here.someone("boss", "admin")
    bare, full = here.key_of(boss), here.key_of(boss, scopes={"*"})
    assert here.identity(bare.secret).user_id == boss
    assert not here.roles.allows(here.identity(bare.secret), "posts:read")
    assert here.roles.allows(here.identity(full.secret), "posts:read")


def test_a_key_expires_by_the_clock_of_the_kit(here: World) -> None:
    """To the millisecond."""
    made = here.key_of(here.someone("ada"), expires_at=here.clock() + timedelta(minutes=1))
    here.clock.advance(seconds=59.999)
    assert here.opens(made.secret)
    here.clock.advance(seconds=0.001)
    assert not here.opens(made.secret)
    assert not here.stored()[0].is_expired(here.clock() - timedelta(milliseconds=1))


def test_the_key_of_a_disabled_user_opens_nothing(here: World) -> None:
    """Until the account is open again."""
    ada = here.someone("ada")
    made = here.key_of(ada)
    here.users.disable(ada)
    assert not here.opens(made.secret)
    here.users.enable(ada)
    assert here.opens(made.secret)


def test_the_keys_of_a_deleted_user_are_forgotten() -> None:
    """However many there are; forgetting again does no harm."""
    here = world(prepared(MemoryStore()), most=60)
    ada, bob = here.someone("ada"), here.someone("bob")
    made = [here.key_of(ada) for _ in range(60)]
    kept = here.key_of(bob)
    here.users.delete(ada)
    assert [each.id for each in here.stored()] == [kept.id]
    assert not here.opens(made[0].secret)
    run(discard_all(here.store, ApiKey, "user_id", ada))
    assert here.opens(kept.secret)


def test_a_key_that_outlived_its_owner_opens_nothing(here: World) -> None:
    """As when the process died before it could forget."""
    ada = here.someone("ada")
    made = here.key_of(ada)
    (key,) = here.stored()
    here.users.delete(ada)
    run(here.store.commit(Add(key)))
    assert not here.opens(made.secret)


def test_a_key_is_good_in_its_realm_only() -> None:
    """The same store, the same secret."""
    memory = prepared(MemoryStore())
    here, there = world(memory), world(memory, realm="acme")
    made = here.key_of(here.someone("ada"))
    assert here.opens(made.secret)
    assert not there.opens(made.secret)


def variants(secret: str) -> list[Any]:
    """Return what is nearly a key, and what is none at all."""
    body = secret[3:]
    value = bytearray(base64.urlsafe_b64decode(body))
    value[-1] ^= 1
    flipped = base64.urlsafe_b64encode(bytes(value)).decode()
    return [
        "",
        "uk_",
        body,
        secret[:-1],
        secret + "A",
        secret + "=",
        " " + secret,
        secret + "\n",
        secret.upper(),
        "ukl_" + body,
        "uks_" + body,
        "uk_" + flipped,
        "uk_" + body[::-1],
        "uk_" + body[:-1] + "é",
        "uk_" + "A" * 64,
        "uk_" + "A" * 1_000_000,
        "\ud800" * 67,
        None,
        7,
        secret.encode(),
        [secret],
    ]


def test_only_the_very_text_of_a_key_opens(here: World) -> None:
    """Whatever else is sent answers alike."""
    made = here.key_of(here.someone("ada"))
    for text in variants(made.secret):
        with pytest.raises(UnauthenticatedError) as caught:
            here.identity(text)
        assert str(caught.value) == UnauthenticatedError.summary
    assert here.opens(made.secret)


@given(text=st.one_of(st.text(), st.from_regex(r"uk_[A-Za-z0-9_-]{64}", fullmatch=True)))
def test_no_other_text_opens(text: str) -> None:
    """Any at all."""
    here = world(prepared(MemoryStore()))
    here.key_of(here.someone("ada"))
    assert not here.opens(text)


def test_use_is_noted_at_most_once_a_minute(here: World) -> None:
    """And told as often."""
    ada = here.someone("ada")
    made = here.key_of(ada)
    begin = here.clock()
    for _ in range(121):
        here.identity(made.secret)
        here.clock.advance(seconds=1)
    (key,) = here.stored()
    assert key.last_used_at == begin + timedelta(minutes=2)
    assert here.told == [
        ApiKeyUsed(at=begin + timedelta(minutes=each), realm="default", user_id=ada, key_id=made.id)
        for each in range(3)
    ]
    assert ApiKeyUsed.routine


class ReadOnlyStore(BareStore):
    """A store on a full disk."""

    async def commit(self, *changes: Change) -> None:
        """Fail."""
        raise StoreUnavailableError


def test_a_use_that_cannot_be_noted_is_one_all_the_same(here: World) -> None:
    """It only tidies up."""
    made = here.key_of(here.someone("ada"))
    assert world(ReadOnlyStore(here.store)).opens(made.secret)
    assert here.stored()[0].last_used_at is None


def test_a_revoked_key_opens_nothing(here: World) -> None:
    """At once; the others of its owner stay."""
    ada = here.someone("ada")
    made, other = here.key_of(ada), here.key_of(ada)
    here.keys.revoke(ada, made.id)
    assert not here.opens(made.secret)
    assert here.told == [
        ApiKeyRevoked(at=here.clock(), realm="default", user_id=ada, key_id=made.id, name="ci")
    ]
    assert here.opens(other.secret)
    with pytest.raises(NotFoundError):
        here.keys.revoke(ada, made.id)


@pytest.mark.parametrize("key_id", [NOBODY, "", "x" * 1000, None, 3])
def test_what_is_no_key_cannot_be_revoked(here: World, key_id: Any) -> None:
    """Whatever it is."""
    ada = here.someone("ada")
    with pytest.raises(NotFoundError):
        here.keys.revoke(ada, key_id)


def test_of_two_who_revoke_a_key_at_once_one_is_told_so(here: World) -> None:
    """The other finds it gone."""
    ada = here.someone("ada")
    made = here.key_of(ada)

    class Overtaken(BareStore):
        reads = 0

        async def step(self) -> None:
            Overtaken.reads += 1
            if Overtaken.reads == 2:
                here.keys.revoke(ada, made.id)

    with pytest.raises(NotFoundError):
        world(Overtaken(here.store)).keys.revoke(ada, made.id)
    assert len(here.told) == 1


def test_keys_are_listed_newest_first(here: World) -> None:
    """Page by page, expired ones included, and never with their secret."""
    ada, bob = here.someone("ada"), here.someone("bob")
    made = [here.key_of(ada, name=f"key {number}") for number in range(3)]
    here.key_of(bob)
    short = here.key_of(ada, expires_at=here.clock() + timedelta(seconds=1))
    here.clock.advance(days=1)
    first = here.keys.list(ada, limit=2)
    second = here.keys.list(ada, limit=2, after=first.next)
    listed = [*first.items, *second.items]
    assert [each.id for each in listed] == [short.id, *(each.id for each in reversed(made))]
    assert second.next is None
    assert all(isinstance(each, ApiKey) and each.user_id == ada for each in listed)
    assert not any(each.secret[24:] in repr(listed) for each in made)
    with pytest.raises(InvalidInputError):
        here.keys.list(ada, limit=0)
    with pytest.raises(InvalidCursorError):
        here.keys.list(bob, after=first.next)


def auth_parts(here: World, **offered: Any) -> AuthParts:
    """Return what a backend is built from."""
    nothing: Any = None
    return AuthParts(
        realm="default",
        now=here.clock,
        new_id=lambda: NOBODY,
        keys=Keyring(()),
        sessions=nothing,
        accounts=nothing,
        offered=MappingProxyType(offered),
    )


def test_the_auth_backend_accepts_keys(here: World) -> None:
    """And leaves what other backends issue alone."""
    made = here.key_of(here.someone("ada"))
    backend = api_key.factory(auth_parts(here, api_keys=here.awaited))
    assert backend.recognises(made.secret)
    assert run(backend.authenticate(made.secret)) == here.identity(made.secret)
    for other in ("uks_abc", "ukr_abc", "ukl_abc", "eyJ.e30.x", "", "UK_abc", " uk_abc"):
        assert not backend.recognises(other)
    with pytest.raises(UnauthenticatedError):
        run(backend.authenticate("uk_abc"))


def test_the_auth_backend_needs_the_feature(here: World) -> None:
    """Said at start-up."""
    for offered in ({}, {"api_keys": object()}):
        with pytest.raises(ConfigurationError, match="needs the feature api_keys"):
            api_key.factory(auth_parts(here, **offered))


def test_a_digest_is_all_that_is_stored(here: World) -> None:
    """Nothing from which the key could be presented."""
    made = here.key_of(here.someone("ada"))
    (key,) = here.stored()
    body = base64.urlsafe_b64decode(made.secret[3:])
    assert len(body[16:]) * 8 == 256
    assert key.digest == digest(body[16:])
