"""Each credential works in its own place, and there is one place that counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.doors import Doorkeeper, application, asking, bearing, of, problem, route
from userkit.errors import ConfigurationError, UnauthenticatedError
from userkit.http.cookies import Cookies
from userkit.http.messages import Request
from userkit.http.route import USER, AnyCall, Reply
from userkit.http.transports import Credential, Transport, Transports
from userkit.kernel.identity import Identity
from userkit.sync import run

COOKIE = "__Host-userkit"
EVERY = Transports.of(["bearer", "api-key", "cookie"], cookies=Cookies())


def found(*headers: tuple[str, str], transports: Transports = EVERY, **more: Any) -> Credential | None:
    """Return the credential of a request."""
    return transports.read(asking("GET", *headers, **more))


def bearer(text: str) -> tuple[str, str]:
    """Return the header Authorization."""
    return "authorization", text


def cookie(text: str) -> tuple[str, str]:
    """Return the header Cookie."""
    return "cookie", text


def test_each_place_is_read() -> None:
    """The header Authorization, the header X-API-Key and the cookie."""
    assert found(bearer("Bearer abc")) == Credential("abc", Transport.BEARER)
    assert found(("x-api-key", "uk_1")) == Credential("uk_1", Transport.API_KEY)
    assert found(cookie(f"{COOKIE}=uks_1")) == Credential("uks_1", Transport.COOKIE)
    assert found() is None


def test_a_header_counts_before_a_cookie() -> None:
    """A person or a program has put it there, and a browser sends its cookie on its own."""
    everything = (cookie(f"{COOKIE}=c"), ("x-api-key", "k"), bearer("Bearer b"))
    assert found(*everything) == Credential("b", Transport.BEARER)
    assert found(*everything[:2]) == Credential("k", Transport.API_KEY)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_has_no_case(scheme: str) -> None:
    """RFC 9110, section 11.1."""
    assert found(bearer(f"{scheme} abc")) == Credential("abc", Transport.BEARER)


@pytest.mark.parametrize(
    "headers",
    [
        (bearer("Bearer"),),
        (bearer("Bearer "),),
        (bearer("Bearer    "),),
        (bearer("Bearer a"), bearer("Bearer b")),
        (bearer("Bearer a"), bearer("Bearer a")),
        (bearer("Basic dTpw"), bearer("Bearer a")),
        (bearer("Bearer a"), bearer("Basic dTpw")),
        (bearer("Bearer"), cookie(f"{COOKIE}=c")),
        (("x-api-key", "a"), ("x-api-key", "b")),
    ],
)
def test_what_cannot_be_read_is_refused(headers: tuple[tuple[str, str], ...]) -> None:
    """A header without a token, or more than one: nobody guesses which one is meant."""
    with pytest.raises(UnauthenticatedError):
        found(*headers)


@pytest.mark.parametrize(
    "text", ["Basic dTpw", "Digest x", "", "Bearerabc", "abc", "Bearer\tabc", "Bearer,abc"]
)
def test_other_schemes_are_for_others(text: str) -> None:
    """Such as Basic, in front of a site that is not public yet; the cookie still counts."""
    assert found(bearer(text)) is None
    assert found(bearer(text), cookie(f"{COOKIE}=c")) == Credential("c", Transport.COOKIE)


@pytest.mark.parametrize(
    "cookies",
    [
        (),
        ("",),
        (f"{COOKIE}=",),
        (f"{COOKIE}",),
        (f"{COOKIE}=a; {COOKIE}=b",),
        (f"{COOKIE}=a; {COOKIE}=a",),
        (f"{COOKIE}=a", f"{COOKIE}=b"),
        ("userkit=a",),
        ("__host-userkit=a",),
        (f"x{COOKIE}=a",),
        (f"{COOKIE}x=a",),
        (f"{COOKIE}-csrf=a",),
        (f"\xa0{COOKIE}=a",),
        (f"\x85{COOKIE}=a",),
        (f"\u2000{COOKIE}=a",),
        (f"\x0b{COOKIE}=a",),
        (f"\x1c{COOKIE}=a",),
        (f"{COOKIE}\xa0=a",),
        (f"other={COOKIE}=a",),
        (f"other, {COOKIE}=a",),
    ],
)
def test_se_4_only_one_cookie_of_exactly_this_name_counts(cookies: tuple[str, ...]) -> None:
    """Other hosts may set others, with a name that looks alike to who trims more than browsers do."""
    assert found(*(cookie(each) for each in cookies)) is None


def test_a_cookie_is_found_among_others() -> None:
    """In whatever order and spacing, in one header or several, with an equals sign in its value."""
    assert found(cookie(f"a=1;{COOKIE}=x=y==; b=2")) == Credential("x=y==", Transport.COOKIE)
    assert found(cookie("a=1"), cookie(f" \t{COOKIE} = x ")) == Credential("x", Transport.COOKIE)


NAMES = ["access_token", "token", "api_key", "key", "authorization", "x-api-key", COOKIE, "userkit"]


@given(st.sampled_from(NAMES), st.sampled_from(["fresh", "key", "opaque", "Bearer fresh"]))
def test_se_4_the_query_string_is_never_looked_at(name: str, text: str) -> None:
    """Nor is the path, the body or any other header."""
    query = f"{name}={text}"
    request = Request(
        method="GET",
        path=f"/{text}",
        path_values={"id": text},
        query=query,
        headers=(("x-access-token", text), ("x-auth-token", text), ("proxy-authorization", f"Bearer {text}")),
        body=query.encode(),
    )
    assert EVERY.read(request) is None


@pytest.mark.parametrize("accepted", ["bearer", "api-key", "cookie"])
def test_an_application_chooses_its_transports(accepted: str) -> None:
    """What it does not take is as if it were not there."""
    only = Transports.of([accepted], cookies=Cookies())
    everything = (bearer("Bearer b"), ("x-api-key", "k"), cookie(f"{COOKIE}=c"))
    shown = found(*everything, transports=only)
    assert shown is not None
    assert shown.transport.value == accepted
    assert found(transports=only) is None
    assert Transports.of(accepted, cookies=Cookies()) == only


@pytest.mark.parametrize("names", [["query"], ["Bearer"], [None], [[]], None, 5, "query"])
def test_transports_are_checked(names: Any) -> None:
    """There are three."""
    with pytest.raises(ConfigurationError, match="bearer, api-key, cookie"):
        Transports.of(names, cookies=Cookies())


def test_somebody_must_get_in() -> None:
    """An application without any transport would refuse everybody."""
    with pytest.raises(ConfigurationError, match="at least one"):
        Transports.of([], cookies=Cookies())


def test_st_4_a_credential_does_not_show_itself() -> None:
    """Only where it was."""
    assert repr(Credential("secret", Transport.COOKIE)) == "Credential(cookie)"


KINDS: dict[str, Identity] = {
    "jwt": of("ada", backend="jwt"),
    "session": of("ada", backend="session"),
    "api-key": of("ada", session=None, backend="api-key"),
    "plugin": of("ada", session=None, backend="saml"),
}
FITTING = {
    ("jwt", "bearer"),
    ("session", "cookie"),
    ("api-key", "bearer"),
    ("api-key", "api-key"),
    ("plugin", "bearer"),
}


@pytest.mark.parametrize("place", ["bearer", "api-key", "cookie"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_jw_2_each_kind_works_in_its_own_place_only(kind: str, place: str) -> None:
    """A session token is no bearer token, a JWT no cookie and no API key, and so on."""

    async def who(call: AnyCall) -> Reply:
        assert call.identity == KINDS[kind]
        assert call.transport is Transport(place)
        return Reply()

    header = {
        "bearer": bearer(f"Bearer {kind}"),
        "api-key": ("x-api-key", kind),
        "cookie": cookie(f"{COOKIE}={kind}"),
    }
    door = application(Doorkeeper(known=KINDS))
    answer = run(door.run(route(who, access=USER), asking("GET", header[place])))
    if (kind, place) in FITTING:
        assert answer.status == 200
    else:
        assert problem(answer) == (401, "unauthenticated")
        assert answer.header("www-authenticate") is not None


def test_an_unknown_credential_is_refused() -> None:
    """As is one that is empty."""
    for headers in (bearing("nonsense"), (("x-api-key", ""),), (cookie(f"{COOKIE}=nonsense"),)):
        assert problem(run(application().run(route(), asking("GET", *headers)))) == (401, "unauthenticated")


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["authorization", "x-api-key", "cookie"]))
def test_cf_1_any_header_is_answered(text: str, name: str) -> None:
    """By 401."""
    assert run(application().run(route(), asking("GET", (name, text)))).status == 401
