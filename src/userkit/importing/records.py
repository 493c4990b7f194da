"""Rows of files, one at a time: CSV, JSON Lines, and one long JSON document."""

import csv
import json
import re
from collections.abc import Iterator
from typing import IO

from userkit.errors import ConfigurationError
from userkit.importing.person import Record, RowRefusedError

__all__ = ["LONGEST_ROW", "csv_records", "json_lines", "json_members"]

LONGEST_ROW = 1 << 20
"""In bytes. What is longer is refused, so that no row fills the memory."""

_CHUNK = 1 << 16
# The texts and brackets of JSON; a lone quotation mark is the beginning of a text that goes on later.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]]|"', re.DOTALL)


def json_lines(file: IO[bytes]) -> Iterator[Record]:
    """Return each line of JSON Lines."""
    for line, content in _lines(file):
        if content is None or content.strip():
            yield Record(line, _too_long() if content is None else _object(content))


def csv_records(file: IO[bytes]) -> Iterator[Record]:
    """Return each row of CSV by the names in its first row. Raises ConfigurationError without them."""
    rows = _csv_rows(file)
    _, header = next(rows, (1, None))
    if not isinstance(header, list):
        raise ConfigurationError("The file is empty, or does not begin with a row of column names.")
    names = [name.strip() for name in header]
    if len(set(names)) != len(names) or not all(name.isprintable() and name for name in names):
        raise ConfigurationError("The first row of the file must name each column, and no two alike.")
    for line, row in rows:
        if isinstance(row, RowRefusedError):
            yield Record(line, row)
        elif len(row) != len(names):
            yield Record(line, RowRefusedError("malformed", "The row has not one value for each column."))
        elif any("\0" in value or not _is_utf8(value) for value in row):
            yield Record(line, RowRefusedError("malformed", "The row is not text in UTF-8."))
        else:
            yield Record(line, dict(zip(names, row, strict=True)))


def json_members(file: IO[bytes], *, key: str | None = None) -> Iterator[Record]:
    """Return each object of an array: of the whole document, or under a key of the outermost object.

    A document without that array is a refused row, and so is what cannot be parsed.
    """
    yield from _Members(key).read(file)


