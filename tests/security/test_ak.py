"""AK: API keys are made by their owner, never reach beyond the owner, and are shown once."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.features.roles.world import DEFINITIONS, NOBODY
from tests.security.test_az import signed_in, someone, told
from tests.security.world import World
from userkit import SyncUserKit
from userkit.errors import ForbiddenError, InvalidInputError, NotFoundError, UnauthenticatedError
from userkit.features.api_keys import ApiKey, ApiKeyCreated, ApiKeyRevoked, ApiKeyUsed
from userkit.features.audit import AuditEntry, audit
from userkit.features.outbox import OutboxEntry
from userkit.features.roles import roles
from userkit.sync import run
from userkit.testing.bench import new_realm


@pytest.fixture
def kit(here: World) -> SyncUserKit:
    """A kit with a few roles that records everything, on each kind of store."""
    return here.open(features=[roles(DEFINITIONS), audit(routine=True)])


def opens(kit: SyncUserKit, secret: str) -> bool:
    """Tell whether a key opens anything."""
    try:
        kit.authenticate(secret)
    except UnauthenticatedError:
        return False
    return True


def test_ak_1_a_key_is_made_for_oneself_only(kit: SyncUserKit) -> None:
    """Not even by an administrator; others' ids answer like ids of nobody."""
    boss, ada = someone(kit, "boss", "admin"), someone(kit, "ada")
    actor = signed_in(kit, "boss")
    answers = {told(lambda id=id: kit.api_keys.create(id, name="ci", by=actor)) for id in (ada, NOBODY, "x")}
    assert answers == {(ForbiddenError, "An API key is made by its owner.")}
    assert kit.api_keys.list(ada).items == ()
    assert kit.api_keys.create(boss, name="ci", by=actor).user_id == boss


def test_ak_1_a_key_makes_no_keys(kit: SyncUserKit) -> None:
    """Whatever its scopes: else revoking one would leave what was made with it."""
    boss = someone(kit, "boss", "admin")
    key = kit.authenticate(kit.api_keys.create(boss, name="ci", scopes={"*"}).secret)
    assert told(lambda: kit.api_keys.create(boss, name="another", by=key))[0] is ForbiddenError
    assert len(kit.api_keys.list(boss).items) == 1


SCOPES = ["posts:read", "posts:write", "roles:write", "anything:else", "*"]


@pytest.mark.parametrize("held", DEFINITIONS)
def test_ak_1_scopes_are_within_what_the_owner_may(kit: SyncUserKit, held: str) -> None:
    """Each for each role; and a list is refused whole."""
    ada = someone(kit, "ada", held)
    actor = signed_in(kit, "ada")
    made = 0
    for scope in SCOPES:
        may = kit.roles.allows(actor, scope)
        for by, scopes in ((actor, {scope}), (None, {scope}), (actor, {scope, *DEFINITIONS[held]})):
            if may:
                key = kit.authenticate(kit.api_keys.create(ada, name="ci", scopes=scopes, by=by).secret)
                assert key.scopes == scopes
                assert kit.roles.allows(key, scope)
                made += 1
            else:
                refused = told(
                    lambda wanted=scopes, by=by: kit.api_keys.create(ada, name="ci", scopes=wanted, by=by)
                )
                assert refused == (
                    ForbiddenError,
                    f"The scope {scope} is not within what the owner may do.",
                )
    assert len(kit.api_keys.list(ada).items) == made


def test_ak_1_scopes_are_within_what_the_sign_in_covers(kit: SyncUserKit) -> None:
    """A narrow credential makes no wider key."""
    ada = someone(kit, "ada", "editor")
    narrow = replace(signed_in(kit, "ada"), scopes=frozenset({"posts:read"}))
    assert kit.api_keys.create(ada, name="ci", scopes={"posts:read"}, by=narrow)
    assert told(lambda: kit.api_keys.create(ada, name="ci", scopes={"posts:write"}, by=narrow))[0] is (
        ForbiddenError
    )


def test_ak_1_a_key_never_outranks_its_owner(kit: SyncUserKit) -> None:
    """What the owner loses, it loses at once, and gets back with the owner."""
    boss, ada = someone(kit, "boss", "admin"), someone(kit, "ada", "editor")
    assert boss
    key = kit.api_keys.create(ada, name="ci", scopes={"posts:write"})
    identity = kit.authenticate(key.secret)
    kit.roles.require(identity, "posts:write")
    kit.roles.set(ada, ["reader"])
    for each in (identity, kit.authenticate(key.secret)):
        assert not kit.roles.allows(each, "posts:write")
        assert not kit.roles.allows(each, "posts:read")  # the owner may, the key was not made for it
    kit.roles.assign(ada, "admin")
    assert kit.roles.allows(identity, "posts:write")
    assert not kit.roles.allows(identity, "anything:else")


