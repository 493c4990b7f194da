"""``userkit plugins`` and what every command has in common."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.plugins.site import Site, store_plugin
from userkit.cli import main
from userkit.cli.app import app
from userkit.cli.output import print_table
from userkit.errors import InvalidURLError
from userkit.plugins.opening import open_store


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder on the path with one plugin of ours and one of somebody else's."""
    site = Site(tmp_path / "site")
    site.install_store("acme", store_plugin("acme", more="capabilities={'Countable'}, summary='Fast.'"))
    site.install(
        "userkit-sdk",
        "0.1.0",
        entry_points={"userkit.stores": {"memory": "userkit.backends.memory.plugin:memory"}},
    )
    monkeypatch.setattr(sys, "path", [str(site.path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield site
    site.forget()


def _run(*arguments: str, **environment: str | None) -> Result:
    return CliRunner().invoke(app, arguments, env=environment)


def _json(*arguments: str) -> dict[str, Any]:
    result = _run("plugins", "--json", *arguments)
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_plugins_are_listed_without_loading_them(site: Site) -> None:
    """A table for people names who offers what."""
    result = _run("plugins")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["Kind", "Name", "Distribution", "Version", "Status", "API", "Summary"]
    assert ["store", "acme", "userkit-acme", "1.0", "unchecked"] in lines
    assert ["store", "memory", "userkit-sdk", "0.1.0", "unchecked"] in lines
    assert "acme_store" not in sys.modules


def test_a_check_loads_every_plugin(site: Site) -> None:
    """And tells what each says of itself."""
    result = _run("plugins", "--check")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split() == [
        "store",
        "acme",
        "userkit-acme",
        "1.0",
        "ok",
        "1",
        "Fast.",
    ]


def test_programs_get_json(site: Site) -> None:
    """Its keys are a promise."""
    document = _json("--check")
    assert (document["schema"], document["userkit"]) == (1, "0.1.0")
    assert document["plugins"][0] == {
        "kind": "store",
        "group": "userkit.stores",
        "name": "acme",
        "distribution": "userkit-acme",
        "version": "1.0",
        "status": "ok",
        "problem": None,
        "api_version": 1,
        "capabilities": ["Countable"],
        "summary": "Fast.",
    }
    unchecked = _json()["plugins"][0]
    assert unchecked["status"] == "unchecked"
    assert [unchecked[key] for key in ("api_version", "capabilities", "summary")] == [None, None, None]


@pytest.mark.parametrize(
    "text", ["raise RuntimeError('out of order')", store_plugin("broken").replace("n=1", "n=2"), ""]
)
def test_a_check_fails_when_a_plugin_does(site: Site, text: str) -> None:
    """The problem is told, also when nobody asks for JSON; the others are unharmed."""
    site.install_store("broken", text)
    assert _run("plugins").exit_code == 0
    result = _run("plugins", "--check")
    assert result.exit_code == 1
    assert "'broken' of userkit-broken 1.0" in result.stdout
    result = _run("plugins", "--check", "--json")
    assert result.exit_code == 1
    statuses = {each["name"]: each["status"] for each in json.loads(result.stdout)["plugins"]}
    assert statuses.pop("broken") in {"broken", "incompatible"}
    assert set(statuses.values()) == {"ok"}


def test_an_extra_that_was_left_out_is_no_failure(site: Site) -> None:
    """It is told, with the command."""
    site.install(
        "userkit-bare",
        entry_points={"userkit.stores": {"bare": "bare_store:plugin"}},
        modules={"bare_store": "import bare_driver"},
        requires=['bare-driver; extra == "bare"'],
    )
    result = _run("plugins", "--check")
    assert result.exit_code == 0
    assert "missing extra" in result.stdout
    assert "pip install 'userkit-bare[bare]'" in result.stdout


def test_a_conflict_can_be_settled(site: Site) -> None:
    """As in the application, by preferring one distribution."""
    site.install_store("twin", store_plugin("twin"), distribution="one")
    site.install("two", entry_points={"userkit.stores": {"twin": "twin_store:plugin"}})
    result = _run("plugins", "--check")
    assert result.exit_code == 1
    assert result.stdout.count("Several distributions offer the store 'twin': ") == 1
    assert _run("plugins", "--check", "--prefer", "twin=two").exit_code == 0
    found = _json("--check", "--prefer", "twin=two")["plugins"]
    assert [(each["distribution"], each["status"]) for each in found if each["name"] == "twin"] == [
        ("one", "passed_over"),
        ("two", "ok"),
    ]


def test_hook_plugins_are_listed_and_checked(site: Site) -> None:
    """A hook plugin that would be refused is a failure."""
    site.install("userkit-audit", entry_points={"userkit.hooks": {"audit": "textwrap"}})
    (audit,) = [each for each in _json("--check")["plugins"] if each["kind"] == "hook plugin"]
    assert (audit["name"], audit["status"], audit["group"]) == ("audit", "broken", "userkit.hooks")
    assert "implements none of" in audit["problem"]


def test_a_plugin_cannot_write_to_the_terminal(site: Site) -> None:
    """What a stranger says of itself is text, without colours, markup or further lines."""
    summary = "[red]x[/red]\x1b[31m\nFake  line\x07"
    site.install_store("odd", store_plugin("odd", more=f"summary={summary!r}"))
    result = _run("plugins", "--check")
    assert "[red]x[/red]�[31m Fake line�" in result.stdout
    assert "\x1b" not in result.stdout
    odd = next(each for each in _json("--check")["plugins"] if each["name"] == "odd")
    assert odd["summary"] == summary


def test_a_table_fits_its_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And takes the room it needs where there is none."""
    rows = [("word " * 30, "end")]
    print_table(("A", "B"), rows)
    assert len(capsys.readouterr().out.splitlines()) == 2
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    print_table(("A", "B"), rows)
    assert len(capsys.readouterr().out.splitlines()) > 2


@pytest.mark.parametrize(
    "arguments", [["--no-such-option"], ["no-such-command"], ["plugins", "--prefer", "x"], []]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    """As everywhere on a command line."""
    assert _run(*arguments).exit_code == 2


def test_the_help_tells_the_exit_codes() -> None:
    """And how to see where an error comes from."""
    result = _run("--help", COLUMNS="100", TERMINAL_WIDTH="100")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert "Exit codes: 0 success; 1 an error, or a check that failed; 2 wrong usage, or" in words
    assert "USERKIT_TRACEBACK=1" in words


def test_the_version_is_told(site: Site) -> None:
    """Without any command."""
    result = _run("--version")
    assert (result.exit_code, result.stdout) == (0, "userkit 0.1.0\n")


def _failing(error: Exception) -> typer.Typer:
    """The application's way with errors, around a command that fails."""
    failing = typer.Typer(cls=app.info.cls, pretty_exceptions_enable=False)
    group = typer.Typer()

    @group.command()
    def fail() -> None:
        raise error

    @group.command()
    def open() -> None:
        open_store("acne://ada:s3cret@host", blocking=True)

    failing.add_typer(group, name="group")
    return failing


def test_an_error_of_ours_is_one_line() -> None:
    """On standard error, with exit code 1 and no traceback, in every group of commands."""
    failing = _failing(InvalidURLError("This is\nwrong.\x1b[31m"))
    result = CliRunner().invoke(failing, ["group", "fail"], env={"USERKIT_TRACEBACK": None})
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: This is wrong.�[31m\n")
    result = CliRunner().invoke(failing, ["group", "open"], env={"USERKIT_TRACEBACK": None})
    assert result.stderr.startswith("error: There is no store 'acne'.")
    assert "s3cret" not in result.output


def test_an_unexpected_error_tells_no_secret() -> None:
    """Only its kind, and how to see more."""
    result = CliRunner().invoke(
        _failing(ValueError("s3cret")), ["group", "fail"], env={"USERKIT_TRACEBACK": None}
    )
    assert result.exit_code == 1
    assert (
        result.stderr
        == "error: unexpected ValueError; set USERKIT_TRACEBACK=1 and run this again to see where\n"
    )


def test_a_traceback_can_be_asked_for() -> None:
    """For those who look for the cause."""
    result = CliRunner().invoke(
        _failing(InvalidURLError("This is wrong.")), ["group", "fail"], env={"USERKIT_TRACEBACK": "1"}
    )
    assert isinstance(result.exception, InvalidURLError)


@pytest.mark.parametrize(
    ("missing", "named"), [(["typer"], "typer"), (["rich"], "rich"), (["typer", "rich"], "typer and rich")]
)
def test_without_the_extra_one_sentence_says_what_to_install(
    missing: list[str], named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the exit code is that of wrong usage."""
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert (
        capsys.readouterr().err == f"error: the command line needs {named}: pip install 'userkit-sdk[cli]'\n"
    )


def _process(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "userkit.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(site.path), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_line_runs_as_a_process(site: Site) -> None:
    """Output, exit code and the name of the program are those of the installed script."""
    site.install_store("broken", "import sys; sys.exit(0)")
    listed = _process(site, "plugins", "--json", "--check")
    assert listed.returncode == 1
    assert listed.stderr == ""
    statuses = {each["name"]: each["status"] for each in json.loads(listed.stdout)["plugins"]}
    assert (statuses["acme"], statuses["broken"], statuses["memory"]) == ("ok", "broken", "ok")
    wrong = _process(site, "plugins", "--nonsense")
    assert wrong.returncode == 2
    assert "userkit plugins" in wrong.stderr


def test_backends_of_every_kind_are_listed() -> None:
    """Each with the name to choose it by."""
    done = _run("plugins", "--check", "--json")
    found = {(each["kind"], each["name"]) for each in json.loads(done.stdout)["plugins"]}
    assert found >= {
        ("password hasher", "argon2"),
        ("mailer", "smtp"),
        ("auth backend", "jwt"),
        ("auth backend", "session"),
        ("auth backend", "api-key"),
    }
