"""The auth backend issues tokens for sessions, and says who they are from."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest

from tests.tokens.world import (
    ALGORITHMS,
    EPOCH,
    JTI,
    KID,
    OTHER_SECRET,
    SECRET,
    SESSION,
    SHARED,
    USER,
    World,
    base64url,
    forge,
    header,
    key,
    pem,
    public_pem,
    shared_key,
    shared_world,
)
from userkit.backends.jwt.auth import JwtAuth
from userkit.backends.jwt.plugin import jwt as plugin
from userkit.errors import ConfigurationError, UsageError
from userkit.kernel.identity import Identity
from userkit.ports.authentication import AUTH_BACKEND_API, AuthBackend, AuthBackendPlugin, TokenIssuer
from userkit.ports.tokens import KeySet, SigningAlgorithm, SigningKey, TokenSettings
from userkit.sync import run


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims without asking whether they are genuine."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return dict(jwt.get_unverified_header(token)), dict(claims)


def test_the_plugin_makes_the_backend() -> None:
    """By the name that stands in the entry point, for the API of this userkit."""
    assert isinstance(plugin, AuthBackendPlugin)
    assert (plugin.name, plugin.api_version) == ("jwt", AUTH_BACKEND_API)
    backend: AuthBackend = plugin.factory(World().parts)
    assert isinstance(backend, JwtAuth)
    assert isinstance(backend, TokenIssuer)
    assert plugin.capabilities == {"TokenIssuer"}


def test_settings_of_another_kind_stop_the_start() -> None:
    """A dictionary with a spelling mistake would be ignored in silence."""
    with pytest.raises(ConfigurationError, match=r"The settings of jwt are a TokenSettings\("):
        World({"lifetime": 600})


def test_no_settings_are_the_defaults() -> None:
    """Whether the backend is named without any, or not at all."""
    named = replace(World().parts, settings={"jwt": None, "api-key": None})
    assert JwtAuth.of(named).claims.settings == World().auth.claims.settings == TokenSettings()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_says_what_the_standards_ask_for(algorithm: SigningAlgorithm) -> None:
    """RFC 9068, with the session, the proofs and the realm beside it."""
    world = World(TokenSettings(keys=KeySet(key(algorithm))), realm="acme")
    session = world.session(scopes=frozenset({"users:write", "users:read"}))
    issued = run(world.auth.issue(session))
    head, claims = parts_of(issued.token.reveal().decode())
    now = int(world.clock().timestamp())
    assert head == {"alg": algorithm, "kid": KID, "typ": "at+jwt"}
    jti = claims.pop("jti")
    assert len(jti) == 36
    assert claims == {
        "iss": "userkit",
        "aud": "userkit",
        "sub": USER,
        "sid": SESSION,
        "epoch": EPOCH,
        "iat": now,
        "exp": now + 600,
        "auth_time": now - 60,
        "amr": ["otp", "pwd"],
        "realm": "acme",
        "scope": "users:read users:write",
    }
    assert issued.expires_in == 600
    assert "Secret" in repr(issued)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_opens_its_session(algorithm: SigningAlgorithm) -> None:
    """The identity says who it is, by which proofs, since when and until when."""
    world = World(TokenSettings(keys=KeySet(key(algorithm))), realm="acme")
    token = world.issue(scopes=frozenset({"users:read"}))
    now = world.clock()
    assert world.auth.recognises(token)
    assert world.accept(token) == Identity(
        user_id=USER,
        session_id=SESSION,
        epoch=EPOCH,
        methods=frozenset({"pwd", "otp"}),
        authenticated_at=now - timedelta(minutes=1),
        scopes=frozenset({"users:read"}),
        backend="jwt",
        realm="acme",
        expires_at=now + timedelta(minutes=10),
    )


def test_every_token_has_an_id_of_its_own() -> None:
    """So that one can be told from another in an audit."""
    world = World()
    tokens = [parts_of(world.issue())[1]["jti"] for _ in range(50)]
    assert len(set(tokens)) == 50


@pytest.mark.parametrize(
    ("left", "expires_in"),
    [(timedelta(days=1), 600), (timedelta(minutes=3), 180), (timedelta(seconds=2.9), 2), (timedelta(0), 0)],
)
def test_a_token_ends_no_later_than_its_session(left: timedelta, expires_in: int) -> None:
    """In whole seconds, cut and never rounded up."""
    world = World()
    issued = run(world.auth.issue(world.session(expires_at=world.clock() + left)))
    assert issued.expires_in == expires_in
    _, claims = parts_of(issued.token.reveal().decode())
    assert claims["exp"] <= (world.clock() + left).timestamp()


def test_a_token_of_a_session_that_has_ended_opens_nothing() -> None:
    """And it is not said to be good for less than no time."""
    world = World()
    issued = run(world.auth.issue(world.session(expires_at=world.clock() - timedelta(hours=1))))
    assert issued.expires_in == 0
    assert world.refuses(issued.token.reveal().decode())


def test_an_endless_lifetime_ends_with_the_session() -> None:
    """The largest time there is does not run over."""
    world = World(TokenSettings(lifetime=timedelta.max))
    assert world.accept(world.issue()).expires_at == world.clock() + timedelta(days=30)


def test_seconds_are_cut() -> None:
    """A token never says that something happened later than it did."""
    world = World()
    world.clock.advance(seconds=0.999)
    _, claims = parts_of(world.issue())
    assert claims["iat"] == int(world.clock().timestamp())
    assert claims["exp"] - claims["iat"] == 600


@pytest.mark.parametrize("methods", [frozenset[str](), frozenset({"pwd"}), frozenset({"pwd", "otp", "hwk"})])
@pytest.mark.parametrize(
    "scopes", [frozenset[str](), frozenset({"*"}), frozenset({"a", "b:c", "ü".encode().hex()})]
)
def test_methods_and_scopes_come_back(methods: frozenset[str], scopes: frozenset[str]) -> None:
    """No scope at all is no scope at all, and not every scope."""
    world = World()
    identity = world.accept(world.issue(methods=methods, scopes=scopes))
    assert (identity.methods, identity.scopes) == (methods, scopes)


@pytest.mark.parametrize("scope", ["users:read *", "", " ", "a\n", 'a"b', "a\\b", "ü", "\ud800"])
def test_a_scope_that_would_come_back_as_another_is_refused(scope: str) -> None:
    """A scope with a space would be two, and the second may be everything."""
    world = World()
    with pytest.raises(UsageError, match="A scope is made of printable ASCII"):
        world.issue(scopes=frozenset({scope}))


def test_the_application_adds_claims_to_each_token() -> None:
    """And whoever verifies it reads them."""
    world = World(TokenSettings(claims=lambda session: {"plan": {"of": session.user_id}, "né": "ü"}))
    token = world.issue()
    _, claims = parts_of(token)
    assert claims["plan"] == {"of": USER}
    assert claims["né"] == "ü"
    assert world.accept(token).user_id == USER


def test_custom_claims_may_be_nested_as_deep_as_attributes() -> None:
    """Whatever is issued is accepted again; one level more is not issued."""
    deep: Any = "bottom"
    for _ in range(31):
        deep = [deep]
    world = World(TokenSettings(claims=lambda _: {"deep": deep, "wide": [[]] * 40}))
    world.accept(world.issue())
    deeper = World(TokenSettings(claims=lambda _: {"deep": [deep]}))
    with pytest.raises(UsageError, match="nested more than 32 deep"):
        deeper.issue()


def test_claims_that_make_a_token_too_long_are_refused() -> None:
    """When it is made, and not by every server that gets it."""
    with pytest.raises(UsageError, match="at most 8192 fit"):
        World(TokenSettings(claims=lambda _: {"long": "a" * 6000})).issue()
    world = World(TokenSettings(claims=lambda _: {"long": "a" * 5500}))
    world.accept(world.issue())


def test_a_reserved_claim_of_the_application_issues_nothing() -> None:
    """The sentence names the claim."""
    with pytest.raises(UsageError, match="may not set scope:"):
        World(TokenSettings(claims=lambda _: {"scope": "*"})).issue()


def test_a_token_is_good_until_it_expires() -> None:
    """By the clock of the kit, to the millisecond."""
    world = World()
    token = world.issue()
    world.clock.advance(seconds=599.999)
    world.accept(token)
    world.clock.advance(seconds=0.001)
    assert world.refuses(token)


def test_the_clock_of_the_machine_does_not_matter() -> None:
    """A kit whose clock stands in another century accepts its own tokens."""
    world = World()
    world.clock.advance(days=40_000)
    world.accept(world.issue())
    world.clock.advance(days=-60_000)
    world.accept(world.issue())


def test_leeway_moves_the_end() -> None:
    """By as much as was said, and no more."""
    world = World(TokenSettings(leeway=timedelta(seconds=30)))
    token = world.issue()
    world.clock.advance(minutes=10, seconds=29.999)
    world.accept(token)
    world.clock.advance(seconds=0.001)
    assert world.refuses(token)


@pytest.mark.parametrize(("leeway", "ahead"), [(0, 5), (3, 5), (30, 30)])
def test_a_token_from_the_future_is_refused(leeway: int, ahead: int) -> None:
    """Unless the clocks of two servers explain it."""
    settings = TokenSettings(keys=KeySet(shared_key()), leeway=timedelta(seconds=leeway))
    here, there = World(settings), World(settings)
    there.clock.advance(seconds=ahead)
    here.accept(there.issue())
    there.clock.advance(seconds=1)
    assert here.refuses(there.issue())


def test_a_clock_that_jumps_back_makes_no_token_last_longer_than_it_says() -> None:
    """A token of the old time is refused until its own time has come."""
    world = World()
    token = world.issue()
    world.clock.advance(hours=-1)
    assert world.refuses(token)
    world.clock.advance(hours=2)
    assert world.refuses(token)


def test_a_believed_token_asks_nobody() -> None:
    """Not even whether the session is still open."""
    world = World(TokenSettings(revocation="stateless"))
    token = world.issue()
    world.gate.open.clear()
    world.accept(token)
    assert world.gate.asked == 0


def test_a_checked_token_ends_with_its_session_at_once() -> None:
    """Signing out acts within the life of a token."""
    world = World(TokenSettings(revocation="checked"))
    token = world.issue()
    world.accept(token)
    world.gate.open.clear()
    assert world.refuses(token)


def test_a_checked_identity_is_what_the_session_is_now() -> None:
    """A proof that came later counts, and a scope that was taken away is gone; the end is the token's."""
    world = World(TokenSettings(revocation="checked"))
    token = world.issue()
    later = world.clock.advance(minutes=5)
    world.session(
        methods=frozenset({"pwd"}), authenticated_at=later, scopes=frozenset({"users:read"}), epoch=7
    )
    identity = world.accept(token)
    assert identity.methods == {"pwd"}
    assert identity.authenticated_at == later
    assert (identity.scopes, identity.epoch) == ({"users:read"}, 7)
    assert identity.expires_at == later + timedelta(minutes=5)
    assert (identity.user_id, identity.session_id, identity.backend) == (USER, SESSION, "jwt")


