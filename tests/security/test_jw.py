"""JW: what a token may be and what it may not, however it was made.

Every hostile token here is genuine but for one thing: it is made by hand with the very key that
the kit trusts, and its harmless twin is accepted (`test_would_notice…`).
"""

import base64
import json
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tokens.world import (
    ALGORITHMS,
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
    json_of,
    key,
    pem,
    public_pem,
    shared_key,
    shared_world,
    signed,
)
from userkit.backends.jwt.codec import MAX_LENGTH, Codec
from userkit.errors import ConfigurationError, WeakSecretError
from userkit.ports.tokens import KeySet, SigningAlgorithm, SigningKey, TokenSettings

URLSAFE = string.ascii_letters + string.digits + "-_"
WORLD = shared_world()
GENUINE = forge(header(), WORLD.claims())


def with_header(**changes: Any) -> str:
    """Return a token with the right signature and another header."""
    return forge(header(**changes), WORLD.claims())


def with_claims(**changes: Any) -> str:
    """Return a token with the right signature and other claims."""
    return forge(header(), WORLD.claims(**changes))


def pyjwt_accepts(token: str) -> bool:
    """Tell what a correct use of PyJWT says, with a list of algorithms, audience and issuer."""
    options: Any = {"verify_exp": False, "verify_iat": False}
    try:
        jwt.decode(token, SHARED, ["HS256"], audience="userkit", issuer="userkit", options=options)
    except jwt.PyJWTError:
        return False
    return True


def test_would_notice_a_forge_that_cannot_sign() -> None:
    """The tokens below are refused for what they are, not for want of a signature."""
    assert WORLD.accept(GENUINE).user_id == USER
    assert WORLD.accept(with_header()).user_id == USER
    assert WORLD.accept(with_claims(plan="pro")).user_id == USER


# JW-1: one key, one algorithm


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE", "", None, 0, False, ["none"], ...])
@pytest.mark.parametrize("kid", [KID, ...])
def test_jw_1_unsigned_tokens_are_refused(spelling: Any, kid: Any) -> None:
    """`none` in any spelling, with no signature, any signature, or the right one."""
    head = header(alg=spelling, kid=kid)
    unsigned = f"{base64url(json_of(head))}.{base64url(json_of(WORLD.claims()))}"
    for token in (f"{unsigned}.", f"{unsigned}.AAAA", unsigned, signed(unsigned)):
        assert WORLD.refuses(token)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize(
    "algorithm", ["HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", "hs256", " HS256"]
)
def test_jw_1_the_key_says_which_algorithm(algorithm: str, digest: str) -> None:
    """Another one in the header is refused, whatever the signature was computed with."""
    assert WORLD.refuses(forge(header(alg=algorithm), WORLD.claims(), digest=digest))


@pytest.mark.parametrize("digest", ["sha384", "sha512", "sha1"])
def test_jw_1_a_signature_of_another_strength_is_refused(digest: str) -> None:
    """The header is the right one, and the signature is made with the right key."""
    assert WORLD.refuses(forge(header(), WORLD.claims(), digest=digest))


@pytest.mark.parametrize("of", ["ES256", "EdDSA", "RS256"])
@pytest.mark.parametrize("claimed", ALGORITHMS)
def test_jw_1_a_public_key_is_no_shared_secret(of: SigningAlgorithm, claimed: SigningAlgorithm) -> None:
    """Key confusion: an HMAC with the public key that everybody knows, as PEM, stripped, or as DER."""
    world = World(TokenSettings(keys=KeySet(key(of))))
    public = public_pem(pem(of))
    der = base64.b64decode("".join(public.splitlines()[1:-1]))
    for secret in (public.encode(), public.strip().encode(), der, json_of(world.auth.jwks()).encode()):
        assert world.refuses(forge(header(alg=claimed), world.claims(), secret))


