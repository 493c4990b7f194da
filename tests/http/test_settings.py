"""What an application chooses about HTTP is checked when it is wired."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.errors import ConfigurationError
from userkit.http.settings import check_body_limit, check_origins, check_prefix, origin_of


@pytest.mark.parametrize("prefix", ["", "/api", "/api/v1", "/a-b_c.d~e", "/..a"])
def test_a_prefix_is_a_path(prefix: str) -> None:
    """Or nothing, for routes at the root."""
    assert check_prefix(prefix) == prefix


NO_PREFIXES = (
    *(
        "/",
        "api",
        "/api/",
        "api/v1",
        "//",
        "//evil.example",
        "/api//v1",
        "/{realm}",
        "/a b",
        "/é",
        "/a?b",
        "/a#b",
    ),
    *("/a%2Fb", "/.", "/..", "/api/../v1", "/api\n", "https://app.example/api", None, 5, b"/api"),
)


@pytest.mark.parametrize("prefix", NO_PREFIXES)
def test_a_prefix_is_checked(prefix: Any) -> None:
    """Before a framework makes something else of it."""
    with pytest.raises(ConfigurationError, match="prefix"):
        check_prefix(prefix)


def test_a_body_limit_is_a_number_of_bytes() -> None:
    """At least one."""
    assert check_body_limit(1) == 1
    limits: list[Any] = [0, -1, 1.5, "1024", None, True]
    for limit in limits:
        with pytest.raises(ConfigurationError, match="number of bytes"):
            check_body_limit(limit)


def test_origins_are_kept_as_browsers_write_them() -> None:
    """In lower case, without the usual port."""
    given_ = ["https://App.Example", "http://localhost:5173", "https://a.example:443", "http://b.example:80"]
    assert check_origins(given_) == {
        "https://app.example",
        "http://localhost:5173",
        "https://a.example",
        "http://b.example",
    }
    assert check_origins(["http://[::1]:3000", "http://[::1]"]) == {"http://[::1]:3000", "http://[::1]"}
    assert check_origins(["capacitor://localhost"]) == {"capacitor://localhost"}
    assert check_origins([]) == frozenset()


NO_ORIGINS = (
    *(
        "app.example",
        "//app.example",
        "https://",
        "https://app.example/",
        "https://app.example/a",
        "null",
        "*",
    ),
    *(
        "https://*.app.example",
        "https://a.example, https://b.example",
        "https://ada@app.example",
        "https://[::1",
        "https://[0]",
        "https://[::1::]",
        "https://[v1.a]",
    ),
    *("https://app.example?", "https://app.example#", "https://app.example:", "https://bücher.example"),
    *("https://app.example\n", " https://app.example", "", None, 5, b"https://app.example"),
)


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_origins_are_checked(origin: Any) -> None:
    """What no browser would ever say is a mistake of whoever wrote it."""
    with pytest.raises(ConfigurationError, match="An origin is"):
        check_origins([origin])


def test_origins_are_a_list() -> None:
    """The sentence says how to write it."""
    with pytest.raises(ConfigurationError, match=r'\["https://app.example"\]'):
        check_origins("https://app.example")


@given(st.text() | st.text("htps:/.@[]*1 ", max_size=20).map("https://".__add__))
def test_any_text_is_an_origin_or_a_mistake(text: str) -> None:
    """And an origin stays one."""
    try:
        (origin,) = check_origins([text])
    except ConfigurationError:
        return
    assert check_origins([origin]) == {origin}
    assert origin_of(origin) == origin
