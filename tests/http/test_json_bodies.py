"""JSON bodies are read strictly: what is ambiguous, wrong or unknown is refused, and nothing is guessed."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from tests.http.doors import answered, application, as_json, asking, problem, route
from userkit.errors import InvalidInputError
from userkit.http.decoding import read_body
from userkit.http.messages import Request
from userkit.http.problems import MalformedBodyError, UnsupportedMediaTypeError, ValidationFailedError
from userkit.http.route import PUBLIC, AnyCall, Reply
from userkit.http.schemas import Omittable, RequestModel, Text
from userkit.sync import run


class Inner(RequestModel):
    """Something in something else."""

    text: Text


class Account(RequestModel):
    """What is sent, with a field of every kind."""

    email: Text
    password: Omittable[Text] = None
    age: Omittable[int] = None
    share: Omittable[float] = None
    shown: Omittable[bool] = None
    until: Omittable[datetime] = None
    kind: Omittable[Literal["person", "robot"]] = None
    inner: Omittable[Inner] = None
    words: Annotated[list[Text], Field(max_length=1000)] = Field(default_factory=list)
    proofs: Omittable[dict[str, Text]] = None
    attributes: Omittable[dict[str, Any]] = None


GOOD: dict[str, Any] = {"email": "ada@example.com"}


def read(body: object) -> Account:
    """Read a body."""
    return read_body(Account, as_json(body))


def complaints(body: object) -> list[dict[str, Any]]:
    """Return what is told of a body that does not match."""
    with pytest.raises(ValidationFailedError) as refused:
        read(body)
    for each in refused.value.errors:
        assert set(each) == {"loc", "msg", "type"}
        assert each["loc"][0] == "body"
        assert all(isinstance(part, (str, int)) for part in each["loc"])
    return refused.value.errors


def test_a_body_is_read() -> None:
    """Every kind of field, as JSON has it."""
    account = read(
        {
            **GOOD,
            "age": 42,
            "shown": True,
            "until": "2026-01-31T12:00:00Z",
            "inner": {"text": "Grüße 🐟"},
            "words": ["one"],
            "attributes": {"deep": [{"er": None}]},
        }
    )
    assert (account.email, account.age, account.shown) == ("ada@example.com", 42, True)
    assert account.inner is not None
    assert account.inner.text == "Grüße 🐟"
    assert account.attributes == {"deep": [{"er": None}]}
    assert account.password is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" ", id="blank"),
        pytest.param(b"{", id="cut"),
        pytest.param(b'{"email":"a"} x', id="trailing"),
        pytest.param(b'{"email":"a"}{}', id="two"),
        pytest.param(b'{"email":"a",}', id="comma"),
        pytest.param(b"{'email':'a'}", id="quotes"),
        pytest.param(b'{"email":"a"} // note', id="comment"),
        pytest.param(b'\xef\xbb\xbf{"email":"a"}', id="bom"),
        pytest.param('{"email":"a"}'.encode("utf-16"), id="utf-16"),
        pytest.param(b'{"email":"\xff"}', id="no utf-8"),
        pytest.param(b'{"email":"\xc0\x80"}', id="overlong"),
        pytest.param(b'{"email":"\xed\xa0\x80"}', id="surrogate in utf-8"),
        pytest.param(b'{"email":"\\ud800"}', id="lone surrogate in a value"),
        pytest.param(b'{"\\ud800":"a"}', id="lone surrogate in a name"),
        pytest.param(b'{"email":"a","attributes":{"a":["\\udfff"]}}', id="lone surrogate deep down"),
        pytest.param(b'{"email":"a\x00"}', id="raw NUL"),
        pytest.param(b'{"email":"a\nb"}', id="raw line break"),
        pytest.param(b'\x00{"email":"a"}', id="NUL before"),
        pytest.param(b'\x0b{"email":"a"}', id="other blank"),
        pytest.param('\xa0{"email":"a"}'.encode(), id="no-break space"),
        pytest.param(b'{"email":"a","email":"b"}', id="twice"),
        pytest.param(b'{"email":"a","\\u0065mail":"b"}', id="twice in disguise"),
        pytest.param(b'{"email":"a","x":1,"x":1}', id="twice unknown"),
        pytest.param(b'{"email":"a","inner":{"text":"a","text":"a"}}', id="twice in an object"),
        pytest.param(b'{"email":"a","attributes":{"a":[[{"b":1,"b":2}]]}}', id="twice deep down"),
        pytest.param(b'{"email":"a","share":NaN}', id="NaN"),
        pytest.param(b'{"email":"a","share":Infinity}', id="Infinity"),
        pytest.param(b'{"email":"a","attributes":{"a":[-Infinity]}}', id="-Infinity"),
        pytest.param(b'{"email":"a","age":' + b"1" * 5000 + b"}", id="5,000 digits"),
        pytest.param(b'{"email":"a","attributes":{"a":-' + b"1" * 5000 + b"}}", id="5,000 digits deep down"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, id="10,000 lists"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="10,000 objects"),
        pytest.param(b"[" * 60_000, id="60,000 open"),
        pytest.param(b'{"email":"a","attributes":{"a":' + b"[" * 500 + b"]" * 500 + b"}}", id="500 deep"),
        pytest.param(b"email=a", id="form"),
    ],
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    """So is JSON that readers understand in different ways."""
    with pytest.raises(MalformedBodyError, match="not valid JSON") as refused:
        read(body)
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (None, "model_type"),
        ([], "model_type"),
        ("text", "model_type"),
        (1, "model_type"),
        (True, "model_type"),
        ([GOOD], "model_type"),
    ],
    ids=["null", "list", "text", "number", "true", "list of one"],
)
def test_a_body_is_an_object(body: object, type_: str) -> None:
    """Nothing is unwrapped."""
    (told,) = complaints(body)
    assert (told["loc"], told["type"]) == (["body"], type_)


NO_TEXT: list[object] = [None, 1, 1.5, True, [], ["a"], {}, {"$ne": None}, {"$gt": ""}]


@pytest.mark.parametrize("value", NO_TEXT, ids=json.dumps)
@pytest.mark.parametrize("name", ["email", "password"])
def test_rg_2_only_text_is_text(name: str, value: object) -> None:
    """Null, numbers, lists and objects are refused where text belongs, and nothing is converted."""
    (told,) = complaints({**GOOD, name: value})
    assert told["loc"] == ["body", name]
    assert told["type"] == "string_type"


@pytest.mark.parametrize(
    ("name", "value", "loc", "type_"),
    [
        ("age", "1", ["age"], "int_type"),
        ("age", 1.0, ["age"], "int_type"),
        ("age", True, ["age"], "int_type"),
        ("age", None, ["age"], "int_type"),
        ("shown", 1, ["shown"], "bool_type"),
        ("shown", "true", ["shown"], "bool_type"),
        ("share", "0.5", ["share"], "float_type"),
        ("until", "tomorrow", ["until"], "datetime_parsing"),
        ("kind", "ghost", ["kind"], "literal_error"),
        ("inner", {"text": 1}, ["inner", "text"], "string_type"),
        ("inner", {}, ["inner", "text"], "missing"),
        ("inner", {"text": "a", "is_admin": True}, ["inner", "is_admin"], "extra_forbidden"),
        ("words", "one", ["words"], "list_type"),
        ("words", ["a", 1], ["words", 1], "string_type"),
        ("words", {"0": "a"}, ["words"], "list_type"),
        ("proofs", {"otp": 1}, ["proofs", "otp"], "string_type"),
        ("attributes", [], ["attributes"], "dict_type"),
        ("is_admin", True, ["is_admin"], "extra_forbidden"),
        ("version", 7, ["version"], "extra_forbidden"),
        ("email", "a\0b", ["email"], "value_error"),
        ("email", "a" * 4097, ["email"], "string_too_long"),
    ],
)
def test_the_schema_is_strict(name: str, value: object, loc: list[str | int], type_: str) -> None:
    """What is wrong is told with its place and its kind (RG-1, RG-2)."""
    assert [(each["loc"], each["type"]) for each in complaints({**GOOD, name: value})] == [
        (["body", *loc], type_)
    ]


def test_what_is_missing_is_named() -> None:
    """A body without a field that is required."""
    assert [(each["loc"], each["type"]) for each in complaints({})] == [(["body", "email"], "missing")]


def test_names_come_back_harmless() -> None:
    """Whoever names a field chooses the text that comes back: it is short, and obeyed by no terminal."""
    name = "a\r\n\x1b[31m\u202e" + "b" * 1000
    ((_, shown),) = [each["loc"] for each in complaints({**GOOD, name: 1})]
    assert shown == "a\ufffd\ufffd\ufffd[31m\ufffd" + "b" * 55


def test_complaints_are_few() -> None:
    """A body of thousands of mistakes is not answered by a longer answer."""
    assert len(complaints({**GOOD, **{f"x{i}": 1 for i in range(5000)}})) == 100
    assert len(complaints({**GOOD, "proofs": {f"x{i}": 1 for i in range(5000)}})) == 100


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;",
    ],
)
def test_json_may_say_its_charset(content_type: str) -> None:
    """It is UTF-8 (RFC 8259, section 8.1)."""
    sent = asking("POST", ("content-type", content_type), body=b'{"email":"a"}')
    assert read_body(Account, sent).email == "a"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((), id="none"),
        pytest.param((("content-type", ""),), id="empty"),
        *(
            pytest.param((("content-type", each),), id=each)
            for each in (
                "text/plain",
                "text/plain; charset=utf-8",
                "text/json",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "application/jsonx",
                "application/problem+json",
                "application/json, text/plain",
                "application/json; charset=latin-1",
                "application/json; charset=utf-16",
                "application/json; charset=utf-8; x=y",
                "application/json; boundary=x",
                "*/*",
            )
        ),
        pytest.param((("content-type", "application/json"),) * 2, id="twice"),
        pytest.param((("content-type", "application/json"), ("content-type", "text/plain")), id="two"),
    ],
)
def test_se_4_only_json_is_json(headers: tuple[tuple[str, str], ...]) -> None:
    """Forms of other sites send text/plain and the like without asking anybody first."""
    with pytest.raises(UnsupportedMediaTypeError, match="application/json"):
        read_body(Account, asking("POST", *headers, body=b'{"email":"a"}'))


async def _read(call: AnyCall) -> Reply:
    assert isinstance(call.body, Account)
    return Reply()


ROUTE = route(_read, access=PUBLIC, method="POST", body=Account)


def asked(body: bytes, content_type: str = "application/json") -> tuple[int, bytes]:
    """Return the status and the body of the answer to a body."""
    sent = Request(method="POST", path="/", headers=(("content-type", content_type),), body=body)
    answer = run(application().run(ROUTE, sent))
    assert answer.body == b"" or problem(answer)[0] == answer.status
    return answer.status, answer.body


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(body: bytes) -> None:
    """By success or by a 4xx."""
    status, _ = asked(body)
    assert status == 200 or 400 <= status < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*Account.model_fields, "x"]), JSON))
def test_any_json_is_answered(body: dict[str, Any]) -> None:
    """By success or by a 4xx, whatever stands in the fields; only success is without complaints."""
    status, told = asked(json.dumps(body).encode())
    assert (status == 200 and not told) or (status in (400, 422) and told)


@given(st.text(), st.binary(max_size=20))
def test_any_content_type_is_answered(content_type: str, body: bytes) -> None:
    """By 415, since it is not JSON."""
    assert asked(body, f"x{content_type}")[0] == 415


MARK = "7h15-15-50-53cr37"
PLACES = st.sampled_from([*Account.model_fields, "unknown", "pass word"])
CARRIERS = st.sampled_from(
    [
        MARK,
        [MARK],
        {"a": MARK},
        {"text": [MARK]},
        {"text": MARK, "b": MARK},
        [[MARK], {"x": MARK}],
        MARK * 300,
        MARK + "\0",
        f"2026-01-31T{MARK}",
    ]
)


@given(st.dictionaries(PLACES, CARRIERS, min_size=1), st.booleans())
def test_st_4_what_was_sent_is_never_answered(body: dict[str, Any], cut: bool) -> None:
    """Not the value of any field, known or not, right or wrong, well-formed or not: it may be a password."""
    sent = json.dumps(body).encode()
    status, told = asked(sent[:-1] if cut else sent)
    assert status in (200, 400, 422)
    assert MARK.encode() not in told


def test_st_4_what_was_read_is_not_shown() -> None:
    """Neither does a refusal keep what was sent, nor does a body show itself in a trace."""
    with pytest.raises(InvalidInputError) as refused:
        read({**GOOD, "password": [MARK]})
    assert MARK not in repr(refused.value) + str(refused.value.__context__) + str(refused.value.__cause__)
    account = read({**GOOD, "password": MARK})
    assert MARK not in repr(account) + str(account) + f"{[account]}"
    assert account.password == MARK


def test_the_answer_has_the_form_of_the_contract() -> None:
    """A code, and for each field the place, a message and the kind (http.md)."""
    answer = run(application().run(ROUTE, as_json({"email": 1})))
    assert problem(answer) == (422, "validation_failed")
    assert answered(answer)["errors"] == [
        {"loc": ["body", "email"], "msg": "Input should be a valid string", "type": "string_type"}
    ]
