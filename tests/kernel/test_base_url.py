"""Links lead to one address, which the application names and no request can change."""

import pytest

from userkit.errors import ConfigurationError
from userkit.kernel.base_url import check_base_url


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://app.example", "https://app.example"),
        ("https://app.example/", "https://app.example"),
        ("https://app.example:8443/accounts/", "https://app.example:8443/accounts"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_base_url_is_kept_without_its_last_slash(url: str, kept: str) -> None:
    """So that paths can be put behind it."""
    assert check_base_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "app.example",
        "//app.example",
        "ftp://app.example",
        "https://",
        "http://app.example",
        "https://ada@app.example",
        "https://app.example?x=1",
        "https://app.example#x",
        "https://[::1",
        None,
        b"https://app.example",
        7,
    ],
)
def test_anything_else_stops_the_start(url: object) -> None:
    """The sentence shows what is wanted."""
    with pytest.raises(ConfigurationError, match="https://"):
        check_base_url(url)  # type: ignore[arg-type]  # what people pass
