"""``userkit plugins``: what is installed, and whether it works.

``--json`` prints one object for programs. Its keys stay; new ones may come::

    {
      "schema": 1,
      "userkit": "0.1.0",
      "plugins": [
        {
          "kind": "store",                    or "password hasher", "mailer", "rate limiter" …
          "group": "userkit.stores",          the entry-point group
          "name": "sqlite",                   the name to choose it by
          "distribution": "userkit-sdk",
          "version": "0.1.0",
          "status": "ok",                     see below
          "problem": null,                    a sentence, when something is wrong
          "api_version": 1,                   these three are null unless --check loaded it
          "capabilities": ["Countable"],
          "summary": "…"
        }
      ]
    }

``status`` is ``unchecked`` without ``--check``; with it ``ok``, ``missing_extra`` (it needs packages
that are not installed, which is no failure), ``broken`` or ``incompatible``. In both cases it is
``conflict`` when several distributions offer the name, and ``passed_over`` for those that
``--prefer`` did not choose.
"""

from typing import Annotated, Any

import typer

from userkit.cli.kit import SCHEMA, AsJson
from userkit.cli.output import plain, print_json, print_table
from userkit.plugins.advice import userkit_version
from userkit.plugins.backends import AUTH_BACKENDS, CACHES, HASHERS, LANGUAGE_MODELS, LIMITERS, MAILERS
from userkit.plugins.hooks import HOOKS
from userkit.plugins.opening import STORES
from userkit.plugins.registry import Description, Registry

__all__ = ["plugins"]

_REGISTRIES: tuple[Registry[Any], ...] = (
    STORES,
    CACHES,
    HASHERS,
    MAILERS,
    LIMITERS,
    LANGUAGE_MODELS,
    AUTH_BACKENDS,
    HOOKS,
)


def plugins(
    check: Annotated[
        bool, typer.Option("--check", help="Load every plugin; exit with 1 when one does not work.")
    ] = False,
    as_json: AsJson = False,
    prefer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DISTRIBUTION",
            show_default=False,
            help="Take this one of several that offer a name; may be repeated.",
        ),
    ] = None,
) -> None:
    """List the plugins that are installed: stores, caches, hashers, mailers, limiters and so on."""
    preferred = dict(map(_preference, prefer or ()))
    found = [each for registry in _REGISTRIES for each in registry.describe(load=check, prefer=preferred)]
    if as_json:
        print_json({"schema": SCHEMA, "userkit": userkit_version(), "plugins": list(map(_document, found))})
    else:
        _print(found)
    if check and any(each.status.bad for each in found):
        raise typer.Exit(1)


def _preference(text: str) -> tuple[str, str]:
    name, _, distribution = text.partition("=")
    if not name or not distribution:
        raise typer.BadParameter("it is given as NAME=DISTRIBUTION", param_hint="--prefer")
    return name, distribution


def _document(found: Description) -> dict[str, Any]:
    plugin = found.plugin
    return {
        "kind": found.kind,
        "group": found.group,
        "name": found.name,
        "distribution": found.distribution,
        "version": found.version,
        "status": found.status.value,
        "problem": found.problem,
        "api_version": plugin.api_version if plugin else None,
        "capabilities": sorted(plugin.capabilities) if plugin else None,
        "summary": plugin.summary if plugin else None,
    }


def _print(found: list[Description]) -> None:
    print_table(
        ("Kind", "Name", "Distribution", "Version", "Status", "API", "Summary"),
        [
            (
                each.kind,
                each.name,
                each.distribution,
                each.version,
                each.status.replace("_", " "),
                str(each.plugin.api_version) if each.plugin else "",
                each.plugin.summary if each.plugin else "",
            )
            for each in found
        ],
    )
    for problem in dict.fromkeys(each.problem for each in found if each.problem):
        typer.echo(f"\n{plain(problem)}")
