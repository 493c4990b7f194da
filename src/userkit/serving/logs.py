"""Logs for people and for programs: one record a line, whatever anybody has put into it."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

__all__ = ["JsonLines", "TextLines", "log_config"]

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """Write a record as a JSON object: time, level, logger, message, and the facts of ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        facts = {name: value for name, value in _facts(record).items() if name not in told}
        if (trace := _trace(self, record)) is not None:
            facts["exception"] = trace
        return json.dumps(told | facts, default=str)


class TextLines(logging.Formatter):
    """Write a record as a line of text; the lines of a traceback follow, each behind a bar."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and those of the traceback."""
        facts = "".join(f" {name}={_in_one_line(value)}" for name, value in _facts(record).items())
        head = f"{_time(record)} {record.levelname} {record.name}: {_in_one_line(record.getMessage())}{facts}"
        trace = (_trace(self, record) or "").splitlines()
        return "\n".join([head, *(f"  | {_in_one_line(line)}" for line in trace)])


def log_config(style: Literal["text", "json"], level: str) -> dict[str, Any]:
    """Return the configuration of the loggers, for ``logging.config.dictConfig``: all to standard error."""
    formatter = {"()": f"{__name__}.{(JsonLines if style == 'json' else TextLines).__qualname__}"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"userkit": {"level": level.upper()}, "uvicorn": {"level": _at_least_info(level)}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }


def _at_least_info(level: str) -> str:
    # What uvicorn says beyond that is about its sockets, and names clients.
    return "INFO" if level == "debug" else level.upper()


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _facts(record: logging.LogRecord) -> Mapping[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str | None:
    if not record.exc_info:
        return None
    return formatter.formatException(record.exc_info)


def _in_one_line(value: object) -> str:
    # A line break in a value would let whoever sent it write lines of their own.
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(value))
