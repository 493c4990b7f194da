"""Readers: whatever the bytes, each row is a person or a refusal."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from userkit.errors import ConfigurationError
from userkit.importing import FORMATS, Source
from userkit.importing.formats.jsonl import of_columns
from userkit.importing.person import Person, Record, RowRefusedError
from userkit.importing.reading import people
from userkit.importing.records import LONGEST_ROW, csv_records, json_lines, json_members

Read = Callable[[IO[bytes]], Iterator[Record]]


def read(reader: Read, content: bytes) -> list[Record]:
    return list(reader(io.BytesIO(content)))


def all_are_rows(reader: Read, content: bytes) -> None:
    for _, made in people(reader(io.BytesIO(content)), of_columns):
        assert isinstance(made, (Person, RowRefusedError))


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_people_or_refusals(content: bytes) -> None:
    """Of CSV after its names, JSON Lines, and an array."""
    all_are_rows(csv_records, b"email,name\n" + content)
    all_are_rows(json_lines, content)
    all_are_rows(json_members, b"[" + content)
    all_are_rows(json_members, content)


@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.text(), st.text() | st.lists(st.dictionaries(st.text(), st.integers())))))
def test_every_object_of_an_array_is_found(objects: list[dict[str, object]]) -> None:
    """Whatever brackets and quotation marks are in its texts."""
    found = [content for _, content in read(json_members, json.dumps(objects).encode())]
    assert found == objects
    document = {"u": [{"a": 1}], "x": {"users": [{}]}, "users": objects, "after": [{}]}
    content = json.dumps(document, indent=1).encode()
    assert [each for _, each in read(lambda file: json_members(file, key="users"), content)] == objects


_KEYS = [
    *("email", "name", "attributes", "created_at", "password_hash", "verified", "source_id", "model", "pk"),
    *("fields", "password", "username", "confirmed_at", "active", "_id", "user_metadata", "user_id", "name"),
    *("blocked", "passwordHash", "salt", "createdAt", "customAttributes", "Attributes", "Enabled", "type"),
    *("credentials", "credentialData", "secretData", "createdTimestamp", "enabled"),
]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["{}", "$"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("name", list(FORMATS))
@settings(max_examples=40)
@given(record=st.dictionaries(st.sampled_from(_KEYS), _JSON))
def test_any_object_is_a_person_or_a_refusal(
    name: str, record: dict[str, object], tmp_path_factory: Any
) -> None:
    """Whatever is where something else is expected, in each format."""
    wrapped = {
        "firebase": {"users": [record]},
        "keycloak": {"users": [record]},
        "cognito": {"Users": [record]},
    }
    path = tmp_path_factory.getbasetemp() / f"{name}.json"
    path.write_text("email\n1\n" if name == "csv" else json.dumps(wrapped.get(name, record)))
    rows = list(FORMATS[name](Source(path=path)))
    assert all(row.content is None or isinstance(row.content, (Person, RowRefusedError)) for row in rows)
    assert len(rows) == 1


def test_lines_are_told_and_chunks_do_not_matter() -> None:
    """In an array that is longer than what is read at once."""
    members = [{"number": number, "text": "x" * 900} for number in range(500)]
    content = "[\n" + ",\n".join(map(json.dumps, members)) + "\n]\n"
    found = read(json_members, content.encode())
    assert [line for line, _ in found] == list(range(2, 502))
    assert [each for _, each in found] == members


@pytest.mark.parametrize("reader", [csv_records, json_lines, json_members])
def test_a_row_that_is_too_long_is_refused(reader: Read) -> None:
    """The next one is read."""
    long = "x" * (2 * LONGEST_ROW)
    if reader is csv_records:
        content = f"email\n{long}\nada@example.com\n"
    else:
        rows = [json.dumps({"email": [text, text]}) for text in (long, "a")]
        content = "\n".join(rows) if reader is json_lines else f"[{','.join(rows)}]"
    if reader is json_members:
        content = content.replace(long, '", "'.join(["x" * 1000] * (2 * LONGEST_ROW // 1000)))
    (_, first), (_, second) = read(reader, content.encode())
    assert isinstance(first, RowRefusedError)
    assert isinstance(second, dict)


@pytest.mark.parametrize("key", [None, "users"])
@pytest.mark.parametrize("shift", [0, 1])
def test_a_text_that_is_too_long_does_not_stop_the_rest(shift: int, key: str | None) -> None:
    """Nor when it is in no row, or what is kept of it breaks off between a backslash and what it escapes."""
    text = b'"' + b"x" * (LONGEST_ROW + shift) + b"\\\\" * (1 << 17) + b'\\""'
    members = b'[\n{"a": ' + text + b'},\n{"email": "ada@example.com"}]'
    content = members if key is None else b'{"other": ' + text + b', "users": ' + members + b"}"
    (line, first), (_, second) = read(lambda file: json_members(file, key=key), content)
    assert isinstance(first, RowRefusedError)
    assert (line, first.reason, second) == (2, "too_long", {"email": "ada@example.com"})


_LONG_ROWS = {
    "a value": ("malformed", b"x" * csv.field_size_limit()),
    "many values": ("too_long", b'\n","' * (LONGEST_ROW // 4)),
    "a line": ("too_long", b"x" * (3 * LONGEST_ROW)),
}


@pytest.mark.parametrize(("reason", "long"), _LONG_ROWS.values(), ids=_LONG_ROWS)
def test_a_long_row_of_csv_makes_no_other_rows(reason: str, long: bytes) -> None:
    """Its lines within quotation marks stay its own, so that nobody imports others by what they say."""
    others = b"\nroot@example.com,Eve\n"
    content = b'email,name\neve@example.com,"' + long + others + b'"\nada@example.com,Ada\n'
    (line, first), (last, second) = read(csv_records, content)
    assert isinstance(first, RowRefusedError)
    assert (line, first.reason) == (2, reason)
    assert (last, second) == (content.count(b"\n"), {"email": "ada@example.com", "name": "Ada"})


def test_a_row_that_is_not_csv_takes_nobody_along() -> None:
    """A quotation mark without another does not make it longer."""
    (_, first), (_, second) = read(csv_records, b'email,name\n5"\r6,\nada@example.com,Ada\n')
    assert isinstance(first, RowRefusedError)
    assert second == {"email": "ada@example.com", "name": "Ada"}


@pytest.mark.parametrize("content", [b"", b"a,a\n", b"a,\n", b"\xff,a\n", b"\n"])
def test_csv_without_names_is_not_read(content: bytes) -> None:
    """Each column has one, and no two the same."""
    with pytest.raises(ConfigurationError):
        read(csv_records, content)


def test_csv_may_break_lines_in_values() -> None:
    """The line of a row is where it begins; a mark of the byte order is no part of a name."""
    content = '\ufeffemail,name\na@example.com,"A\nB"\nshort\nb@example.com,\xff\n'
    found = read(csv_records, content.encode())
    assert [line for line, _ in found] == [2, 4, 5]
    assert found[0].content == {"email": "a@example.com", "name": "A\nB"}
    assert isinstance(found[1].content, RowRefusedError)


def test_an_array_that_ends_too_early_is_reported() -> None:
    """And so is a document without one."""
    for content in (b'[{"a": 1}', b'{"a": 1}', b"", b"[[", b'["'):
        assert isinstance(read(json_members, content)[-1].content, RowRefusedError)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """In one sentence."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list(FORMATS["django"](Source(path=tmp_path / "no")))
