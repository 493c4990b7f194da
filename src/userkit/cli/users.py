"""``userkit users``: the accounts of a realm.

``--json`` prints one object for programs, ``{"schema": 1, …}``. Its keys stay; new ones may come. A
*user* is::

    {
      "id": "019c…",
      "email": "ada@example.com",
      "email_verified_at": null,           times are RFC 3339, in UTC
      "name": "Ada Lovelace",
      "disabled_at": null,
      "attributes": {},
      "created_at": "2026-01-01T00:00:00.000Z",
      "updated_at": "2026-01-01T00:00:00.000Z"
    }

``list`` prints ``{"schema": 1, "users": [user], "next": null}``, where ``next`` is the cursor for
``--after`` or null; ``create``, ``show``, ``disable`` and ``enable`` print ``{"schema": 1, "user":
user, "roles": ["admin"]}``; ``roles`` prints ``{"schema": 1, "user_id": "…", "roles": […]}``;
``sessions`` prints ``{"schema": 1, "sessions": […], "next": null}``.
"""

import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from userkit.cli import completion
from userkit.cli.kit import CONFIRMING, SCHEMA, After, AsJson, Limit, Realm, moment, opened, say_next, user_of
from userkit.cli.output import plain, print_json, print_table
from userkit.errors import ConfigurationError
from userkit.features.sessions.model import Session
from userkit.features.users import User
from userkit.kit import SyncUserKit

__all__ = ["users"]

users = typer.Typer(no_args_is_help=True, help="Create, find, change and delete users.")

_Who = Annotated[str, typer.Argument(metavar="USER", show_default=False, help="An id or an e-mail address.")]


@users.command()
def create(
    email: Annotated[str, typer.Option(show_default=False, help="The e-mail address.")],
    name: Annotated[str, typer.Option(show_default=False, help="The name.")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            show_default=False,
            autocompletion=completion.roles,
            help="A role to assign; may be repeated.",
        ),
    ] = None,
    password_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Read the password from a file, or with - from standard input. Without it the "
            "password is taken from USERKIT_PASSWORD, or asked for.",
        ),
    ] = None,
    no_password: Annotated[bool, typer.Option("--no-password", help="Create a user without one.")] = False,
    verified: Annotated[
        bool, typer.Option("--verified", help="Take the address for confirmed, and send no mail.")
    ] = False,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """Create a user; with --role admin the first administrator."""
    if no_password and password_file is not None:
        raise typer.BadParameter("it cannot be given with --no-password", param_hint="--password-file")
    with opened(realm) as kit:
        wanted = kit.roles.definitions.check_all(role or ())
        password = None if no_password else _password(password_file)
        user = kit.users.register(email=email, name=name, password=password)
        if verified:
            user = kit[CONFIRMING](user.id)
        if wanted:
            kit.roles.set(user.id, wanted)
        _print_user(kit, user, as_json)


@users.command("list")
def list_(
    limit: Limit = 100,
    after: After = None,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            show_default=False,
            help="Only those whose address or name has words that begin so.",
        ),
    ] = None,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """List users in the order of their registration."""
    with opened(realm) as kit:
        if search is None:
            page = kit.users.list(limit=limit, after=after)
        else:
            page = kit.users.search(search, limit=limit, after=after)
    if as_json:
        print_json({"schema": SCHEMA, "users": list(map(_document, page.items)), "next": page.next})
        return
    print_table(
        ("Id", "E-mail", "Name", "State", "Created"),
        [(each.id, each.email, each.name, _state(each), _time(each.created_at)) for each in page.items],
    )
    say_next(page.next)


@users.command()
def show(who: _Who, realm: Realm = None, as_json: AsJson = False) -> None:
    """Show a user and their roles."""
    with opened(realm) as kit:
        _print_user(kit, user_of(kit, who), as_json)


@users.command()
def disable(who: _Who, realm: Realm = None, as_json: AsJson = False) -> None:
    """Close an account for its owner: all sessions end, and nothing is deleted."""
    with opened(realm) as kit:
        _print_user(kit, kit.users.disable(user_of(kit, who).id), as_json)


@users.command()
def enable(who: _Who, realm: Realm = None, as_json: AsJson = False) -> None:
    """Open a closed account again."""
    with opened(realm) as kit:
        _print_user(kit, kit.users.enable(user_of(kit, who).id), as_json)