@pytest.mark.parametrize("claimed", ALGORITHMS)
@pytest.mark.parametrize("of", ALGORITHMS)
def test_jw_1_two_keys_do_not_stand_in_for_each_other(
    of: SigningAlgorithm, claimed: SigningAlgorithm
) -> None:
    """A token that one key signed is refused under the name of another, also of the same algorithm."""
    mine = World(TokenSettings(keys=KeySet(key(of, "mine"))))
    world = World(TokenSettings(keys=KeySet(key(claimed, "yours", 1), key(of, "mine"))))
    token = mine.issue()
    world.accept(token)
    _, payload, signature = token.split(".")
    for head in (header(alg=claimed, kid="yours"), header(alg=of, kid="yours")):
        assert world.refuses(f"{base64url(json_of(head))}.{payload}.{signature}")


def test_jw_1_rsa_with_another_padding_is_refused() -> None:
    """PSS is another algorithm on the same key."""
    world = World(TokenSettings(keys=KeySet(key("RS256"))))
    private: Any = load_pem_private_key(pem("RS256").encode(), None)
    for alg in ("RS256", "PS256"):
        text = f"{base64url(json_of(header(alg=alg)))}.{base64url(json_of(world.claims()))}"
        pss = private.sign(text.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
        assert world.refuses(f"{text}.{base64url(pss)}")
        pkcs = private.sign(text.encode(), padding.PKCS1v15(), SHA256())
        assert world.refuses(f"{text}.{base64url(pkcs)}") is (alg == "PS256")


ATTACKER = base64url(bytes(32))


@pytest.mark.parametrize(
    "brought",
    [
        {"jwk": {"kty": "oct", "k": ATTACKER}},
        {"jku": "https://attacker.example/jwks.json"},
        {"x5u": "https://attacker.example/cert.pem"},
        {"x5c": ["MIIB"]},
        {"x5t": "AAAA"},
        {"jku": "file:///etc/passwd"},
    ],
    ids=lambda brought: next(iter(brought)),
)
def test_jw_1_a_token_cannot_bring_its_key(brought: dict[str, Any]) -> None:
    """Signed by the attacker or even by us, with our kid, another, or none: nothing is fetched or used."""
    for kid in (KID, "attacker", ...):
        for secret in (SHARED, bytes(32)):
            assert WORLD.refuses(forge(header(kid=kid, **brought), WORLD.claims(), secret))


NO_KIDS = ["", " ", KID + " ", KID + "\0", KID + "A", KID[:-1], "../../dev/null", "' OR 1=1 --", "*", "0"]


@pytest.mark.parametrize(
    "kid",
    [*NO_KIDS, ..., None, 0, True, [KID], {"kid": KID}, "2026\u201001", KID * 100],
    ids=lambda kid: repr(kid)[:20],
)
def test_jw_1_the_kid_is_looked_up_exactly(kid: Any) -> None:
    """No key is found by a name that is nearly its own, or by none."""
    assert WORLD.refuses(with_header(kid=kid))
    assert WORLD.refuses(forge(header(kid=kid), WORLD.claims(), b""))


@pytest.mark.parametrize(
    "extension",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["https://attacker.example/x"], "https://attacker.example/x": True},
        {"crit": []},
        {"crit": ["alg"]},
        {"crit": "b64"},
        {"crit": None},
        {"crit": ["b64"], "b64": True},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"enc": "A128GCM"},
        {"cty": "JWT"},
    ],
    ids=json_of,
)
def test_jw_1_extensions_are_refused(extension: dict[str, Any]) -> None:
    """A header says algorithm, key and type, and nothing that we would have to understand."""
    assert WORLD.refuses(with_header(**extension))
    detached = f"{base64url(json_of(header(**extension)))}.{json_of(WORLD.claims())}"
    assert WORLD.refuses(signed(detached))
    head, _, _ = with_header(**extension).split(".")
    assert WORLD.refuses(f"{head}..{signed(head + '.').split('.')[2]}")


# JW-2: required, typed, and each kind of token in its own place


NO_TIMES: list[Any] = [
    "0",
    "",
    None,
    True,
    False,
    1.5,
    1e9,
    -1,
    10**20,
    10**400,
    [1],
    {},
    "now",
    float("nan"),
]
NO_TEXTS: list[Any] = [None, 0, True, 1.0, [], {}, ["userkit"], "", " ", "x", "\ud800", "a\0b"]


