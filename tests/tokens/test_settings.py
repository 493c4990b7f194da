"""What may be configured about access tokens, and what the application may add to them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.tokens.world import OTHER_SECRET, SECRET, SHARED, World, key, pem, shared_key
from userkit import Secret
from userkit.errors import ConfigurationError, UsageError, WeakSecretError
from userkit.kernel.keys import Keyring
from userkit.ports.tokens import RESERVED_CLAIMS, KeySet, SigningKey, TokenSettings, custom_claims


def test_the_defaults_are_good_for_one_service() -> None:
    """Ten minutes, no leeway, keys of the application's secret, and no store is asked."""
    settings = TokenSettings()
    assert (settings.issuer, settings.audience) == ("userkit", "userkit")
    assert settings.lifetime == timedelta(minutes=10)
    assert settings.leeway == timedelta(0)
    assert settings.keys is None
    assert settings.revocation == "stateless"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"issuer": ""}, 'issuer="https://app.example"'),
        ({"issuer": None}, "The issuer of access tokens is text"),
        ({"issuer": "a" * 256}, "1 to 255"),
        ({"audience": ""}, 'audience="https://app.example"'),
        ({"audience": ["a", "b"]}, "The audience of access tokens is text"),
        ({"audience": "a\nb"}, "The audience of access tokens is text"),
        ({"lifetime": timedelta(0)}, "lifetime of access tokens is a timedelta, at least 0:00:01"),
        ({"lifetime": timedelta(seconds=-1)}, "at least 0:00:01"),
        ({"lifetime": timedelta(milliseconds=999)}, "at least 0:00:01"),
        ({"lifetime": 600}, "is a timedelta"),
        ({"leeway": timedelta(seconds=61)}, "from 0:00:00 to 0:01:00"),
        ({"leeway": timedelta(seconds=-1)}, "from 0:00:00 to 0:01:00"),
        ({"leeway": 5}, "is a timedelta"),
        ({"keys": ()}, r"keys=KeySet\(SigningKey"),
        ({"keys": SECRET}, r"keys=KeySet\(SigningKey"),
        ({"revocation": "always"}, "'stateless' or 'checked'"),
        ({"revocation": True}, "'stateless' or 'checked'"),
        ({"claims": {"plan": "pro"}}, "claims is a function"),
    ],
)
def test_settings_that_make_no_sense_stop_the_start(wrong: dict[str, Any], said: str) -> None:
    """The sentence says what would make sense."""
    with pytest.raises(ConfigurationError, match=said):
        TokenSettings(**wrong)


def test_the_bounds_themselves_are_allowed() -> None:
    """A second to live, a minute of leeway, and texts as long as may be."""
    TokenSettings(lifetime=timedelta(seconds=1), leeway=timedelta(seconds=60), issuer="a" * 255)
    TokenSettings(lifetime=timedelta.max)


@pytest.mark.parametrize(
    "kid", ["", "a b", "a/b", "../key", "ä", "a" * 65, "a\n", None, 7, b"a"], ids=lambda kid: repr(kid)[:9]
)
def test_the_name_of_a_key_is_plain(kid: Any) -> None:
    """It stands in headers, in JSON and in logs, and needs escaping in none of them."""
    with pytest.raises(ConfigurationError, match="1 to 64 letters, digits"):
        SigningKey(kid=kid, algorithm="HS256", material=SHARED)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS512", "PS256", "ES384", "hs256", "", None])
def test_four_algorithms_are_known(algorithm: Any) -> None:
    """And the sentence names them."""
    with pytest.raises(ConfigurationError, match="HS256, ES256, EdDSA, RS256"):
        SigningKey(kid="a", algorithm=algorithm, material=SHARED)


def test_pem_is_no_shared_secret_and_a_shared_secret_is_no_pem() -> None:
    """Whoever knows a public key could otherwise sign with it."""
    with pytest.raises(ConfigurationError, match="no secret for HS256"):
        SigningKey(kid="a", algorithm="HS256", material=pem("ES256"))
    with pytest.raises(ConfigurationError, match="material for ES256 is a key in PEM"):
        SigningKey(kid="a", algorithm="ES256", material=SHARED)


@pytest.mark.parametrize("material", [None, 32, ["a"], object()])
def test_material_is_text_or_bytes(material: Any) -> None:
    """Nothing else is turned into a key by accident."""
    with pytest.raises(ConfigurationError, match="material is text or bytes"):
        SigningKey(kid="a", algorithm="HS256", material=material)


@pytest.mark.parametrize("material", [SECRET, SECRET.encode(), Secret(SECRET)])
def test_material_is_kept_as_a_secret(material: Any) -> None:
    """However it was given."""
    assert SigningKey(kid="a", algorithm="HS256", material=material).material == Secret(SECRET)