@users.command()
def delete(
    who: _Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    realm: Realm = None,
) -> None:
    """Delete a user and what is kept of them, save the audit trail."""
    with opened(realm) as kit:
        user = user_of(kit, who)
        if not yes:
            typer.confirm(plain(f"Delete {user.email}, {user.name}, {user.id}?"), abort=True)
        kit.users.delete(user.id)
    typer.echo(f"{user.id} was deleted.")


@users.command()
def roles(
    who: _Who,
    add: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            show_default=False,
            autocompletion=completion.roles,
            help="Assign it; may be repeated.",
        ),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            show_default=False,
            autocompletion=completion.roles,
            help="Take it away; may be repeated.",
        ),
    ] = None,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """Show the roles of a user, and change them."""
    with opened(realm) as kit:
        user_id = user_of(kit, who).id
        for given in kit.roles.definitions.check_all(add or ()):
            kit.roles.assign(user_id, given)
        for taken in dict.fromkeys(remove or ()):
            kit.roles.unassign(user_id, taken)
        held = sorted(kit.roles.of(user_id))
    if as_json:
        print_json({"schema": SCHEMA, "user_id": user_id, "roles": held})
    else:
        typer.echo("\n".join(map(plain, held)) or "none")


@users.command()
def sessions(
    who: _Who,
    end_all: Annotated[bool, typer.Option("--end-all", help="End every session of the user.")] = False,
    limit: Limit = 100,
    after: After = None,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """List where a user is signed in, or sign them out everywhere."""
    with opened(realm) as kit:
        user = user_of(kit, who)
        if end_all:
            kit.sessions.end_all(user.id)
        page = kit.sessions.list(user.id, limit=limit, after=after)
    if as_json:
        found = list(map(_session_document, page.items))
        print_json({"schema": SCHEMA, "sessions": found, "next": page.next})
    else:
        _print_sessions(page.items)
        say_next(page.next)


def _password(file: str | None) -> str:
    """Return a password from where nobody else on this machine sees it."""
    if file is not None:
        return _without_line_end(_content(file))
    given = os.environ.get("USERKIT_PASSWORD")
    if given is not None:
        return given
    try:
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    except typer.Abort as error:
        if sys.stdin.isatty():
            raise
        raise ConfigurationError(
            "There is no terminal to ask for the password: use --password-file, USERKIT_PASSWORD or "
            "--no-password."
        ) from error
    return asked


def _content(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode()
    except OSError as error:
        raise ConfigurationError(
            f"The file named by --password-file cannot be read: {error.strerror}."
        ) from None
    except UnicodeDecodeError:
        # Neither the text nor an error about it is shown.
        raise ConfigurationError("The file named by --password-file is not UTF-8.") from None


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _print_user(kit: SyncUserKit, user: User, as_json: bool) -> None:
    held = sorted(kit.roles.of(user.id))
    if as_json:
        print_json({"schema": SCHEMA, "user": _document(user), "roles": held})
        return
    facts = {
        "Id": user.id,
        "E-mail": f"{user.email} ({'confirmed' if user.is_email_verified else 'not confirmed'})",
        "Name": user.name,
        "State": _state(user),
        "Roles": ", ".join(held) or "none",
        "Created": _time(user.created_at),
        "Changed": _time(user.updated_at),
    }
    for label, fact in facts.items():
        typer.echo(f"{label + ':':<9}{plain(fact)}")


def _print_sessions(sessions: Iterable[Session]) -> None:
    print_table(
        ("Id", "Began", "Last used", "Address", "Methods", "Program"),
        [
            (
                each.id,
                _time(each.created_at),
                _time(each.last_used_at),
                each.address or "",
                " ".join(sorted(each.methods)),
                each.user_agent or "",
            )
            for each in sessions
        ],
    )


def _document(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "email_verified_at": moment(user.email_verified_at),
        "name": user.name,
        "disabled_at": moment(user.disabled_at),
        "attributes": dict(user.attributes),
        "created_at": moment(user.created_at),
        "updated_at": moment(user.updated_at),
    }


def _session_document(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "created_at": moment(session.created_at),
        "last_used_at": moment(session.last_used_at),
        "expires_at": moment(session.expires_at),
        "authenticated_at": moment(session.authenticated_at),
        "methods": sorted(session.methods),
        "address": session.address,
        "user_agent": session.user_agent,
    }


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _state(user: User) -> str:
    return "disabled" if user.is_disabled else "active"
