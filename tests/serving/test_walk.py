"""The walk that documents take newcomers on leads where they say."""

import shlex
from pathlib import Path

import pytest

from tests.serving.served import Served, served
from tests.serving.walking import Step, starts_server, steps, walk

# Servers are started, in turn, on machines that may be busy.
pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[2]
WALKS = [ROOT / "README.md", ROOT / "docs" / "tutorials" / "serve.md"]
"""Documents whose ``console`` blocks are run; each starts one server, with ``userkit serve``."""


def start_of(document: str) -> Step:
    """Return the step that starts the server."""
    (start,) = [step for step in steps(document) if starts_server(step)]
    return start


def introduction(server: Served) -> str:
    """Return what a server has printed, as if it were on the port that documents name."""
    lines = (f"{label + ':':<10}{fact}" for label, fact in server.said.items())
    return "\n".join(lines).replace(server.url, "http://localhost:8000")


@pytest.mark.parametrize("page", WALKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_prints_what_is_shown(page: Path, tmp_path: Path) -> None:
    """From top to bottom, in one shell."""
    document = page.read_text(encoding="utf-8")
    start = start_of(document)
    arguments = shlex.split(start.command.partition("userkit serve")[2])
    with served(tmp_path, *arguments) as server:
        assert start.is_met_by(introduction(server))
        assert len(walk(document, server)) > 5


def test_a_document_that_shows_something_else_is_noticed() -> None:
    """What stands for anything stands for nothing more than that."""
    (step,) = steps('```console\n$ echo one \\\n    two\n{"id":"…",…}\n```\n')
    assert step.command == "echo one \\\n    two"
    assert step.is_met_by('{"id":"1","name":"x"}\n')
    assert not step.is_met_by('{"id":"1"}\nerror')
    assert not step.is_met_by("one two")
    (silent,) = steps("```console\n$ true\n```\n")
    assert silent.is_met_by("")
    assert not silent.is_met_by("bash: not found")
