"""Logs: one record a line, in text and in JSON, whatever anybody has put into it."""

import json
import logging
import logging.config
import sys

import pytest

from userkit.kernel.secret import Secret
from userkit.serving.logs import JsonLines, TextLines, log_config

FORGED = "harmless\n2026-01-01T00:00:00.000Z INFO userkit: forged\x1b[2J\u2028more"


def record(message: str = "request", *arguments: object, **facts: object) -> logging.LogRecord:
    """Return a record with facts."""
    made = logging.LogRecord("userkit.access", logging.INFO, __file__, 1, message, arguments, None)
    made.created = 0.0
    vars(made).update(facts)
    return made


def test_json_has_the_facts() -> None:
    """As values, and what is no JSON as text."""
    line = JsonLines().format(
        record("said %s", "it", status=200, secret=Secret("x" * 40), color_message="no")
    )
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "INFO",
        "logger": "userkit.access",
        "message": "said it",
        "status": 200,
        "secret": "Secret(…)",
    }


def test_facts_replace_nothing() -> None:
    """A fact with the name of a field of ours is left out."""
    told = json.loads(JsonLines().format(record(level="forged", time="forged", exception="kept")))
    assert (told["level"], told["time"]) == ("INFO", "1970-01-01T00:00:00.000Z")
    assert told["exception"] == "kept"


def test_text_has_the_facts() -> None:
    """Behind the message."""
    line = TextLines().format(record(route="/users/{id}", status=200))
    assert line == "1970-01-01T00:00:00.000Z INFO userkit.access: request route=/users/{id} status=200"


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_nobody_forges_a_line(formatter: logging.Formatter) -> None:
    """Line breaks and escape codes are shown, not obeyed, in the message and in facts."""
    line = formatter.format(record("told %s", FORGED, agent=FORGED))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_a_traceback_forges_no_line_either(formatter: logging.Formatter) -> None:
    """In text its lines stand behind a bar."""
    made = record("failed")
    try:
        raise ValueError(FORGED)
    except ValueError:
        made.exc_info = sys.exc_info()
    first, *others = formatter.format(made).splitlines()
    assert "failed" in first
    assert all(line.startswith("  | ") for line in others)
    assert "ValueError" in first + "".join(others)


def test_the_configuration_says_who_is_heard() -> None:
    """At debug we say more, and uvicorn does not: it would name clients."""
    for level, ours, theirs in (("debug", "DEBUG", "INFO"), ("warning", "WARNING", "WARNING")):
        loggers = log_config("json", level)["loggers"]
        assert (loggers["userkit"]["level"], loggers["uvicorn"]["level"]) == (ours, theirs)
    assert log_config("text", "info")["formatters"]["lines"]["()"].endswith("TextLines")