def test_ak_1_a_revoked_key_opens_nothing_at_once(here: World, kit: SyncUserKit) -> None:
    """In any process, right after it was used."""
    ada = someone(kit, "ada")
    elsewhere = here.open(features=[roles(DEFINITIONS)])
    key, other = kit.api_keys.create(ada, name="ci"), kit.api_keys.create(ada, name="other")
    assert opens(kit, key.secret)
    assert opens(elsewhere, key.secret)
    elsewhere.api_keys.revoke(ada, key.id)
    assert not opens(kit, key.secret)
    assert not opens(elsewhere, key.secret)
    assert opens(kit, other.secret)


def test_ak_1_nobody_revokes_the_key_of_another(kit: SyncUserKit) -> None:
    """It answers like one that is not there, and stays."""
    ada, bob = someone(kit, "ada"), someone(kit, "bob")
    key = kit.api_keys.create(ada, name="ci")
    answers = {told(lambda id=id: kit.api_keys.revoke(bob, id)) for id in (key.id, NOBODY, "x")}
    assert answers == {(NotFoundError, NotFoundError.summary)}
    assert opens(kit, key.secret)


@pytest.mark.parametrize("end", ["disable", "delete"])
def test_ak_1_the_keys_of_who_is_gone_open_nothing(kit: SyncUserKit, end: str) -> None:
    """At once."""
    ada = someone(kit, "ada")
    key = kit.api_keys.create(ada, name="ci")
    assert opens(kit, key.secret)
    getattr(kit.users, end)(ada)
    assert not opens(kit, key.secret)


def test_ak_1_a_key_expires(here: World, kit: SyncUserKit) -> None:
    """By the clock of the kit, also when it steps back a little."""
    ada = someone(kit, "ada")
    end = here.clock() + timedelta(hours=1)
    key = kit.api_keys.create(ada, name="ci", expires_at=end)
    assert kit.authenticate(key.secret).expires_at == end
    here.clock.advance(minutes=59)
    assert opens(kit, key.secret)
    here.clock.advance(minutes=-10)
    assert opens(kit, key.secret)
    here.clock.advance(minutes=11)
    assert not opens(kit, key.secret)


def test_ak_1_a_key_is_good_in_its_realm_only(kit: SyncUserKit) -> None:
    """Also for the same person."""
    ada = someone(kit, "ada")
    there = kit.realm(new_realm())
    someone(there, "ada")
    key = kit.api_keys.create(ada, name="ci")
    assert opens(kit, key.secret)
    assert not opens(there, key.secret)


def test_ak_1_a_key_is_never_returned_again(
    here: World, kit: SyncUserKit, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a list, an event, the trail, a letter, a log, nor in what is stored."""
    caplog.set_level(logging.DEBUG)
    heard: list[Any] = here.heard(ApiKeyCreated, ApiKeyUsed, ApiKeyRevoked)
    ada = someone(kit, "ada", "reader")
    key = kit.api_keys.create(ada, name="ci", scopes={"posts:read"}, by=signed_in(kit, "ada"))
    assert opens(kit, key.secret)
    listed = kit.api_keys.list(ada).items
    assert ("api_key_created", "ada@example.com") in here.mails()
    store = kit._store.realm(here.realm)
    stored = [
        each for kind in (ApiKey, AuditEntry, OutboxEntry) for each in run(store.find(kind, limit=1000)).items
    ]
    kit.api_keys.revoke(ada, key.id)
    assert [type(each) for each in heard] == [ApiKeyCreated, ApiKeyUsed, ApiKeyRevoked]
    trail = list(kit.audit.list(user_id=ada).items)
    assert [each.event for each in trail[:3]] == ["api_key_revoked", "api_key_used", "api_key_created"]
    texts = [message.text + (message.html or "") for message in here.mailer.sent]
    seen = " ".join(map(repr, (key, *listed, *heard, *stored, *trail, *texts))) + caplog.text
    # All that follows the id is secret.
    assert key.secret[25:] not in seen
    assert key.secret not in seen
    assert all(key.secret[25:].encode() not in each.digest for each in listed)


@pytest.mark.parametrize(
    "wishes",
    [
        {"name": "\ud800"},
        {"name": {"$ne": None}},
        {"name": "ci", "scopes": {"$ne": None}},
        {"name": "ci", "scopes": ["\ud800:read"]},
        {"name": "ci", "scopes": ["posts:read\0"]},
        {"name": "ci", "scopes": [{"$ne": None}]},
        {"name": "ci", "expires_at": {"$ne": None}},
        {"name": "ci", "expires_at": "tomorrow"},
    ],
    ids=ascii,
)
def test_ak_1_hostile_wishes_are_refused(kit: SyncUserKit, wishes: Any) -> None:
    """And leave nothing behind."""
    boss = someone(kit, "boss", "admin")
    assert issubclass(told(lambda: kit.api_keys.create(boss, **wishes))[0], InvalidInputError)
    assert kit.api_keys.list(boss).items == ()
