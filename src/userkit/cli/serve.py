"""``userkit serve``: accounts over HTTP with one command. What it needs is imported when it is called."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from userkit.cli import completion
from userkit.cli.output import plain
from userkit.errors import MissingExtraError

__all__ = ["serve"]

_NEEDS = ("fastapi", "jinja2", "pluggy", "prometheus_client", "uvicorn")


def serve(
    *,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default="sqlite:///userkit.db",
            autocompletion=completion.stores,
            help="The store. Everybody on this machine can see the arguments of a program: a URL with a "
            "password belongs into USERKIT_DATABASE.",
        ),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default="made beside the database",
            help="A file with the secret; several, one a line, the newest first.",
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", show_default="127.0.0.1", help="Where to listen.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", show_default="8000", help="Where to listen; 0 for any port.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", show_default="1", help="In how many processes to work.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            show_default="http://localhost:PORT",
            help="Where people reach this server; links in mails lead there.",
        ),
    ] = None,
    mail_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            show_default="userkit-mail beside the database",
            help="Write each mail to a file in this folder.",
        ),
    ] = None,
    admin: Annotated[
        str | None,
        typer.Option(
            metavar="EMAIL",
            show_default=False,
            help="Make this account an administrator. A new one gets a password, which is printed once.",
        ),
    ] = None,
    registration: Annotated[
        Literal["open", "closed", "private"] | None,
        typer.Option(
            show_default="open",
            help="Who may open an account: anybody; administrators only; anybody, and nobody learns "
            "whether an address has one.",
        ),
    ] = None,
    pages: Annotated[
        bool | None,
        typer.Option("--pages/--no-pages", show_default="pages", help="Whether people find account pages."),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(metavar="TEXT", show_default="userkit", help="Who makes the access tokens."),
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option(metavar="TEXT", show_default="userkit", help="Whom the access tokens are for."),
    ] = None,
    trusted_proxies: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            show_default=False,
            help="An address or network whose X-Forwarded-* headers count; may be repeated.",
        ),
    ] = None,
    metrics_open: Annotated[
        bool | None,
        typer.Option(
            "--metrics-open", show_default=False, help="Show /metrics to everybody, not to this machine only."
        ),
    ] = None,
    log_format: Annotated[
        Literal["text", "json"] | None, typer.Option(show_default="text", help="How to log.")
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option(show_default="info", help="What to log; debug names clients."),
    ] = None,
) -> None:
    """Serve accounts over HTTP, until SIGTERM or Ctrl-C asks to end.

    Every option but --admin can be given as a variable: those of the kit as in USERKIT_DATABASE, the
    others as in USERKIT_SERVE_PORT. Options win.
    """
    _check_installed()
    from userkit.serving.running import listening, prepared, run_server
    from userkit.serving.settings import Serving

    serving = Serving.read(
        {
            "host": host,
            "port": port,
            "workers": workers,
            "mail_dir": mail_dir,
            "issuer": issuer,
            "audience": audience,
            "trusted_proxies": ",".join(trusted_proxies) if trusted_proxies else None,
            "registration": registration,
            "pages": pages,
            "log_format": log_format,
            "log_level": log_level,
            "metrics_open": metrics_open,
        },
        kit_options={"database": database, "secret_file": secret_file, "base_url": base_url},
    )
    with listening(serving.server.host, serving.server.port) as listener:
        serving, made = serving.on_port(listener.getsockname()[1]).checked()
        found = prepared(serving, admin=admin)
        if found.password is not None:
            _say("Password", f"{found.password.reveal().decode()} (of {admin}; it is not shown again)")
        _introduce(serving, pages=found.pages, made=made)
        if not run_server(serving, listener):
            raise typer.Exit(1)


def _introduce(serving: Any, *, pages: str | None, made: Path | None) -> None:
    if made is not None:
        _say("Secret", f"{made} was made; keep it with the database, and to yourself")
    _say("API docs", f"{serving.base_url}/docs")
    if pages is not None:
        _say("Pages", pages)
    _say("Mail", "goes to a mail server" if serving.mail_folder is None else str(serving.mail_folder))


def _say(label: str, fact: str) -> None:
    typer.echo(f"{label + ':':<10}{plain(fact)}")


def _check_installed() -> None:
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"`userkit serve` needs {' and '.join(missing)}: pip install 'userkit-sdk[serve]'"
        )
