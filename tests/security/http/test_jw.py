"""JW: access tokens seen from outside, and the place of every kind of token."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, World
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import (
    NEW_PASSWORD,
    OPERATIONS,
    Operation,
    ask,
    cookie_of,
    dump,
    link,
    looks,
    pair_of,
    problem,
)
from tests.tokens.world import base64url, json_of
from userkit.kernel.keys import Keyring
from userkit.ports.tokens import KeySet, SigningKey, TokenSettings


def private_pem() -> str:
    """Return a new private key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def auth(*keys: SigningKey) -> dict[str, Any]:
    """Return settings of a kit that signs with the first of these keys."""
    return {"auth": {"jwt": TokenSettings(keys=KeySet(*keys)), "session": None, "api-key": None}}


def shown(world: World, token: str) -> httpx.Response:
    """Show a token as a bearer."""
    # What no header can hold is sent as Latin-1 as far as that goes.
    text = token.encode().decode("latin-1")
    return world.ask("GET", "/users/me", headers={"authorization": f"Bearer {text}"})


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return the header and the claims of a token, and its signature."""
    head, claims, signature = token.split(".")
    read = [json.loads(base64.urlsafe_b64decode(each + "==")) for each in (head, claims)]
    return read[0], read[1], signature


def unsigned(head: Any, claims: Any) -> str:
    """Return what would be signed."""
    return f"{base64url(json_of(head))}.{base64url(json_of(claims))}"


HMAC_KEY = "0123456789abcdef0123456789abcdefXYZ!"
KEY = SigningKey(kid="k1", algorithm="HS256", material=HMAC_KEY)


def forged(head: Any, claims: Any) -> str:
    """Return a token with any header, signed with the key that the kit trusts."""
    text = unsigned(head, claims)
    return f"{text}.{base64url(hmac.digest(HMAC_KEY.encode(), text.encode(), 'sha256'))}"


def test_jw_1_jw_2_what_is_not_exactly_an_access_token_is_refused(open_world: OpenWorld) -> None:
    """Each differs in one thing from the one that is accepted, and is signed with the key that is trusted."""
    world = open_world(kit_options=auth(KEY))
    ada = world.ada()
    genuine = world.sign_in()
    head, claims, _ = parts(genuine)
    assert shown(world, forged(head, claims)).status_code == 200
    odd: list[dict[str, Any]] = [
        {"kid": "k2"},
        {"kid": "K1"},
        {"kid": "../../dev/null"},
        {"kid": "k1'--"},
        {"kid": ""},
        {"kid": ["k1"]},
        {"kid": None},
        {"typ": "JWT"},
        {"typ": None},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"jku": "https://evil.example/jwks"},
        {"jwk": {"kty": "oct", "k": base64url(HMAC_KEY.encode())}},
        {"x5u": "https://evil.example"},
        {"zip": "DEF"},
    ]
    for changes in odd:
        assert problem(shown(world, forged({**head, **changes}, claims))) == (401, "unauthenticated"), changes
    for alg in ("none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "hs256", None):
        signature = forged({**head, "alg": alg}, claims)
        for token in (
            signature,
            unsigned({**head, "alg": alg}, claims) + ".",
            unsigned({**head, "alg": alg}, claims),
        ):
            assert problem(shown(world, token)) == (401, "unauthenticated"), alg
    for change in (
        {"sub": ""},
        {"sub": [ada.id]},
        {"sid": "0"},
        {"epoch": "0"},
        {"epoch": -1},
        {"epoch": None},
        {"realm": "another"},
        {"iss": "evil"},
        {"aud": "evil"},
        {"exp": 0},
        {"exp": "9999999999"},
        {"exp": 1e400},
        {"exp": None},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"jti": None},
    ):
        answer = shown(world, forged(head, {**claims, **change}))
        assert problem(answer) == (401, "unauthenticated"), change
    for name in ("exp", "iat", "sub", "jti", "iss", "aud", "sid", "epoch"):
        answer = shown(world, forged(head, {key: claims[key] for key in claims if key != name}))
        assert problem(answer) == (401, "unauthenticated"), name


def test_jw_3_any_other_text_is_one_plain_refusal(world: World) -> None:
    """Padded, spaced, cut, doubled, or anything else: 401, all alike, in no time."""
    world.ada()
    token = world.sign_in()
    head, claims, signature = token.split(".")
    texts = [
        f"{token}=",
        f"{token}==",
        f"{head}=.{claims}.{signature}",
        f"{token} ",
        f" {token}",
        f"{token}\t",
        f"{head} .{claims}.{signature}",
        f"{token}.",
        f".{token}",
        f"{token}.{signature}",
        f"{head}.{claims}",
        f"{head}..{signature}",
        f"{token}, {token}",
        f"{token};{token}",
        f"{token[:-1]}",
        f"{token}A",
        f"{head}.{claims}.{signature[::-1]}",
        f"{claims}.{head}.{signature}",
        token.swapcase(),
        token.replace("-", "+").replace("_", "/") + "+",
        "a.b.c",
        "...",
        "." * 8000,
        "A" * 60_000,
        "\u00e9" * 10,
        '{"alg":"none"}',
        f"{base64url(b'[]')}.{base64url(b'{}')}.",
        f"{base64url(b'{' * 5000)}.{claims}.{signature}",
        f"{base64url(bytes([255, 254]))}.{claims}.{signature}",
    ]
    told = {repr(looks(shown(world, text))) for text in texts}
    assert len(told) == 1, told
    assert problem(shown(world, texts[0])) == (401, "unauthenticated")
    assert shown(world, token).status_code == 200


def test_jw_3_the_scheme_has_one_spelling_and_one_token(world: World) -> None:
    """RFC 6750: Bearer in any case, one blank, one token; several headers are none."""
    world.ada()
    token = world.sign_in()
    for good in (f"Bearer {token}", f"bearer {token}", f"BEARER {token}"):
        assert world.ask("GET", "/users/me", headers={"authorization": good}).status_code == 200
    for bad in (
        f"Bearer  {token}",
        f"Bearer\t{token}",
        f"Bearer{token}",
        f"Bearer {token} x",
        "Bearer",
        "Bearer ",
    ):
        answer = world.ask("GET", "/users/me", headers={"authorization": bad})
        assert problem(answer) == (401, "unauthenticated"), bad.replace(token, "…")
    twice = [("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")]
    assert world.ask("GET", "/users/me", headers=twice).status_code in (400, 401)


def test_jw_2_refusals_say_how_to_sign_in(world: World) -> None:
    """RFC 6750, section 3: no error where nothing was shown, invalid_token where something was."""
    nothing = world.ask("GET", "/users/me")
    assert nothing.headers["www-authenticate"] == 'Bearer realm="userkit"'
    wrong = shown(world, "nonsense")
    assert wrong.headers["www-authenticate"] == 'Bearer realm="userkit", error="invalid_token"'


Place = Callable[[World, str], httpx.Response]
PLACES: dict[str, tuple[Place, tuple[str, ...]]] = {
    "bearer": (shown, ("access", "key")),
    "X-API-Key": (lambda world, text: world.ask("GET", "/users/me", headers={"x-api-key": text}), ("key",)),
    "cookie": (
        lambda world, text: world.ask("GET", "/users/me", cookies={"__Host-userkit": text}),
        ("cookie",),
    ),
    "CSRF cookie": (
        lambda world, text: world.ask("GET", "/users/me", cookies={"__Host-userkit-csrf": text}),
        (),
    ),
    "guard of the application": (
        lambda world, text: world.ask("GET", "/protected", headers={"authorization": f"Bearer {text}"}),
        ("access", "key"),
    ),
    "refresh": (
        lambda world, text: world.ask("POST", "/auth/refresh", json={"refresh_token": text}),
        ("refresh",),
    ),
    "verify": (
        lambda world, text: world.ask(
            "POST", "/auth/email/verify", json={"token": text, "password": PASSWORD}
        ),
        ("verify",),
    ),
    "change": (
        lambda world, text: world.ask("POST", "/auth/email/change/confirm", json={"token": text}),
        ("change",),
    ),
    "reset": (
        lambda world, text: world.ask(
            "POST", "/auth/password/reset", json={"token": text, "password": NEW_PASSWORD}
        ),
        ("reset",),
    ),
    "password": (
        lambda world, text: world.ask("POST", "/auth/login", json={"email": EMAIL, "password": text}),
        (),
    ),
}


def kinds_of_tokens(world: World) -> dict[str, str]:
    """Return a live token of each kind, all got over HTTP."""
    world.ada()
    pair, cookies = pair_of(world), cookie_of(world)
    world.ask("POST", "/auth/email/change", json={"email": "ada@new.example"}, token=pair["access_token"])
    world.ask("POST", "/auth/password/forgot", json={"email": EMAIL})
    key = world.ask("POST", "/auth/api-keys", json={"name": "ci"}, token=pair["access_token"])
    return {
        "access": pair["access_token"],
        "refresh": pair["refresh_token"],
        "cookie": cookies["__Host-userkit"],
        "csrf": cookies["__Host-userkit-csrf"],
        "key": key.json()["key"],
        "verify": link(world, "verify_email"),
        "change": link(world, "change_email"),
        "reset": link(world, "reset_password"),
    }


def untold(world: World) -> list[str]:
    """Return what is stored, but for when a key was seen last, be it in a wrong place."""
    return [line for line in dump(world) if not line.startswith("api_keys ")]


@pytest.mark.parametrize("place", PLACES)
def test_jw_2_each_kind_of_token_works_in_its_own_place_only(open_world: OpenWorld, place: str) -> None:
    """Elsewhere it is refused like nonsense; in its own it is good afterwards."""
    world = open_world(limits=False)
    tokens = kinds_of_tokens(world)
    present, kinds = PLACES[place]
    nonsense = present(world, "nonsense")
    before = untold(world)
    for kind, token in tokens.items():
        if kind in kinds:
            continue
        answer = present(world, token)
        assert looks(answer) == looks(nonsense), kind
    assert place == "password" or untold(world) == before
    for kind in kinds:
        assert present(world, tokens[kind]).status_code in (200, 204), kind


def test_jw_2_no_token_works_in_another_application(open_world: OpenWorld) -> None:
    """With another secret; nor in another realm of the same one."""
    mine, theirs = open_world(), open_world(kit_options={"secret": "another application's secret 0123456789"})
    tokens = kinds_of_tokens(mine)
    theirs.ada()
    neighbour = open_world()
    neighbour.ada()
    for world in (theirs, neighbour):
        for place, (present, kinds) in PLACES.items():
            for kind in kinds:
                assert present(world, tokens[kind]).status_code in (400, 401), (place, kind)


def test_jw_4_the_key_set_holds_no_secret(open_world: OpenWorld) -> None:
    """Empty for a shared secret; public halves only for the others."""
    shared = open_world()
    assert shared.ask("GET", "/auth/jwks").json() == {"keys": []}
    pem = private_pem()
    world = open_world(kit_options=auth(SigningKey(kid="es", algorithm="ES256", material=pem), KEY))
    answer = world.ask("GET", "/auth/jwks")
    keys = answer.json()["keys"]
    assert [each["kid"] for each in keys] == ["es"]
    for each in keys:
        assert not set(each) & {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
    told = answer.text
    assert not any(line and line in told for line in pem.splitlines() if not line.startswith("-"))
    assert HMAC_KEY not in told
    assert SECRET not in told
    derived = Keyring.of(SECRET).derive("access tokens")
    assert not any(base64url(each) in told for each in derived)


def test_jw_4_keys_are_rotated_with_overlap_and_removed_at_once(open_world: OpenWorld) -> None:
    """The newest signs, all verify; what is removed verifies nothing from then on."""
    old = SigningKey(kid="old", algorithm="ES256", material=private_pem())
    new = SigningKey(kid="new", algorithm="ES256", material=private_pem())
    first = open_world(store="sqlite", kit_options=auth(old))
    first.ada()
    token = first.sign_in()
    both = open_world(store="sqlite", kit_options=auth(new, old), realm=first.realm)
    assert {each["kid"] for each in both.ask("GET", "/auth/jwks").json()["keys"]} == {"old", "new"}
    assert shown(both, token).status_code == 200
    later = both.sign_in()
    assert parts(later)[0]["kid"] == "new"
    assert problem(shown(first, later)) == (401, "unauthenticated")
    last = open_world(store="sqlite", kit_options=auth(new), realm=first.realm)
    assert problem(shown(last, token)) == (401, "unauthenticated")
    assert shown(last, later).status_code == 200


@pytest.mark.parametrize("asked", [each for each in OPERATIONS if not each.public], ids=str)
def test_jw_1_an_unsigned_token_opens_no_route(world: World, asked: Operation) -> None:
    """Nor one that has expired, nor one that somebody else has signed."""
    ada = world.ada("admin")
    token = world.sign_in()
    head, claims, _ = parts(token)
    stranger = jwt.encode(claims, "x" * 32, algorithm="HS256", headers=head)
    before = dump(world)
    tokens = [unsigned({**head, "alg": "none"}, claims) + ".", stranger, token[:-4] + "AAAA"]
    for each in tokens:
        assert problem(ask(world, asked, id=ada.id, token=each)) == (401, "unauthenticated")
    world.clock.advance(hours=2)
    assert problem(ask(world, asked, id=ada.id, token=token)) == (401, "unauthenticated")
    assert dump(world) == before
