"""What is inferred of signing in, tokens, links, keys, roles and the trail, with and without ``await``."""

from datetime import timedelta
from typing import assert_type

from userkit import (
    ApiKey,
    AuditEntry,
    Identity,
    KeySet,
    Limit,
    NewApiKey,
    Page,
    Session,
    SessionToken,
    SigningKey,
    SyncUserKit,
    TokenPair,
    TokenSettings,
    User,
    UserKit,
    coming_from,
    passwords,
    sessions,
    throttling,
)
from userkit.backends.mail import MemoryMailer
from userkit.backends.memory import MemoryRateLimiter
from userkit.features.outbox import Delivery
from userkit.kernel.clock import utc_now
from userkit.testing import InstantHasher


async def asynchronous(kit: UserKit) -> None:
    """Every use case is awaited."""
    tokens = await kit.sessions.sign_in(email="ada@example.com", password="…", proofs={"otp": "1"})
    assert_type(tokens, TokenPair)
    assert_type(await kit.sessions.sign_in_opaque(email="ada@example.com", password="…"), SessionToken)
    identity = await kit.authenticate(tokens.access_token)
    assert_type(identity, Identity)
    assert_type(await kit.sessions.refresh(tokens.refresh_token), TokenPair)
    assert_type(await kit.sessions.list("id", limit=10), Page[Session])
    await kit.sessions.end("id", user_id="id")
    await kit.sessions.end_all("id", except_session="id")
    await kit.sessions.require_fresh(identity, within=timedelta(minutes=5))
    assert_type(await kit.sessions.reauthenticate("id", password="…"), Session)
    await kit.passwords.change("id", current_password="…", new_password="…", session_id="id")
    await kit.passwords.set("id", password="…")
    await kit.passwords.import_hash("id", "…")
    assert_type(await kit.passwords.exists("id"), bool)
    await kit.password_reset.request(email="ada@example.com")
    assert_type(await kit.password_reset.complete(token="…", password="…"), User)
    await kit.email_verification.request("id")
    assert_type(await kit.email_verification.complete(token="…", identity=identity), User)
    await kit.email_verification.change("id", email="new@example.com")
    assert_type(await kit.email_verification.confirm_change(token="…"), User)
    key = await kit.api_keys.create("id", name="ci", scopes={"users:read"}, by=identity)
    assert_type(key, NewApiKey)
    assert_type(key.secret, str)
    assert_type(await kit.api_keys.list("id"), Page[ApiKey])
    assert_type(await kit.roles.assign("id", "admin", by=identity), frozenset[str])
    assert_type(await kit.roles.allows(identity, "users:write"), bool)
    await kit.roles.require(identity, "users:write")
    assert_type(await kit.audit.list(user_id="id"), Page[AuditEntry])
    assert_type(await kit.outbox.deliver(), Delivery)
    assert_type(await kit.throttling.purge(), int)


def synchronous(kit: SyncUserKit) -> None:
    """Parameters and results come through the mirrors."""
    with coming_from(address="192.0.2.7", user_agent="tests"):
        tokens = kit.sessions.sign_in(email="ada@example.com", password="…", proofs={"otp": "1"})
    assert_type(tokens, TokenPair)
    assert_type(kit.sessions.sign_in_opaque(email="ada@example.com", password="…"), SessionToken)
    identity = kit.authenticate(tokens.access_token)
    assert_type(identity, Identity)
    assert_type(kit.sessions.refresh(tokens.refresh_token), TokenPair)
    assert_type(kit.sessions.list("id", limit=10), Page[Session])
    assert_type(kit.sessions.reauthenticate("id", password="…"), Session)
    assert_type(kit.passwords.exists("id"), bool)
    assert_type(kit.password_reset.complete(token="…", password="…"), User)
    assert_type(kit.email_verification.complete(token="…", password="…"), User)
    assert_type(kit.api_keys.create("id", name="ci", scopes={"users:read"}), NewApiKey)
    assert_type(kit.roles.of("id"), frozenset[str])
    assert_type(kit.audit.list(), Page[AuditEntry])
    assert_type(kit.outbox.deliver(limit=5), Delivery)


def made() -> None:
    """Every setting has a type."""
    limit = Limit(name="guesses", attempts=3, within=timedelta(minutes=1))
    SyncUserKit(
        "memory://",
        secret="text",
        features=[
            passwords(min_length=12, account_limit=limit),
            sessions(idle=timedelta(days=1), cache_for=timedelta(seconds=5)),
            throttling(),
        ],
        limiter=MemoryRateLimiter(utc_now),
        auth={
            "jwt": TokenSettings(
                keys=KeySet(SigningKey(kid="a", algorithm="HS256", material=b"secret")), revocation="checked"
            ),
            "api-key": None,
        },
        mailer=MemoryMailer(),
        base_url="https://app.example",
        app_name="Example",
        hasher=InstantHasher(),
        relay=False,
    )
