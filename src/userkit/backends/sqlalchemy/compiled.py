"""Statements that are compiled once and then handed to the driver as text."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

__all__ = ["Parameters", "Statement"]

Parameters = Mapping[str, Any] | Sequence[Any]
"""What the driver takes beside the text of a statement."""

_Convert = Callable[[Any], Any]


class _Compilable(Protocol):
    def compile(self, *, dialect: Dialect, column_keys: list[str] | None = None) -> Any: ...


class Statement:
    """The text of a statement for one driver, and how its parameters are written.

    Core's own execution costs several times what the driver does for a read of one row. The text
    and the conversions are Core's, made once.
    """

    __slots__ = ("_converters", "_fixed", "_positional", "names", "text")

    def __init__(self, statement: Executable, dialect: Dialect, columns: Iterable[str] | None = None) -> None:
        """Compile a statement; ``columns`` are those that an INSERT or UPDATE sets."""
        keys = None if columns is None else list(columns)
        compiled = cast(SQLCompiler, cast(_Compilable, statement).compile(dialect=dialect, column_keys=keys))
        self.text = str(compiled)
        self._positional = compiled.positional
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        assert names is not None
        self.names = tuple(names)
        self._converters = [(name, _to_driver(compiled.binds[name].type, dialect)) for name in names]
        # What Core adds of its own accord, such as the OFFSET 0 that SQLite wants after a LIMIT.
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}

    def parameters(self, values: Mapping[str, Any]) -> Parameters:
        """Return what the driver takes for these values, found by their names."""
        if self._fixed:
            values = {**self._fixed, **values}
        row = self.row(values)
        return row if self._positional else dict(zip(self.names, row, strict=True))

    def row(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return values as the driver takes them, in the order of the parameters."""
        return tuple(
            [values[name] if convert is None else convert(values[name]) for name, convert in self._converters]
        )

    def for_each(self, rows: Sequence[tuple[Any, ...]]) -> Sequence[Parameters]:
        """Return what the driver takes for rows of such values."""
        return rows if self._positional else [dict(zip(self.names, row, strict=True)) for row in rows]


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return cast("_Convert | None", kind.dialect_impl(dialect).bind_processor(dialect))