class _Members:
    """Finds where the objects of an array begin and end, without parsing what is around them."""

    def __init__(self, key: str | None) -> None:
        self._key = None if key is None else json.dumps(key).encode()
        self._buffer = b""
        self._scanned = 0
        self._line = 1  # on which the buffer begins
        self._depth = 0
        self._said = b""  # the last text in the outermost object, so perhaps a key
        self._home: int | None = None  # the depth of the array, while inside
        self._found = False
        self._start: int | None = None  # of the object that has not ended yet
        self._too_long: int | None = None  # the line on which one begins that nobody keeps

    def read(self, file: IO[bytes]) -> Iterator[Record]:
        chunk = file.read(_CHUNK).removeprefix(b"\xef\xbb\xbf")
        while chunk:
            self._buffer += chunk
            yield from self._scan()
            self._forget()
            if len(self._buffer) > LONGEST_ROW:
                self._shorten()
            chunk = file.read(_CHUNK)
        if self._depth or not self._found or self._buffer.strip():
            sentence = "The file ends too early, is not JSON, or has no users where they are expected."
            yield Record(self._line, RowRefusedError("malformed", sentence))

    def _scan(self) -> Iterator[Record]:
        end = len(self._buffer)
        for token in _TOKEN.finditer(self._buffer, self._scanned):
            word = token[0]
            if word == b'"':
                end = token.start()
                break
            if len(word) > 1:
                self._said = word if self._depth == 1 else self._said
            elif word in b"[{":
                self._open(word, token.start())
            elif (record := self._close(token.end())) is not None:
                yield record
        self._scanned = end

    def _open(self, bracket: bytes, at: int) -> None:
        if bracket == b"{" and self._depth == self._home:
            self._start = at
        elif bracket == b"[" and self._home is None and self._is_the_array():
            self._home, self._found = self._depth + 1, True
        self._depth += 1

    def _is_the_array(self) -> bool:
        return self._depth == 0 if self._key is None else self._depth == 1 and self._said == self._key

    def _close(self, end: int) -> Record | None:
        self._depth -= 1
        if self._home is None or self._depth > self._home:
            return None
        if self._depth < self._home:
            self._home = None
            return None
        if self._too_long is not None:
            line, self._too_long = self._too_long, None
            return Record(line, _too_long())
        if self._start is None:
            return None
        start, self._start = self._start, None
        return Record(self._line + self._buffer.count(b"\n", 0, start), _object(self._buffer[start:end]))

    def _forget(self) -> None:
        """Drop what is not needed any more."""
        if self._start is not None and self._scanned - self._start > LONGEST_ROW:
            self._too_long = self._line + self._buffer.count(b"\n", 0, self._start)
            self._start = None
        kept = self._scanned if self._start is None else self._start
        self._line += self._buffer.count(b"\n", 0, kept)
        self._buffer = self._buffer[kept:]
        self._scanned -= kept
        self._start = None if self._start is None else 0

    def _shorten(self) -> None:
        """Keep the beginning of a text that has not ended, and whether its next character is escaped."""
        if self._start is not None:
            self._too_long, self._start = self._line, None
        self._line += self._buffer.count(b"\n")
        escapes = len(self._buffer) - len(self._buffer.rstrip(b"\\"))
        self._buffer, self._scanned = b'"\x00' + b"\\" * (escapes % 2), 0  # which is no key, whatever follows


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Return each line and its number; None in the place of one that is too long."""
    number = 0
    while line := file.readline(LONGEST_ROW + 1):
        number += 1
        whole = len(line) <= LONGEST_ROW
        while not line.endswith(b"\n") and (rest := file.readline(LONGEST_ROW)):
            line, whole = rest, False
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield number, line if whole else None


def _csv_rows(file: IO[bytes]) -> Iterator[tuple[int, list[str] | RowRefusedError]]:
    texts = _Texts(file)
    rows = csv.reader(texts)
    while True:
        line = texts.begin()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield line, RowRefusedError("malformed", "The row is not CSV.")
            texts.finish()
            continue
        except RowRefusedError as error:
            yield line, error
            texts.finish()
            continue
        if row:
            yield line, row


class _Texts:
    """The lines of a file as text; of one row, which may have many of them, no more than it may be long."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._number = 0
        self._length = 0
        self._is_quoted = False
        self._is_whole = True

    def begin(self) -> int:
        """Begin a row, and return its line."""
        self._length, self._is_quoted = 0, False
        return self._number + 1

    def finish(self) -> None:
        """Pass by what is left of a row that was given up: lines within quotation marks are no rows."""
        if self._length >= csv.field_size_limit():
            while (self._is_quoted or not self._is_whole) and self._piece():
                pass

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = self._piece()
        if not piece:
            raise StopIteration
        if self._length > LONGEST_ROW:
            raise _too_long()
        return piece.decode(errors="surrogateescape")

    def _piece(self) -> bytes:
        """Return a line, or what fits of it."""
        piece = self._file.readline(LONGEST_ROW + 1)
        if self._number == 0:
            piece = piece.removeprefix(b"\xef\xbb\xbf")
        self._length += len(piece)
        self._is_quoted ^= piece.count(b'"') % 2 == 1
        self._is_whole = piece.endswith(b"\n")
        self._number += self._is_whole
        return piece


def _object(content: bytes) -> RowRefusedError | dict[str, object]:
    try:
        found = json.loads(content.decode())
    except (ValueError, RecursionError):
        return RowRefusedError("malformed", "The row is not JSON in UTF-8.")
    if not isinstance(found, dict):
        return RowRefusedError("malformed", "The row is not a JSON object.")
    return found


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_long() -> RowRefusedError:
    return RowRefusedError("too_long", f"The row has more than {LONGEST_ROW} bytes.")
