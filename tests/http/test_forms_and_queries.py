"""Forms and query strings are read as strictly as JSON, and numbers are written in one way."""

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from tests.http.doors import application, asking, problem, route
from userkit.http.decoding import read_body, read_form, read_query
from userkit.http.problems import MalformedBodyError, UnsupportedMediaTypeError, ValidationFailedError
from userkit.http.route import FORM, PUBLIC
from userkit.http.schemas import Omittable, Paging, RequestModel, Text
from userkit.sync import run


class SignIn(RequestModel):
    """The password form."""

    username: Text
    password: Text
    grant_type: Omittable[Literal["password"]] = None


class Listing(Paging):
    """A query with a field of every kind."""

    skip: Omittable[Annotated[int, Field(ge=0)]] = None
    all: bool = False
    q: Text | None = None


def told_of_query(query: str, model: type[RequestModel] | None = Listing) -> list[tuple[list[Any], str]]:
    """Return what is told of a query that does not match."""
    with pytest.raises(ValidationFailedError) as refused:
        read_query(model, query)
    assert all(set(each) == {"loc", "msg", "type"} for each in refused.value.errors)
    return [(each["loc"], each["type"]) for each in refused.value.errors]


def listing(query: str) -> Listing:
    """Read a query."""
    read = read_query(Listing, query)
    assert read is not None
    return read


def test_a_form_is_read() -> None:
    """As browsers encode it."""
    body = b"username=ada%40example.com&password=mauve+otters%20%C3%A9"
    sent = asking("POST", ("content-type", FORM), body=body)
    form = read_body(SignIn, sent, media_type=FORM)
    assert (form.username, form.password) == ("ada@example.com", "mauve otters é")


def test_a_blank_field_is_there() -> None:
    """It is empty, not missing."""
    assert read_form(SignIn, b"username=&password=").username == ""


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "multipart/form-data; boundary=x", f"{FORM}; charset=x"],
)
def test_only_a_form_is_a_form(content_type: str) -> None:
    """JSON is not, and neither is what other charsets say."""
    with pytest.raises(UnsupportedMediaTypeError, match="x-www-form-urlencoded"):
        read_body(SignIn, asking("POST", ("content-type", content_type), body=b"a=b"), media_type=FORM)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"username", id="no value"),
        pytest.param(b"username=a&&password=b", id="nothing between"),
        pytest.param(b"username=%ff&password=b", id="no utf-8"),
        pytest.param(b"username=%ed%a0%80&password=b", id="lone surrogate"),
        pytest.param(b"username=\xc3\xa9&password=b", id="raw utf-8"),
        pytest.param(b"&".join(b"a%d=1" % i for i in range(101)), id="101 fields"),
        pytest.param(b'{"username":"a"}', id="json"),
        pytest.param(b"\x00", id="NUL"),
    ],
)
def test_what_is_no_form_is_malformed(body: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(MalformedBodyError, match="not a valid form"):
        read_form(SignIn, body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", [(["body", "username"], "missing"), (["body", "password"], "missing")]),
        (b"username=a&password=b&password=c", [(["body"], "repeated")]),
        (b"username=a&password=b&%70assword=b", [(["body"], "repeated")]),
        (b"username=a&password=b&is_admin=1", [(["body", "is_admin"], "extra_forbidden")]),
        (b"username=a&password=b&username[$ne]=", [(["body", "username[$ne]"], "extra_forbidden")]),
        (b"username=a&password=b&a%0Ab=1", [(["body", "a\ufffdb"], "extra_forbidden")]),
        (b"username=a%00&password=b", [(["body", "username"], "value_error")]),
        (b"username=a&password=b&grant_type=implicit", [(["body", "grant_type"], "literal_error")]),
    ],
    ids=["empty", "repeated", "repeated in disguise", "unknown", "operator", "line break", "NUL", "literal"],
)
def test_the_fields_of_a_form_are_known(body: bytes, told: list[tuple[list[str], str]]) -> None:
    """Repeated, unknown and missing fields are refused, each with its place."""
    with pytest.raises(ValidationFailedError) as refused:
        read_form(SignIn, body)
    assert [(each["loc"], each["type"]) for each in refused.value.errors] == told


def test_a_query_is_read() -> None:
    """With what is left out as it is by default."""
    assert listing("") == Listing()
    read = listing("limit=5&skip=0&after=a%20b&all=true&q=Gr%C3%BC+e")
    assert (read.limit, read.skip, read.after, read.all, read.q) == (5, 0, "a b", True, "Grü e")
    assert listing("all=false").all is False
    assert listing("q=").q == ""
    assert listing("&limit=5&").limit == 5


NO_DIGITS = (
    *("1e3", " 5", "5 ", "+5", "%2B5", "%205", "5%0A", "%D9%A3", "%EF%BC%95", "1_0", "5.0", "0x5", "007"),
    *("", "five", "true", "null", "-", "--5", "5,5", "%00", "5%00"),
)


