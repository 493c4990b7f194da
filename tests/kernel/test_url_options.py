"""Options of URLs are read strictly, and errors repeat nothing of what they say."""

import pytest
from pydantic import BaseModel, Field

from userkit.errors import InvalidURLError
from userkit.kernel.url_options import check_option, read_options, settled

SECRET = "hunter2"


class Settings(BaseModel):
    """Some settings."""

    size: int = Field(1, gt=0)
    name: str = "shelf"


def test_options_are_read_by_name() -> None:
    """A plus is a blank, as in forms; one without a value says nothing."""
    assert read_options("", ["size"], url="store URL") == {}
    assert read_options("size=2&name=a+b%3F&", ["size", "name"], url="store URL") == {
        "size": "2",
        "name": "a b?",
    }
    assert read_options("name=", ["name"], url="store URL") == {"name": ""}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            f"siz={SECRET}",
            "The store URL has an option .* 'siz'. Did you mean size\\? There are: name, size.",
        ),
        (f"colour={SECRET}", "not known here, 'colour'. There are: name, size."),
        (f"size=1&size={SECRET}", "The store URL says size more than once."),
        (f"{SECRET}&size=1", "name=value"),
    ],
)
def test_what_cannot_be_read_is_refused(query: str, told: str) -> None:
    """By name, and never by value."""
    with pytest.raises(InvalidURLError, match=told) as caught:
        read_options(query, ["size", "name"], url="store URL", broken="An option is name=value.")
    assert SECRET not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"


def test_a_long_name_is_cut_and_a_list_may_be_said_otherwise() -> None:
    """Whoever mistakes a password for a name tells little of it."""
    with pytest.raises(InvalidURLError, match=r"'x{40}'\. There are: ours; and theirs\."):
        check_option("x" * 99, ["size"], url="store URL", told="ours; and theirs")
    check_option("size", ["size"], url="store URL")


def test_what_a_url_says_wins_over_settings_beside_it() -> None:
    """What is wrong is told by name."""
    assert settled(Settings, {"size": "2"}, {"size": 3, "name": "wall"}) == Settings(size=2, name="wall")
    assert settled(Settings, {}) == Settings()
    with pytest.raises(InvalidURLError, match=r"^name: .*; size: .* greater than 0\.$") as caught:
        settled(Settings, {"size": "-1", "name": [SECRET]})
    assert SECRET not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