@pytest.mark.parametrize("material", ["short", SHARED[:31], b"a" * 64, "changeme" * 8])
def test_a_weak_shared_secret_is_refused(material: str | bytes) -> None:
    """By the same rules as the application's secret."""
    with pytest.raises(WeakSecretError):
        SigningKey(kid="a", algorithm="HS256", material=material)


def test_the_end_of_a_key_has_a_zone() -> None:
    """A time of day somewhere is no end."""
    with pytest.raises(ConfigurationError, match="not_after is an aware time"):
        SigningKey(kid="a", algorithm="HS256", material=SHARED, not_after=datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_key_set_holds_keys_of_different_names() -> None:
    """At least one, and none of them twice."""
    with pytest.raises(ConfigurationError, match="at least one SigningKey"):
        KeySet()
    with pytest.raises(ConfigurationError, match="at least one SigningKey"):
        KeySet(SHARED)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="Two keys have the kid a;"):
        KeySet(shared_key("b"), shared_key("a"), key("ES256", "a"))
    keys = KeySet(shared_key("b"), shared_key("a"))
    assert [each.kid for each in keys] == ["b", "a"]
    assert len(keys) == 2


def test_the_key_that_signs_has_no_end() -> None:
    """Its tokens would be refused while they are good."""
    ending = SigningKey(
        kid="a", algorithm="HS256", material=SHARED, not_after=datetime(2026, 1, 1, tzinfo=UTC)
    )
    with pytest.raises(ConfigurationError, match="put another key before it"):
        KeySet(ending, shared_key("b"))
    KeySet(shared_key("b"), ending)


def test_keys_do_not_show_themselves() -> None:
    """Only their names and algorithms; so do the settings and the backend that hold them."""
    material = pem("EdDSA")
    keys = KeySet(SigningKey(kid="new", algorithm="EdDSA", material=material), shared_key("old"))
    assert repr(keys) == "KeySet(new: EdDSA, old: HS256)"
    assert repr(next(iter(keys))) == "SigningKey(new: EdDSA)"
    settings = TokenSettings(keys=keys)
    world = World(settings)
    shown = repr(settings) + repr(world.auth) + repr(world.parts)
    for secret in (material.splitlines()[1], SHARED.hex(), repr(SHARED), SECRET):
        assert secret not in shown


def test_the_derived_keys_are_as_many_as_the_secrets() -> None:
    """The first secret signs; their names are those of the same secrets in every process."""
    keys = KeySet.derived_from(Keyring.of([SECRET, OTHER_SECRET]))
    (alone,) = KeySet.derived_from(Keyring.of(OTHER_SECRET))
    assert [each.algorithm for each in keys] == ["HS256", "HS256"]
    assert keys.keys[1].kid == alone.kid
    assert keys.keys[1].material == alone.material
    assert keys.keys[0].kid != alone.kid


def test_the_name_of_a_derived_key_tells_nothing_about_it() -> None:
    """It is neither a part of the key nor of the secret, nor their plain digest."""
    import hashlib

    (derived,) = KeySet.derived_from(Keyring.of(SECRET))
    material = derived.material.reveal()
    for told in (SECRET.encode(), material):
        assert derived.kid not in told.hex()
        assert derived.kid not in hashlib.sha256(told).hexdigest()


def test_a_secret_that_is_given_twice_is_one_key() -> None:
    """It does not stop the start."""
    assert len(KeySet.derived_from(Keyring.of([SECRET, SECRET, OTHER_SECRET]))) == 2


def claims_of(added: Any) -> dict[str, Any]:
    return custom_claims(lambda _: added, World().session())


def test_the_application_adds_claims() -> None:
    """JSON of its own, for each session anew."""
    world = World()
    added = custom_claims(
        lambda session: {"plan": "pro", "for": session.user_id, "n": [1, {"a": None}]}, world.session()
    )
    assert added == {"plan": "pro", "for": world.session().user_id, "n": [1, {"a": None}]}


@pytest.mark.parametrize("name", sorted(RESERVED_CLAIMS))
def test_the_application_cannot_change_what_a_token_is(name: str) -> None:
    """The sentence names the claim."""
    with pytest.raises(UsageError, match=f"may not set {name}:"):
        claims_of({"plan": "pro", name: "x"})


@pytest.mark.parametrize(
    "added", [{"a": object()}, {"a": float("nan")}, {"a": b"x"}, {"a": "\ud800"}, {1: "a"}, {"a": {1, 2}}]
)
def test_custom_claims_are_json(added: Mapping[Any, Any]) -> None:
    """What would come back as something else is refused when the token is made."""
    with pytest.raises(UsageError, match="what is not JSON"):
        claims_of(added)


@pytest.mark.parametrize("added", [None, [("plan", "pro")], "plan"])
def test_custom_claims_are_a_mapping(added: Any) -> None:
    """The sentence says what came instead."""
    with pytest.raises(UsageError, match=type(added).__name__):
        claims_of(added)