@pytest.mark.parametrize("wrong", [..., *NO_TIMES], ids=lambda wrong: repr(wrong)[:12])
@pytest.mark.parametrize("name", ["exp", "iat", "auth_time"])
def test_jw_2_times_are_whole_seconds(name: str, wrong: Any) -> None:
    """Present, an integer, and a time that there is; true is not 1."""
    assert WORLD.refuses(with_claims(**{name: wrong}))


@pytest.mark.parametrize("wrong", [..., *NO_TIMES, 2**63], ids=lambda wrong: repr(wrong)[:12])
def test_jw_2_the_epoch_is_a_whole_number(wrong: Any) -> None:
    """A token without one, as of an older userkit, says nothing of when the account was taken over."""
    assert WORLD.refuses(with_claims(epoch=wrong))


@pytest.mark.parametrize("epoch", [0, 1, 2**63 - 1])
def test_jw_2_the_epoch_is_that_of_the_session(epoch: int) -> None:
    """As far as a store counts."""
    assert WORLD.accept(with_claims(epoch=epoch)).epoch == epoch
    assert WORLD.accept(WORLD.issue(epoch=epoch)).epoch == epoch


@pytest.mark.parametrize("number", ["1e400", "Infinity", "-Infinity", "NaN", "1767225600.0", "0x10", "01"])
def test_jw_2_numbers_that_are_no_integers_of_json_are_refused(number: str) -> None:
    """Also where the value would do."""
    now = str(int(WORLD.clock().timestamp()) + 600)
    text = json_of(WORLD.claims()).replace(f'"exp":{now}', f'"exp":{number}')
    assert text != json_of(WORLD.claims())
    assert WORLD.refuses(forge(header(), text))
    assert WORLD.refuses(forge(header(), json_of(WORLD.claims())[:-1] + f',"extra":{number}}}')) is (
        number not in {"1e400", "1767225600.0"}
    )


@pytest.mark.parametrize("wrong", [..., *NO_TEXTS], ids=lambda wrong: repr(wrong)[:12])
@pytest.mark.parametrize("name", ["iss", "aud", "realm", "sub", "sid", "jti"])
def test_jw_2_names_are_text(name: str, wrong: Any) -> None:
    """Present, exactly ours, or an id."""
    assert WORLD.refuses(with_claims(**{name: wrong}))


@pytest.mark.parametrize("wrong", [..., None, "pwd", [1], [None], {"pwd": True}, True])
def test_jw_2_methods_are_a_list_of_text(wrong: Any) -> None:
    """How somebody proved who they are is not guessed."""
    assert WORLD.refuses(with_claims(amr=wrong))


@pytest.mark.parametrize(
    "wrong", [..., None, ["*"], 1, " ", "a  b", " a", "a ", "a\tb", "ü", 'a"', "a\u2028b"]
)
def test_jw_2_the_scope_is_words_between_single_spaces(wrong: Any) -> None:
    """Without a scope a token is not one for everything."""
    assert WORLD.refuses(with_claims(scope=wrong))


@pytest.mark.parametrize("typ", [..., None, "", "JWT", "jwt", "at+JWT", "AT+JWT", "application/at+jwt"])
@pytest.mark.parametrize("also", [{}, {"cty": "at+jwt"}])
def test_jw_2_the_type_is_access_token(typ: Any, also: dict[str, str]) -> None:
    """In exactly this spelling."""
    assert WORLD.refuses(with_header(typ=typ, **also))


@pytest.mark.parametrize("claim", [{"nbf": 0}, {"nbf": 10**10}, {"cnf": {"jkt": "AAAA"}}], ids=json_of)
def test_jw_2_tokens_under_conditions_that_nobody_checks_are_refused(claim: dict[str, Any]) -> None:
    """A token that is bound to a key of its holder does not open a session for its finder."""
    assert WORLD.refuses(with_claims(**claim))


