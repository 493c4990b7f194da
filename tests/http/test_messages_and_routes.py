"""Requests, responses, routes and calls as values."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http.doors import NOON, SELF, application, asking, of, route
from userkit.errors import UnauthenticatedError
from userkit.http import FRESH, PUBLIC, SESSION, USER, Access, Call, Reply, over_user, permission, self_or
from userkit.http.messages import Request, Response
from userkit.http.route import AnyCall
from userkit.http.schemas import Omittable, ReplyModel, RequestModel, Timestamp
from userkit.http.transports import Transport

BROWSER = application().browser


def call(**changes: Any) -> AnyCall:
    """Return a call."""
    return Call(**{"request": asking(), "body": None, "query": None, "browser": BROWSER, **changes})


def test_a_header_may_come_several_times() -> None:
    """All of its values are there, and none counts as the one."""
    request = asking("GET", ("a", "1"), ("b", "2"), ("a", "3"))
    assert request.values("a") == ["1", "3"]
    assert (request.value("a"), request.value("b"), request.value("c")) == (None, "2", None)


def test_a_response_is_added_to() -> None:
    """The first one stays as it was."""
    first = Response(status=200, headers=(("a", "1"),), body=b"text")
    second = first.with_headers(("set-cookie", "x"), ("set-cookie", "y"))
    assert first.headers == (("a", "1"),)
    assert second.headers == (("a", "1"), ("set-cookie", "x"), ("set-cookie", "y"))
    assert (second.header("set-cookie"), second.header("b")) == ("x", None)


def test_the_answer_to_head_says_how_long_the_body_is() -> None:
    """And has none."""
    bare = Response(status=200, headers=(("a", "1"),), body="é".encode()).without_body()
    assert (bare.headers, bare.body) == ((("a", "1"), ("content-length", "2")), b"")


def test_st_4_neither_shows_what_it_carries() -> None:
    """Paths, queries, headers and bodies hold secrets; so do the headers of a reply."""
    secret = "hunter2"
    request = Request(
        method="POST", path=secret, query=secret, headers=((secret, secret),), body=secret.encode()
    )
    response = Response(status=200, headers=((secret, secret),), body=secret.encode())
    reply = Reply(headers=(("set-cookie", secret),))
    shown = repr((request, response, reply, call(request=request)))
    assert secret not in shown
    assert (repr(request), repr(response)) == ("Request(POST)", "Response(200)")


def test_a_call_knows_who_is_signed_in() -> None:
    """Or refuses, when nobody is, or no session is there."""
    assert call(caller=of(SELF)).identity.user_id == SELF
    assert call(caller=of(SELF, session="s9")).session_id == "s9"
    assert call(request=asking(path_values={"id": SELF})).path("id") == SELF
    with pytest.raises(UnauthenticatedError):
        _ = call().identity
    with pytest.raises(UnauthenticatedError):
        _ = call().session_id
    with pytest.raises(UnauthenticatedError):
        _ = call(caller=of(SELF, session=None)).session_id


def test_a_call_knows_whether_a_browser_keeps_the_session() -> None:
    """Only then are there cookies to take back."""
    told = {each: call(transport=each).has_cookie for each in (None, *Transport)}
    assert [each for each, has_cookie in told.items() if has_cookie] == [Transport.COOKIE]


def test_nothing_is_allowed_that_is_not_said() -> None:
    """The words for who may call a route."""
    assert Access() == USER
    assert Access(public=True) == PUBLIC
    assert (SESSION.session, SESSION.fresh, FRESH.session, FRESH.fresh) == (True, False, True, True)
    assert permission("a:b") == Access(permission="a:b")
    assert over_user("a:b") == Access(permission="a:b", subject="id")
    assert self_or("a:b") == Access(permission="a:b", subject="id", own=True)
    assert self_or("a:b", fresh=True).fresh


def test_a_route_knows_its_places_and_whether_it_changes_anything() -> None:
    """By its path and its method."""
    assert route(path="/users/{id}/keys/{key}").path_names == ("id", "key")
    assert route(path="/users").path_names == ()
    safe = {method: route(method=method).is_safe for method in ("GET", "HEAD", "POST", "PUT", "DELETE")}
    assert [method for method, is_safe in safe.items() if is_safe] == ["GET", "HEAD"]
    assert hash(route()) is not None


class Moment(ReplyModel):
    """A time."""

    at: Timestamp


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_times_are_rfc_3339_in_utc(moment: datetime) -> None:
    """To the millisecond, with a Z, whatever the offset was."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return
    told = Moment(at=moment).model_dump(mode="json")["at"]
    assert told.endswith("Z")
    assert len(told) == len("2026-01-31T09:30:00.000Z")
    assert timedelta() <= utc - datetime.fromisoformat(told) < timedelta(milliseconds=1)


def test_a_time_is_told_like_this() -> None:
    """An example to read."""
    assert Moment(at=NOON).model_dump_json() == '{"at":"2026-01-31T12:00:00.000Z"}'


class Change(RequestModel):
    """Some fields that may be left out."""

    text: Omittable[str] = None
    flags: Omittable[list[bool]] = None


def test_what_may_be_left_out_is_no_null() -> None:
    """In the schema it is plainly what it is when it is there, and has no default."""
    assert Change().text is None
    schema = Change.model_json_schema()
    assert schema["properties"]["text"] == {"title": "Text", "type": "string"}
    assert schema["properties"]["flags"] == {"items": {"type": "boolean"}, "title": "Flags", "type": "array"}
    assert "required" not in schema