def test_a_forged_token_asks_nobody() -> None:
    """Only what is genuine costs a look at the store."""
    world = shared_world(revocation="checked")
    world.session()
    assert world.refuses(forge(header(), world.claims(), bytes(32)))
    assert world.refuses(forge(header(), world.claims(exp=0)))
    assert world.gate.asked == 0


def test_a_gate_that_fails_lets_nobody_in() -> None:
    """An error is no identity."""

    class Broken:
        async def live(self, session_id: str, user_id: str) -> Any:
            raise OSError("no store")

        opened_by = live

    world = World(TokenSettings(revocation="checked"))
    token = world.issue()
    world.gate.live = Broken().live  # type: ignore[method-assign]
    with pytest.raises(OSError, match="no store"):
        world.accept(token)


def test_a_kit_with_a_new_secret_accepts_tokens_of_the_old_one_while_it_is_named() -> None:
    """The first secret signs, all verify."""
    old = World(secret=OTHER_SECRET)
    token = old.issue()
    both, new = World(secret=[SECRET, OTHER_SECRET]), World(secret=SECRET)
    both.accept(token)
    assert new.refuses(token)
    new.accept(both.issue())
    assert old.refuses(both.issue())


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_others_verify_with_the_public_keys(algorithm: SigningAlgorithm) -> None:
    """PyJWT reads the key set and the token, with every check it has."""
    world = World(TokenSettings(keys=KeySet(key(algorithm)), issuer="https://a.example", audience="api"))
    published = jwt.PyJWKSet.from_json(json.dumps(world.auth.jwks()))
    token = world.issue()
    known = published[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False, "strict_aud": True}
    claims = jwt.decode(token, known, audience="api", issuer="https://a.example", options=options)
    assert claims["sub"] == USER
    assert (known.key_id, known.algorithm_name, known.public_key_use) == (KID, algorithm, "sig")