def id_token() -> str:
    """Return what says who somebody is, to a client (OpenID Connect Core 1.0)."""
    return forge(header(typ="JWT"), WORLD.claims(aud="client-7", nonce="n", at_hash="h"))


def logout_token() -> str:
    """Return what tells a client that a session has ended (OpenID Connect Back-Channel Logout 1.0)."""
    events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    return forge(header(typ="logout+jwt"), WORLD.claims(events=events))


OTHER_KINDS: dict[str, Callable[[], str]] = {
    "id token": id_token,
    "id token with our audience": lambda: forge(header(typ="JWT"), WORLD.claims()),
    "logout token": logout_token,
    "proof of possession": lambda: with_header(typ="dpop+jwt", jwk={"kty": "oct", "k": ATTACKER}),
    "client assertion": lambda: with_header(typ="client-authentication+jwt"),
    "security event": lambda: with_header(typ="secevent+jwt"),
    "entity statement": lambda: with_header(typ="entity-statement+jwt"),
    "refresh token": lambda: "ukr_" + base64url(bytes(32)),
    "opaque session": lambda: "uks_" + base64url(bytes(32)),
    "api key": lambda: "uk_" + base64url(bytes(32)),
    "link": lambda: base64url(bytes(32)),
    "encrypted": lambda: f"{base64url(json_of(header(alg='dir', enc='A128GCM')))}..AAAA.AAAA.AAAA",
    "id of the session": lambda: SESSION,
    "id of the token": lambda: JTI,
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_jw_2_a_token_of_another_kind_is_refused(kind: str) -> None:
    """Whoever signed it; and what is no JWT at all is left to its own backend."""
    token = OTHER_KINDS[kind]()
    assert WORLD.refuses(token)
    assert token.count(".") == 2 or not WORLD.auth.recognises(token)


PLACES: dict[str, dict[str, Any]] = {
    "here": {},
    "another realm": {"realm": "acme"},
    "another issuer": {"issuer": "https://other.example"},
    "another audience": {"audience": "https://other.example"},
    "another secret": {"secret": OTHER_SECRET},
    "another key": {"keys": KeySet(key("EdDSA"))},
}


def place(name: str) -> World:
    """Return the world of a place."""
    settings = dict(PLACES[name])
    around = {each: settings.pop(each) for each in ("realm", "secret") if each in settings}
    return World(TokenSettings(**settings), **around)


@pytest.mark.parametrize("there", PLACES)
@pytest.mark.parametrize("here", PLACES)
def test_jw_2_a_token_opens_the_place_that_it_was_made_for(here: str, there: str) -> None:
    """And no other: realm, issuer, audience and key are each enough to refuse it."""
    assert place(there).refuses(place(here).issue()) is (here != there)


# JW-3: canonical text, and an answer to any text


def respelled() -> Iterator[tuple[str, str]]:
    """Yield other spellings of a genuine token, with what is different."""
    head, payload, signature = GENUINE.split(".")
    for space in (" ", "\n", "\t", "\r\n", "\0", "\u00a0", "\ufeff", "=", "==", "%00", ".", "..", "/"):
        yield f"{space!r} behind", GENUINE + space
        yield f"{space!r} before", space + GENUINE
        yield f"{space!r} behind the header", f"{head}{space}.{payload}.{signature}"
        yield f"{space!r} behind the payload", f"{head}.{payload}{space}.{signature}"
        yield f"{space!r} in the middle", GENUINE[:100] + space + GENUINE[100:]
        yield f"signed, {space!r} behind the payload", signed(f"{head}.{payload}{space}")
        yield f"signed, {space!r} in the header", signed(f"{head[:9]}{space}{head[9:]}.{payload}")
        yield f"signed, {space!r} in the payload", signed(f"{head}.{payload[:9]}{space}{payload[9:]}")
    yield "padded", f"{head}.{payload}.{signature}="
    yield "no header", f".{payload}.{signature}"
    yield "no payload", f"{head}..{signature}"
    yield "no signature", f"{head}.{payload}."
    yield "two segments", f"{head}.{payload}"
    yield "one segment", head
    yield "four segments", f"{GENUINE}.{signature}"
    yield "bearer", f"Bearer {GENUINE}"
    yield "quoted", f'"{GENUINE}"'
    yield "twice", f"{GENUINE},{GENUINE}"
    yield "JSON serialisation", json_of({"protected": head, "payload": payload, "signature": signature})


@pytest.mark.parametrize("token", [pytest.param(text, id=name) for name, text in respelled()])
def test_jw_3_a_token_has_one_spelling(token: str) -> None:
    """Whitespace, padding, and what the standard library's decoder skips are refused."""
    assert WORLD.refuses(token)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_jw_3_a_token_with_any_character_changed_is_refused(algorithm: SigningAlgorithm) -> None:
    """At every position, also in the bits that the last character of a segment has left over."""
    world = World(TokenSettings(keys=KeySet(key(algorithm))))
    token = world.issue()
    for position, old in enumerate(token):
        place = URLSAFE.find(old)
        near = [URLSAFE[place ^ bit] for bit in (1, 2, 4, 32)] if place >= 0 else []
        for new in {*near, "A", "_", ".", "=", "+", "/", " ", "é", "", old + "\ud800"} - {old}:
            assert world.refuses(token[:position] + new + token[position + 1 :]), (position, new)


def test_jw_3_the_last_character_has_one_spelling() -> None:
    """Of the 64 there are, in each segment and for each length."""
    for extra in ("", "a", "aa"):
        genuine = with_claims(x=extra)
        for segment in (1, 2):
            segments = genuine.split(".")
            accepted = []
            for last in URLSAFE:
                segments[segment] = segments[segment][:-1] + last
                text = ".".join(segments) if segment == 2 else signed(".".join(segments[:2]))
                if not WORLD.refuses(text):
                    accepted.append(text)
            # Another last character of the payload that is a JSON object again has another meaning.
            assert accepted == [genuine]


def doubled(text: str, name: str, value: str) -> str:
    """Return a JSON object with one more member of a name that it has."""
    return f'{text[:-1]},"{name}":{value}}}'


@pytest.mark.parametrize("name", ["sub", "exp", "scope", "realm", "iss", "jti", "epoch"])
def test_jw_3_a_claim_that_is_said_twice_is_refused(name: str) -> None:
    """Also when both say the same, since others may read the other one."""
    claims = WORLD.claims()
    again = doubled(json_of(claims), name, json_of([claims[name]])[1:-1])
    assert WORLD.refuses(forge(header(), again))
    escaped = doubled(json_of(claims), f"\\u{ord(name[0]):04x}{name[1:]}", '"x"')
    assert WORLD.refuses(forge(header(), escaped))
    assert pyjwt_accepts(forge(header(), again))


@pytest.mark.parametrize("value", ['{"a":1,"a":1}', '[[{"a":1,"a":2}]]', '{"b":{"a":1,"a":1}}'])
def test_jw_3_a_name_that_is_said_twice_at_any_depth_is_refused(value: str) -> None:
    """Custom claims are read by others as well."""
    assert WORLD.refuses(forge(header(), f'{json_of(WORLD.claims())[:-1]},"extra":{value}}}'))


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_jw_3_a_header_that_says_something_twice_is_refused(name: str) -> None:
    """Whichever of the two is ours."""
    ours = json_of(header())
    for value in (header()[name], "none"):
        assert WORLD.refuses(forge(doubled(ours, name, json.dumps(value)), WORLD.claims()))
        assert WORLD.refuses(forge(f'{{"{name}":"{value}",{ours[1:]}', WORLD.claims()))


@pytest.mark.parametrize(
    "payload",
    [
        b"\xef\xbb\xbf{}",
        json_of(WORLD.claims()).encode("utf-16"),
        json_of(WORLD.claims()).encode("utf-16-le"),
        json_of(WORLD.claims()).encode("utf-32"),
        b"\xef\xbb\xbf" + json_of(WORLD.claims()).encode(),
        json_of(WORLD.claims()).encode()[:-1] + b',"a":"\xff"}',
        json_of(WORLD.claims()).encode()[:-1] + b',"a":"\xc0\x80"}',
        json_of(WORLD.claims()).encode()[:-1] + b',"a":"\xed\xa0\x80"}',
        json_of(WORLD.claims()).encode() + b"\0",
        json_of(WORLD.claims()).encode() + b"{}",
        json_of(WORLD.claims()).encode()[:-1],
        b"",
        b"null",
        b"[]",
        b'"sub"',
        b"7",
        b"{",
        json_of([WORLD.claims()]).encode(),
        json_of(json_of(WORLD.claims())[:-1] + ",}").encode(),
    ],
    ids=lambda payload: repr(payload[-12:]),
)
def test_jw_3_the_payload_is_an_object_in_utf_8(payload: bytes) -> None:
    """Python's own reader of JSON guesses other encodings."""
    assert WORLD.refuses(forge(header(), payload))


@pytest.mark.parametrize("depth", [33, 500, 2000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_jw_3_deep_nesting_is_refused(depth: int, opening: str, closing: str) -> None:
    """Before it exhausts the stack, in the payload and in the header; and half of it, too."""
    deep = opening * depth + "1" + closing * depth
    for text in (deep, opening * depth, closing * depth):
        extra = f'{json_of(WORLD.claims())[:-1]},"extra":{text}}}'
        assert WORLD.refuses(forge(header(), extra))
        assert WORLD.refuses(forge(header(), text))
        assert WORLD.refuses(forge(f'{json_of(header())[:-1]},"extra":{text}}}', WORLD.claims()))


def test_jw_3_a_long_token_is_refused_unread() -> None:
    """However long it is, and also when its signature is right."""

    class Unread(str):
        __slots__ = ()

        def encode(self, *_: Any, **__: Any) -> bytes:
            raise AssertionError("it was read")

    just_right = forge(header(), WORLD.claims(long="a" * 5500))
    WORLD.accept(just_right)
    too_long = forge(header(), WORLD.claims(long="a" * 6000))
    for token in (too_long, GENUINE + "A" * MAX_LENGTH, "a." * MAX_LENGTH, "." * 10_000_000):
        assert WORLD.refuses(Unread(token))
        assert not WORLD.auth.recognises(token)


def test_jw_3_a_token_without_a_key_of_ours_costs_no_signature_and_no_reading() -> None:
    """Strangers can make a server work for them only at the price of a lookup."""
    verified: list[bytes] = []

    class Watched:
        def verify(self, message: bytes, key: Any, signature: bytes) -> bool:
            verified.append(message)
            return True

    ours = replace(WORLD.auth.keys[0], algorithm=Watched())  # type: ignore[arg-type]
    codec = Codec.of([ours])
    for token in (with_header(kid="other"), with_header(alg="none"), "eyJhIjoxfQ.e30.AAAA", "..", "a.b.c"):
        assert codec.decode(token, now=0) is None
    assert verified == []
    assert codec.decode(GENUINE, now=0) is not None
    assert len(verified) == 1


@given(st.text())
@example("")
@example("..")
@example("\ud800.\udfff.\ud800")
@example("eyJ.\0.\0")
@example("=.=.=")
@example("A.A.A")
def test_jw_3_any_text_is_refused(text: str) -> None:
    """By the one error there is."""
    WORLD.auth.recognises(text)
    assert WORLD.refuses(text)


@given(st.integers(0, len(GENUINE)), st.integers(0, 3), st.text(max_size=3))
@example(100, 0, "\ud800")
@example(len(GENUINE), 0, "\udfff")
@example(0, 0, "\ufeff")
@example(50, 0, "\uff0e")
def test_jw_3_a_genuine_token_with_any_text_in_it_is_refused(place: int, gone: int, put: str) -> None:
    """Also text that an encoder would drop, such as half of a pair, or fold into what it looks like."""
    edited = GENUINE[:place] + put + GENUINE[place + gone :]
    assert WORLD.refuses(edited) is (edited != GENUINE)


@given(st.binary(max_size=300))
def test_jw_3_any_bytes_are_refused(value: bytes) -> None:
    """As a web server hands them over, and in the place of each segment."""
    text = value.decode("latin-1")
    head, payload, signature = GENUINE.split(".")
    assert WORLD.refuses(text)
    assert WORLD.refuses(f"{text}.{payload}.{signature}")
    assert WORLD.refuses(f"{head}.{text}.{signature}")
    assert WORLD.refuses(f"{head}.{payload}.{text}")
    assert WORLD.refuses(f"{head}.{payload}.{base64url(value)}")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
claim_names = st.sampled_from(sorted(WORLD.claims()))


@given(claim_names, anything)
def test_jw_3_any_json_in_the_place_of_a_claim_has_an_answer(name: str, value: Any) -> None:
    """It is accepted where it is as we would write it, and else refused."""
    token = with_claims(**{name: value})
    if not WORLD.refuses(token):
        identity = WORLD.accept(token)
        assert (identity.user_id, identity.session_id, identity.realm) == (USER, SESSION, "default")
        assert name in {"amr", "scope", "auth_time", "iat", "exp", "epoch"} or value == WORLD.claims()[name]


@given(st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
def test_jw_3_any_payload_that_is_signed_has_an_answer(payload: bytes) -> None:
    """Even what our own key signed is not trusted to be well formed."""
    assert WORLD.refuses(forge(header(), payload))


@given(st.dictionaries(st.text(max_size=9), anything, max_size=4) | anything)
def test_jw_3_any_header_that_is_signed_is_refused(head: Any) -> None:
    """There is one header for each key."""
    assert WORLD.refuses(forge(json.dumps(head), WORLD.claims()))


def test_would_notice_if_pyjwt_alone_were_asked() -> None:
    """A correct use of it lets these in, so our own checks are what refuses them above."""
    head, payload, signature = GENUINE.split(".")
    let_in = [
        with_header(typ="JWT"),
        with_header(kid="unknown"),
        with_header(jku="https://attacker.example"),
        with_header(crit=["b64"], b64=True),
        with_claims(realm="acme"),
        with_claims(exp=...),
        with_claims(sid=...),
        with_claims(epoch=...),
        with_claims(aud=["userkit", "other"]),
        with_claims(scope=["*"]),
        with_claims(cnf={"jkt": "AAAA"}),
        forge(header(), doubled(json_of(WORLD.claims()), "sub", '"x"')),
        forge(header(), json_of(WORLD.claims()).encode("utf-16")),
        f"{head}.{payload}.{signature}=",
    ]
    assert [pyjwt_accepts(token) for token in let_in] == [True] * len(let_in)
    assert [WORLD.refuses(token) for token in let_in] == [True] * len(let_in)


# JW-4: strong keys, rotation, and what is published


@pytest.mark.parametrize("length", [0, 1, 16, 31])
def test_jw_4_a_shared_secret_has_32_bytes(length: int) -> None:
    """As RFC 7518, section 3.2, asks for."""
    with pytest.raises(WeakSecretError, match="at least 32 are needed"):
        SigningKey(kid="a", algorithm="HS256", material=SHARED[:length])
    SigningKey(kid="a", algorithm="HS256", material=SHARED)


def test_jw_4_an_rsa_key_has_2048_bits() -> None:
    """The kit does not start with less, whether the key signs or only verifies."""
    weak = pem("RSA-1024")
    for keys in (
        KeySet(SigningKey(kid="a", algorithm="RS256", material=weak)),
        KeySet(shared_key(), SigningKey(kid="a", algorithm="RS256", material=public_pem(weak))),
    ):
        with pytest.raises(WeakSecretError, match="at least 2048"):
            World(TokenSettings(keys=keys))


@pytest.mark.parametrize("after", ALGORITHMS)
@pytest.mark.parametrize("before", ALGORITHMS)
def test_jw_4_keys_rotate_with_overlap(before: SigningAlgorithm, after: SigningAlgorithm) -> None:
    """Nobody is signed out by a new key, and a key that is taken out is refused at once."""
    old, new = key(before, "old"), key(after, "new", 1)
    first = World(TokenSettings(keys=KeySet(old)))
    token = first.issue()
    both = World(TokenSettings(keys=KeySet(new, old)))
    both.accept(token)
    assert jwt.get_unverified_header(both.issue())["kid"] == "new"
    afterwards = World(TokenSettings(keys=KeySet(new)))
    afterwards.accept(both.issue())
    assert afterwards.refuses(token)


def test_jw_4_every_server_can_verify_before_any_signs() -> None:
    """The new key comes second first, so that a rolling update refuses no token."""
    old, new = key("ES256", "old"), key("ES256", "new", 1)
    steps = [KeySet(old), KeySet(old, new), KeySet(new, old), KeySet(new)]
    worlds = [World(TokenSettings(keys=keys)) for keys in steps]
    for one, other in pairwise(worlds):
        one.accept(other.issue())
        other.accept(one.issue())


def test_jw_4_an_old_key_ends_when_it_was_told_to() -> None:
    """From that moment on it verifies nothing, and is not published any more."""
    world = World()
    end = world.clock() + timedelta(minutes=5)
    private = key("EdDSA", "old")
    old = SigningKey(kid="old", algorithm="EdDSA", material=private.material, not_after=end)
    token = World(TokenSettings(keys=KeySet(private))).issue()
    both = World(TokenSettings(keys=KeySet(key("ES256", "new"), old)))
    both.clock.advance(minutes=4, seconds=59.999)
    both.accept(token)
    assert [each["kid"] for each in both.auth.jwks()["keys"]] == ["new", "old"]
    both.clock.advance(seconds=0.001)
    assert both.refuses(token)
    assert [each["kid"] for each in both.auth.jwks()["keys"]] == ["new"]


def test_jw_4_the_published_keys_are_public() -> None:
    """Of each kind the numbers that everybody may know, by name, and no shared secret at all."""
    keys = KeySet(
        key("RS256", "r"),
        key("ES256", "e"),
        key("EdDSA", "d"),
        key("HS256", "h"),
        SigningKey(kid="p", algorithm="RS256", material=public_pem(pem("RS256", 1))),
    )
    published = World(TokenSettings(keys=keys)).auth.jwks()
    common = {"kty", "kid", "use", "alg"}
    assert {each["kid"]: set(each) - common for each in published["keys"]} == {
        "r": {"n", "e"},
        "e": {"crv", "x", "y"},
        "d": {"crv", "x"},
        "p": {"n", "e"},
    }
    assert all(common <= set(each) for each in published["keys"])
    text = json.dumps(published)
    for algorithm in ("RS256", "ES256", "EdDSA"):
        private: Any = load_pem_private_key(pem(algorithm).encode(), None)
        assert text_of_private_number(private) not in text
    assert base64url(key("HS256").material.reveal()) not in text


def text_of_private_number(private: Any) -> str:
    """Return the secret number of a key as a JWK would hold it."""
    if hasattr(private, "private_bytes_raw"):
        return base64url(private.private_bytes_raw())
    numbers = private.private_numbers()
    number = getattr(numbers, "d", None) or numbers.private_value
    return base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


@pytest.mark.parametrize("secret", [SECRET, [SECRET, OTHER_SECRET]], ids=["one", "two"])
def test_jw_4_of_shared_secrets_nothing_is_published(secret: Any) -> None:
    """Neither of the application's secret nor of a key set of its own."""
    assert World(secret=secret).auth.jwks() == {"keys": []}
    assert WORLD.auth.jwks() == {"keys": []}


def test_jw_4_the_set_says_at_the_start_what_is_wrong_with_it() -> None:
    """And not when the first person signs in."""
    public = SigningKey(kid="a", algorithm="ES256", material=public_pem(pem("ES256")))
    with pytest.raises(ConfigurationError, match="give its private key"):
        World(TokenSettings(keys=KeySet(public, shared_key())))
