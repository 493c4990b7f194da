"""What is a store URL, and how little of it is ever shown."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from userkit.errors import InvalidURLError
from userkit.plugins.urls import StoreURL


@pytest.mark.parametrize(
    ("url", "text", "plugin"),
    [
        ("sqlite:///app.db", "sqlite:///app.db", "sqlite"),
        ("memory://", "memory://", "memory"),
        ("PostgreSQL+AsyncPG://Host/Db", "postgresql+asyncpg://Host/Db", "postgresql"),
        ("acme-db.v2://host", "acme-db.v2://host", "acme-db.v2"),
        (
            "sqlite:////Users/ada/Mon\u00a0dossier/app.db",
            "sqlite:////Users/ada/Mon\u00a0dossier/app.db",
            "sqlite",
        ),
    ],
)
def test_the_scheme_names_the_plugin(url: str, text: str, plugin: str) -> None:
    """Schemes do not tell case; the rest of the URL stays as it is."""
    address = StoreURL.read(url)
    assert (address.text, address.plugin) == (text, plugin)
    assert text not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "app.db",
        "sqlite:app.db",
        "sqlite:/app.db",
        "://s3cret@host",
        "user:s3cret@host/db",
        "user:s3cret://host/db",
        "1sql://s3cret",
        "postgresql+://s3cret@host",
        "+psycopg://s3cret@host",
        "a" * 100 + "://s3cret@host",
        " sqlite:///s3cret",
        "sqlite:///s3cret\n",
        "sqlite:///s3cret ",
        "sqlite:///s3\ncret",
        "sqlite:///s3cret\x00",
        "sqlite:///s3cret\u2028",
        "sqlite:///s3cret\udcff",
        "ſqlite:///s3cret",
    ],
)
def test_what_is_no_url_is_refused_and_not_repeated(url: str) -> None:
    """The error says how a URL looks."""
    with pytest.raises(InvalidURLError) as caught:
        StoreURL.read(url)
    assert "s3" not in caught.value.detail
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("url", [None, b"sqlite:///s3cret", Path("s3cret.db"), 5, ["sqlite:///s3cret"]])
def test_only_text_is_a_url(url: Any) -> None:
    """The error names the type and not the value."""
    with pytest.raises(InvalidURLError, match=f"not {type(url).__name__}") as caught:
        StoreURL.read(url)
    assert "s3cret" not in caught.value.detail


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///data/app.db?timeout=5", "sqlite:///data/app.db"),
        (
            "postgresql+psycopg://ada:s3cret@db.example:5432/app?sslmode=x",
            "postgresql+psycopg://db.example:5432/app",
        ),
        ("postgresql://[2001:db8::1]:5432/app", "postgresql://[2001:db8::1]:5432/app"),
        ("postgresql://host/app?password=s3cret", "postgresql://host/app"),
        ("postgresql:///app#s3cret", "postgresql:///app"),
        ("memory://", "memory://"),
        ("postgresql://ada:s3/cret@host/app", "postgresql://…"),
        ("postgresql://ada:s3?cret@host/app", "postgresql://…"),
        ("postgresql://ada:s3@cret@host/app", "postgresql://…"),
        ("postgresql://ada:s3cret", "postgresql://…"),
        ("sqlite:///home/a@b/app.db", "sqlite://…"),
        ("sqlite:///C:/data/app.db", "sqlite:///C:/data/app.db"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    """No user, no password, no query; only the scheme where nobody can tell what is what."""
    assert StoreURL.read(url).shown == shown


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"])), st.sampled_from(["", ":5432"]))
@example("/", "")
@example("@/", "")
@example("?@", "")
@example("#", ":5432")
def test_no_password_is_shown_however_it_is_written(text: str, port: str) -> None:
    """Also not a part of it, where special characters were not escaped."""
    url = StoreURL.read(f"postgresql://ada:S3CRET{text}S3CRET@host{port}/app")
    assert "S3CRET" not in url.shown
    assert url.may_hold_secrets


@pytest.mark.parametrize(("url", "expected"), [("sqlite:///app.db", False), ("sqlite:///app.db?x=1", True)])
def test_where_a_secret_could_be_is_known(url: str, expected: bool) -> None:
    """A URL without user and query has no place for one."""
    assert StoreURL.read(url).may_hold_secrets is expected
