"""``userkit config``: which settings there are, and where each comes from.

``--json`` prints one object for programs. Its keys stay; new ones may come::

    {
      "schema": 1,
      "settings": [
        {
          "name": "USERKIT_DATABASE",
          "value": "postgresql://ada:***@db.example/app",    what may be secret is masked; null if not set
          "source": "environment"                              or "default"
        }
      ],
      "unknown": [
        {"name": "USERKIT_DATABSE", "meant": "USERKIT_DATABASE"}    meant is null when nothing is near
      ]
    }
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import typer

from userkit.cli.kit import SCHEMA, AsJson
from userkit.cli.output import print_json, print_table
from userkit.errors import ConfigurationError, WeakSecretError
from userkit.kernel.keys import Keyring
from userkit.settings import UserKitSettings, read_settings

__all__ = ["OTHERS", "config", "masked", "shown_settings", "unknown_variables"]

_PREFIX = "USERKIT_"
_MASK = "***"

OTHERS: Mapping[str, tuple[str, ...]] = {
    "": ("COPY_FROM", "COPY_TO", "PASSWORD", "TRACEBACK"),
    "SERVE_": (
        *("HOST", "PORT", "WORKERS", "MAIL_DIR", "ISSUER", "AUDIENCE", "TRUSTED_PROXIES", "REGISTRATION"),
        *("PAGES", "LOG_FORMAT", "LOG_LEVEL", "METRICS_OPEN"),
    ),
    "ARGON2_": ("MEMORY_COST", "TIME_COST", "PARALLELISM", "WORKERS", "QUEUE", "FLASK_SECURITY_SALT"),
}
"""Variables beside those of the kit, by what they begin with after USERKIT_."""

# Backends name their own options; which there are is known to them alone.
_BACKENDS = ("SQL_", "REDIS_", "REDIS_CACHE_", "MONGODB_", "DYNAMODB_", "BEDROCK_")
_SECRETIVE = re.compile(r"pass|pwd|secret|token|key|salt|credential|auth|sig|cert", re.IGNORECASE)
_LONGEST_SHOWN = 24
_OPTION = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*=", re.ASCII)
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^:@/?#\[\],]*)(?::\d*)?"
_PLACE = re.compile(rf"{_HOST}(?:,{_HOST})*(?:/[^@]*)?")

config = typer.Typer(no_args_is_help=True, help="Look at what the environment says.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A setting as it may be shown, and where it comes from."""

    name: str
    value: str | None
    source: str


@config.callback()
def _config() -> None:
    # With a callback a single command keeps its name.
    """Look at what the environment says."""


@config.command()
def show(as_json: AsJson = False) -> None:
    """Show every USERKIT_* setting and where it comes from, without what is secret."""
    settings, unknown = list(shown_settings(read_settings(), os.environ)), unknown_variables(os.environ)
    if as_json:
        _print_json(settings, unknown)
        return
    print_table(
        ("Setting", "Value", "From"), [(each.name, each.value or "", each.source) for each in settings]
    )
    for name, meant in unknown.items():
        hint = f": did you mean {meant}?" if meant else "."
        typer.echo(f"\n{name} is no setting of userkit, and says nothing{hint}")


def shown_settings(settings: UserKitSettings, environment: Mapping[str, str]) -> Iterator[Shown]:
    """Return the settings of the kit, and then what else is set."""
    found = {name.upper(): value for name, value in environment.items()}
    for field, value in settings:
        name = f"{_PREFIX}{field.upper()}"
        yield Shown(name=name, value=_value(settings, field, value), source=_source(name in found))
    listed = {f"{_PREFIX}{field.upper()}" for field, _ in settings}
    for name in sorted(found.keys() - listed):
        if name.startswith(_PREFIX) and _is_known(name):
            yield Shown(name=name, value=_other(name, found[name]), source=_source(True))


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return variables that look like ours and are not, each with what was probably meant."""
    known = [*_kit_names(), *_other_names()]
    strange = sorted(
        name for name in environment if name.upper().startswith(_PREFIX) and not _is_known(name.upper())
    )
    return {
        name: next(iter(get_close_matches(name.upper(), known, n=1, cutoff=0.75)), None) for name in strange
    }


def masked(url: str) -> str:
    """Return a URL with its password, and each option that may be secret, replaced by ``***``.

    Of one in which nobody can tell where a password ends, because it was not quoted, only the scheme is left.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _MASK
    place, mark, query = rest.partition("?")
    options = query.split("&") if query else []
    login, at, host = place.rpartition("@")
    if not all(map(_OPTION.match, options)) or not (at or _PLACE.fullmatch(place)):
        return f"{scheme}://…"
    return f"{scheme}://{_login(login)}{at}{host}{mark}{'&'.join(map(_option, options))}"


def _login(text: str) -> str:
    user, colon, _ = text.partition(":")
    # Some services take a token for the user.
    shown = user if len(user) <= _LONGEST_SHOWN else _MASK
    return f"{shown}{colon}{_MASK}" if colon else shown


def _option(text: str) -> str:
    name, _, value = text.partition("=")
    return f"{name}={_MASK if _SECRETIVE.search(name) or len(value) > _LONGEST_SHOWN else value}"


def _value(settings: UserKitSettings, field: str, value: Any) -> str | None:
    if value is None:
        return None
    text = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    if field == "secret":
        return _secrets(text)
    if field == "routes":
        return _routes(settings, text)
    return masked(text) if hasattr(value, "get_secret_value") or field == "base_url" else text


def _secrets(text: str) -> str:
    secrets = [each.strip() for each in text.split(",") if each.strip()]
    return ", ".join(f"{_MASK} ({_fingerprint(each)})" for each in secrets)


def _fingerprint(secret: str) -> str:
    try:
        return f"fingerprint {Keyring.of(secret).fingerprint()}"
    except WeakSecretError:
        return "weak"  # of a weak secret a fingerprint would tell too much


def _routes(settings: UserKitSettings, text: str) -> str | None:
    if not text:
        return None
    try:
        routes: Mapping[str, str] = settings.arguments(given=("store", "secret"))["routes"]
    except ConfigurationError:
        return _MASK
    return ", ".join(f"{name}={masked(url)}" for name, url in routes.items())


def _other(name: str, text: str) -> str:
    if "://" in text:
        return masked(text)
    return _MASK if _SECRETIVE.search(name) else text


def _source(is_set: bool) -> str:
    return "environment" if is_set else "default"


def _kit_names() -> list[str]:
    return [f"{_PREFIX}{field.upper()}" for field in UserKitSettings.model_fields]


def _other_names() -> list[str]:
    return [f"{_PREFIX}{group}{name}" for group, names in OTHERS.items() for name in names]


def _is_known(name: str) -> bool:
    if name in _kit_names() or name in _other_names():
        return True
    return any(name.startswith(f"{_PREFIX}{group}") for group in _BACKENDS)


def _print_json(settings: list[Shown], unknown: Mapping[str, str | None]) -> None:
    print_json(
        {
            "schema": SCHEMA,
            "settings": [
                {"name": each.name, "value": each.value, "source": each.source} for each in settings
            ],
            "unknown": [{"name": name, "meant": meant} for name, meant in unknown.items()],
        }
    )
