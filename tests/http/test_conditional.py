"""If-Match: a change is made only to the revision that the client has seen."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.doors import application, asking, problem, route
from userkit.errors import StaleError
from userkit.http.conditional import etag_of, expected_version
from userkit.http.problems import PreconditionFailedError
from userkit.http.route import PUBLIC, AnyCall, Reply
from userkit.sync import run


def expected(*given_: str, current: int = 3) -> int | None:
    """Return the revision that must be the stored one."""
    return expected_version(asking("PATCH", *(("if-match", each) for each in given_)), current)


@given(st.integers(min_value=1, max_value=10**18 - 1))
def test_a_tag_names_a_revision(version: int) -> None:
    """And no other."""
    assert expected(etag_of(version), current=version) == version
    with pytest.raises(PreconditionFailedError):
        expected(etag_of(version), current=version + 1)


def test_without_a_condition_any_revision_will_do() -> None:
    """So it does for the star, which asks that there is something."""
    assert expected() is None
    assert expected("*") is None
    assert expected(" * ") is None


@pytest.mark.parametrize(
    "tags",
    [
        ('"v3"',),
        ('"v1", "v3"',),
        ('"v1","v2","v3"',),
        ('"v1"', '"v3"'),
        (' "v3" ,',),
        ('W/"v3", "v3"',),
        ('*, "v3"',),
        ('garbage, "v3"',),
    ],
)
def test_one_of_several_is_enough(tags: tuple[str, ...]) -> None:
    """In one header or in several."""
    assert expected(*tags) == 3


@pytest.mark.parametrize(
    "tags",
    [
        ("",),
        (" ",),
        (",",),
        ('"v2"',),
        ('W/"v3"',),
        ('w/"v3"',),
        ("v3",),
        ("3",),
        ('"3"',),
        ('"V3"',),
        ("'v3'",),
        ('"v3',),
        ('"v3" x',),
        ('"v+3"',),
        ('"v-3"',),
        ('"v3.0"',),
        ('"v٣"',),
        ('"v"',),
        ('"*"',),
        ("*", "*"),
        ('"v' + "9" * 5000 + '"',),
        ("garbage",),
        ("\0",),
    ],
)
def test_what_names_another_revision_or_none_is_refused(tags: tuple[str, ...]) -> None:
    """Whoever sets a condition that cannot be read does not get a change without one."""
    with pytest.raises(PreconditionFailedError):
        expected(*tags)


@given(st.lists(st.text() | st.text('"v0123W/*, ', max_size=8), min_size=1), st.integers(1, 10))
def test_any_condition_is_understood_or_refused(tags: list[str], current: int) -> None:
    """And is never the reason for another error."""
    with suppress(PreconditionFailedError):
        assert expected(*tags, current=current) in (None, current)


async def _conditional(call: AnyCall) -> Reply:
    expected_version(call.request, 3)
    return Reply(headers=(("etag", etag_of(4)),))


async def _raced(call: AnyCall) -> Reply:
    raise StaleError("Somebody else was faster.")


def test_a_condition_that_fails_is_412() -> None:
    """Whether it fails at once or because somebody else is faster."""
    changing = route(_conditional, access=PUBLIC, method="PATCH", conditional=True)
    assert run(application().run(changing, asking("PATCH", ("if-match", '"v3"')))).header("etag") == '"v4"'
    assert problem(run(application().run(changing, asking("PATCH", ("if-match", '"v2"'))))) == (412, "stale")
    raced = route(_raced, access=PUBLIC, method="PATCH", conditional=True)
    answer = run(application().run(raced, asking("PATCH", ("if-match", '"v3"'))))
    assert problem(answer) == (412, "stale")
    assert b"Somebody else was faster." in answer.body


def test_a_lost_race_without_a_condition_is_409() -> None:
    """So it is where conditions are not heeded."""
    raced = route(_raced, access=PUBLIC, method="PATCH", conditional=True)
    assert problem(run(application().run(raced, asking("PATCH")))) == (409, "stale")
    deaf = route(_raced, access=PUBLIC, method="PATCH")
    assert problem(run(application().run(deaf, asking("PATCH", ("if-match", '"v3"'))))) == (409, "stale")