def test_a_service_with_the_public_key_alone_accepts_tokens() -> None:
    """It signs with a key of its own, which the first service does not know."""
    first = World(TokenSettings(keys=KeySet(key("RS256", "first"))))
    public = SigningKey(kid="first", algorithm="RS256", material=public_pem(pem("RS256")))
    second = World(TokenSettings(keys=KeySet(key("EdDSA", "second"), public)))
    second.accept(first.issue())
    assert first.refuses(second.issue())


def test_the_public_keys_are_copies() -> None:
    """Whoever changes what was returned changes nothing here."""
    world = World(TokenSettings(keys=KeySet(key("EdDSA"))))
    published: Mapping[str, Any] = world.auth.jwks()
    published["keys"][0]["x"] = "AAAA"
    published["keys"].clear()
    assert world.auth.jwks()["keys"][0]["x"] != "AAAA"


def test_a_token_that_another_library_wrote_is_accepted_when_it_is_the_same_text() -> None:
    """Ours is the header that PyJWT writes; what is in the claims, and in which order, is free."""
    world = shared_world()
    claims = dict(reversed(world.claims(plan="pro").items()))
    token = jwt.encode(claims, SHARED, "HS256", headers={"kid": KID, "typ": "at+jwt"})
    assert world.accept(token).user_id == USER
    assert JTI in json.dumps(parts_of(token))


@pytest.mark.parametrize(
    "credential",
    ["uk_a.b.c", "uks_a.b.c", "ukr_a.b.c", "", "..", "a.b", "eyJ.b", "eyJ.b.c.d", "eyJ" + "." * 9000],
)
def test_other_credentials_are_not_recognised(credential: str) -> None:
    """So that another backend is asked, or nobody; looking at the form takes bounded time."""
    assert not World().auth.recognises(credential)


def test_any_signed_token_is_recognised() -> None:
    """Whether it is a good one is asked afterwards."""
    assert World().auth.recognises(base64url('{"alg":"none"}') + ".e30.")
