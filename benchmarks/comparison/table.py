"""The facts as a table of Markdown."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["table"]

NAMES = {
    "userkit": "userkit",
    "fastapi_users": "fastapi-users",
    "flask_security": "Flask-Security",
    "django_allauth": "Django + allauth",
    "better_auth": "better-auth-server",
}


def table(told: Mapping[str, Any]) -> str:
    """Return what was found, a row for each fact and a column for each package."""
    facts = told["facts"]
    rows = [
        f"Made on {told['made']} ({told['machine']}).\n",
        "| | " + " | ".join(NAMES[name] for name in facts) + " |",
        "|---" * (len(facts) + 1) + "|",
        *(f"| {label} | {' | '.join(show(facts[name]) for name in facts)} |" for label, show in ROWS),
    ]
    return "\n".join(rows) + "\n"


Show = Callable[[Mapping[str, Any]], str]


def _of(key: str) -> Show:
    return lambda facts: str(facts.get(key) or "none")


def _yes(key: str) -> Show:
    return lambda facts: "yes" if facts[key] else "no"


def _all(key: str) -> Show:
    return lambda facts: ", ".join(facts[key])


def _code(key: str) -> Show:
    return lambda facts: f"`{facts[key]}`"


def _pause(facts: Mapping[str, Any]) -> str:
    pause = facts["pause_ms"]
    return "no loop: threads" if pause is None else f"{pause:,} ms"


def _guesses(facts: Mapping[str, Any]) -> str:
    return f"after {facts['guesses']}" if facts["guesses"] else "not within 30"


def _known(facts: Mapping[str, Any]) -> str:
    return (
        facts["known_address"]
        if facts["known_address"] == "same answer"
        else f"says so, {facts['known_address']}"
    )


ROWS: tuple[tuple[str, Show], ...] = (
    ("version", _of("version")),
    ("released", lambda facts: str(facts.get("released", "not yet"))),
    ("Python", _code("python")),
    ("frameworks", _all("frameworks")),
    ("stores that come with it", _all("stores")),
    ("says by `py.typed` that it has types", _yes("typed")),
    ("hash of a new password", _code("hash")),
    ("longest pause of the event loop while 20 people sign in", _pause),
    ("times that 20 callers reset a password with one link", lambda facts: str(facts["reset_wins"])),
    ("what was signed in before a reset", _of("after_reset")),
    ("a sign-up with an address that is known", _known),
    ("wrong passwords for one address from one client are turned away", _guesses),
    ("a sign-in answers a refresh token", _yes("refresh")),
    ("sign-in through others (OAuth 2, OpenID Connect)", _yes("has_oauth")),
    ("second factor", _yes("has_second_factor")),
    ("passkeys", _yes("has_passkeys")),
    ("sign-in by a link or code in a letter", _yes("has_links")),
    ("API keys", _yes("has_api_keys")),
    ("roles or groups with permissions", _yes("has_roles")),
    ("organizations", _yes("has_organizations")),
    ("pages for people", _yes("has_pages")),
    ("pages for administrators", _yes("has_admin")),
)