@pytest.mark.parametrize("text", NO_DIGITS)
@pytest.mark.parametrize("name", ["limit", "skip"])
def test_a_number_is_written_in_digits(name: str, text: str) -> None:
    """ASCII digits without signs, blanks, underscores and leading zeros; all else is a mistake."""
    assert told_of_query(f"{name}={text}") == [(["query", name], "int_parsing")]


def test_numbers_have_bounds() -> None:
    """Zero and negative ones are numbers all the same."""
    assert told_of_query("limit=0") == [(["query", "limit"], "greater_than_equal")]
    assert told_of_query("limit=-5") == [(["query", "limit"], "greater_than_equal")]
    assert told_of_query("limit=1001") == [(["query", "limit"], "less_than_equal")]
    assert told_of_query("limit=" + "1" * 5000) == [(["query", "limit"], "int_parsing_size")]
    assert told_of_query("skip=-1") == [(["query", "skip"], "greater_than_equal")]


@pytest.mark.parametrize("text", ["1", "0", "yes", "on", "True", "TRUE", "t", "", " true", "true%20"])
def test_a_switch_is_true_or_false(text: str) -> None:
    """As JSON writes it."""
    assert told_of_query(f"all={text}") == [(["query", "all"], "bool_parsing")]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("x=1", [(["query", "x"], "extra_forbidden")]),
        ("y=1&x=1", [(["query", "x"], "extra_forbidden"), (["query", "y"], "extra_forbidden")]),
        ("Limit=1", [(["query", "Limit"], "extra_forbidden")]),
        ("limit", [(["query", "limit"], "int_parsing")]),
        ("limit=1&limit=1", [(["query"], "repeated")]),
        ("limit=1&limi%74=2", [(["query"], "repeated")]),
        ("limit=1;all=true", [(["query", "limit"], "int_parsing")]),
        ("limit[]=1", [(["query", "limit[]"], "extra_forbidden")]),
        ("q=%ff", [(["query"], "malformed")]),
        ("q=%ed%a0%80", [(["query"], "malformed")]),
        ("q=%00", [(["query", "q"], "value_error")]),
        ("q=\ud800", [(["query", "q"], "string_unicode")]),
        ("&".join(f"x{i}=" for i in range(101)), [(["query"], "malformed")]),
        ("access_token=a", [(["query", "access_token"], "extra_forbidden")]),
    ],
)
def test_a_query_is_known(query: str, told: list[tuple[list[str], str]]) -> None:
    """Unknown, repeated and unreadable parts are refused, each with its place."""
    assert told_of_query(query) == told


def test_where_no_query_is_taken_there_is_none() -> None:
    """Whatever is there is unknown, or unreadable."""
    assert read_query(None, "") is None
    assert read_query(None, "&") is None
    assert told_of_query("b=1&a", None) == [
        (["query", "a"], "extra_forbidden"),
        (["query", "b"], "extra_forbidden"),
    ]
    assert told_of_query("%ff", None) == [(["query"], "malformed")]


@given(st.text(st.characters(max_codepoint=255)) | st.text())
def test_any_query_is_answered(query: str) -> None:
    """By success or by 422, whether or not the route takes any."""
    for model in (Listing, None):
        answer = run(application().run(route(access=PUBLIC, query=model), asking(query=query)))
        assert answer.status == 200 or problem(answer) == (422, "validation_failed")


@given(st.binary(max_size=200) | st.text("ab=&%+0;", max_size=30).map(str.encode))
def test_any_form_is_answered(body: bytes) -> None:
    """By success or by a 4xx."""
    signing_in = route(access=PUBLIC, method="POST", body=SignIn, media_type=FORM)
    answer = run(application().run(signing_in, asking("POST", ("content-type", FORM), body=body)))
    assert answer.status == 200 or problem(answer)[0] in (400, 422)


MARK = "7h15-15-50-53cr37"


@given(
    st.lists(st.sampled_from(["username", "password", "grant_type", "limit", "all", "x"]), min_size=1),
    st.sampled_from(["", "%00", "%ff", "+", "1"]),
)
def test_st_4_no_field_is_answered(names: list[str], ending: str) -> None:
    """What stood in a form or a query does not come back."""
    text = "&".join(f"{name}={MARK}{ending}" for name in names)
    signing_in = route(access=PUBLIC, method="POST", body=SignIn, media_type=FORM)
    form = run(application().run(signing_in, asking("POST", ("content-type", FORM), body=text.encode())))
    query = run(application().run(route(access=PUBLIC, query=Listing), asking(query=text)))
    assert MARK.encode() not in form.body + query.body
    assert MARK not in repr((form.headers, query.headers))
