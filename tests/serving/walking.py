"""Documents as a newcomer follows them: each command of their ``console`` blocks, in a shell, in order."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.serving.served import Served, environment, until

_END = "-- the end of what it printed --"
_NOTED = "the password that was printed at the start"


@dataclass(frozen=True)
class Step:
    """A command, and what the document says that it prints; ``…`` stands for anything."""

    command: str
    output: tuple[str, ...]

    def is_met_by(self, printed: str) -> bool:
        """Tell whether what was printed is what the document shows."""
        shown = "\n".join(self.output).strip()
        pattern = ".*".join(re.escape(part) for part in shown.split("…"))
        return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def steps(document: str) -> Iterator[Step]:
    """Return the steps of the console blocks of a document, in order."""
    for block in re.findall(r"^```console\n(.*?)^```", document, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command = re.match(r"(?:.*\\\n)*.*\n", part)
            assert command is not None
            yield Step(command[0].strip(), tuple(part[command.end() :].splitlines()))


def starts_server(step: Step) -> bool:
    """Tell whether a step starts the server, perhaps behind an installation."""
    return "userkit serve" in step.command


class Shell:
    """A shell that goes on from command to command."""

    def __init__(self, folder: Path) -> None:
        """Start it in a folder."""
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate("exit\n")

    def run(self, command: str) -> str:
        """Run a command, and return what it prints."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\necho; echo '{_END}'\n")
        self._process.stdin.flush()
        lines = iter(self._process.stdout.readline, f"{_END}\n")
        return "".join(lines).strip()


def walk(document: str, server: Served) -> list[Step]:
    """Do what a document says against a server that runs, and return the steps that were taken."""
    taken = []
    with Shell(server.folder) as shell:
        for step in steps(document.replace("http://localhost:8000", server.url)):
            if step.command.startswith("python -m pip ") or starts_server(step):
                continue
            _take(step, shell, server.said.get("Password", "").partition(" ")[0])
            taken.append(step)
    return taken


def _take(step: Step, shell: Shell, password: str) -> None:
    command = step.command.replace(_NOTED, password)
    if "letter" in command and step.output:  # mail takes a moment
        until(lambda: step.is_met_by(shell.run(command)))
        return
    printed = shell.run(command)
    assert step.is_met_by(printed), f"{step.command}\nprinted\n{printed}\nand not\n{step.output}"
