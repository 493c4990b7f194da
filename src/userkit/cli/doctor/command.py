"""``userkit doctor``: the checks in their order, and what they come to."""

import os
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from userkit.cli import completion
from userkit.cli.doctor.finding import Finding, State, fail, skipped
from userkit.cli.doctor.hashing import hashing_findings
from userkit.cli.doctor.patient import Check, Home, Patient, examined, opened_homes
from userkit.cli.doctor.secrets import secret_findings
from userkit.cli.doctor.services import (
    auth_findings,
    cache_findings,
    kit_findings,
    language_model_findings,
    limiter_findings,
    mailer_findings,
)
from userkit.cli.doctor.stores import engine_findings, reach_findings, schema_findings
from userkit.cli.doctor.users import address_findings, expiry_findings
from userkit.cli.doctor.web import variable_findings, web_findings
from userkit.cli.kit import SCHEMA, AsJson, Realm
from userkit.cli.output import plain, print_json
from userkit.errors import ConfigurationError, UserKitError
from userkit.features.users import User
from userkit.settings import UserKitSettings, read_settings

__all__ = ["doctor"]

_SAMPLE = 10_000
_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red", State.SKIPPED: "dim"}
_WIDE = 160

_CHECKS: dict[str, Check] = {
    "variables": variable_findings,
    "secret": secret_findings,
    "web": web_findings,
    "password hash": hashing_findings,
    "mailer": mailer_findings,
    "limiter": limiter_findings,
    "cache": cache_findings,
    "auth backends": auth_findings,
    "language model": language_model_findings,
    "kit": kit_findings,
}


def doctor(
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="URL",
            show_default=False,
            autocompletion=completion.stores,
            help="The store, by default what USERKIT_DATABASE says. Everybody on this machine can see the "
            "arguments of a program: a URL with a password belongs into the variable.",
        ),
    ] = None,
    *,
    realm: Realm = None,
    sample: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many users to look at, the oldest first.")
    ] = _SAMPLE,
    every: Annotated[bool, typer.Option("--all", help="Look at every user, however many.")] = False,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the language model for a word, which costs a little.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look for what goes wrong in production, and say how to mend it; exit with 1 when something fails.

    Nothing is changed and no mail is sent. What is given in code, not in the environment, is not seen.
    """
    settings = read_settings()
    patient = Patient(
        environment=os.environ,
        settings=settings,
        realm=realm or settings.realm,
        sample=None if every else sample,
        ask=ask,
        quiet=as_json,
    )
    findings = list(_findings(patient, _given(url, settings)))
    bad = {State.FAIL, State.WARN} if strict else {State.FAIL}
    well = not any(each.state in bad for each in findings)
    if as_json:
        print_json({"schema": SCHEMA, "ok": well, "findings": [_document(each) for each in findings]})
    else:
        _print(findings)
    if not well:
        raise typer.Exit(1)


def _given(url: str | None, settings: UserKitSettings) -> str:
    if url is not None:
        return url
    if settings.database is None:
        raise ConfigurationError("Give a store URL, such as sqlite:///app.db, or set USERKIT_DATABASE.")
    return settings.database.get_secret_value()


def _findings(patient: Patient, url: str) -> Iterator[Finding]:
    for name, check in _CHECKS.items():
        yield from examined(name, check(patient))
    try:
        with opened_homes(patient.settings, url) as homes:
            for home in homes:
                yield from _of_home(patient, home)
    except UserKitError as error:
        yield fail("store", error.detail, "Correct the URL, or install the extra that it needs.")


def _of_home(patient: Patient, home: Home) -> Iterator[Finding]:
    if away := list(examined(f"{home.name}: reached", reach_findings(home))):
        yield from away
        yield skipped(f"{home.name}: the rest", "it was not reached")
        return
    schema = list(examined(f"{home.name}: schema", schema_findings(home, prepare=patient.settings.prepare)))
    yield from schema
    yield from examined(f"{home.name}: engine", engine_findings(home))
    if not any(each.check.endswith(": reached") for each in schema):
        yield skipped(f"{home.name}: what is stored", "the schema is not as wanted")
        return
    if any(each.entity is User for each in home.collections):
        yield from examined("addresses", address_findings(patient, home))
    yield from examined("expired", expiry_findings(patient, home))


def _document(found: Finding) -> dict[str, str]:
    return {
        "check": found.check,
        "state": found.state.value,
        "found": found.found,
        "advice": found.advice,
    }


def _print(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("Check", "State", "What was found, and what to do"):
        table.add_column(column, overflow="fold")
    for each in findings:
        told = Text(plain(each.found))
        if each.advice and each.state is not State.OK:
            told.append(f"\n-> {plain(each.advice)}")
        table.add_row(Text(plain(each.check)), Text(each.state.value, style=_COLOURS[each.state]), told)
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table)
    counts = {state: sum(each.state is state for each in findings) for state in State}
    typer.echo("\n" + ", ".join(f"{count} {state.value}" for state, count in counts.items()))
