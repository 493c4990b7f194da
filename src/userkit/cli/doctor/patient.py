"""What is looked at: the settings, and the stores that they name."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from userkit.assembly import AnyFeature, homes_of
from userkit.cli.doctor.finding import Finding, fail
from userkit.cli.existing import existing
from userkit.errors import UserKitError
from userkit.features.built_in import built_in
from userkit.plugins.hooks import load_hooks
from userkit.plugins.opening import open_store
from userkit.plugins.urls import StoreURL
from userkit.settings import UserKitSettings
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.sync import run

__all__ = ["Check", "Home", "Patient", "examined", "opened_homes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A store, and what is kept in it. ``name`` is ``store``, or what is routed there."""

    name: str
    shown: str
    store: Store
    collections: Sequence[Collection[Any]]
    is_main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at, and how closely: ``sample`` is how many entities of a kind, None is all."""

    environment: Mapping[str, str]
    settings: UserKitSettings
    realm: str
    sample: int | None
    ask: bool
    quiet: bool


Check = Callable[[Patient], Iterable[Finding]]
"""Looks at something; what it raises of ours is a failure of the check."""


def examined(name: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Return findings, and an error in the midst of them as the last."""
    try:
        yield from findings
    except UserKitError as error:
        yield fail(name, error.detail)
    except Exception as error:
        if os.environ.get("USERKIT_TRACEBACK") == "1":
            raise
        # Nobody knows what its text repeats; it may be a password. No check keeps another from going on.
        yield fail(name, f"unexpected {type(error).__name__}", "USERKIT_TRACEBACK=1 shows where.")


@contextmanager
def opened_homes(settings: UserKitSettings, url: str) -> Generator[list[Home], None, None]:
    """Make the stores that the settings name; nothing is connected to. Raises ConfigurationError."""
    arguments = settings.arguments(given=("store", "secret"))
    features = [*built_in(), *load_hooks(arguments["hooks"]).features()]
    homes: list[Home] = []
    try:
        for place, collections in _places(features, arguments["routes"], url).items():
            homes.append(_home(place, collections, is_main=place == url))
        yield homes
    finally:
        for home in homes:
            run(home.store.close())


def _places(
    features: Sequence[AnyFeature], routes: Mapping[str, str], url: str
) -> dict[str, list[Collection[Any]]]:
    homes = homes_of(features, dict(routes.items()), main=url)
    places: dict[str, list[Collection[Any]]] = {url: []}
    for feature in features:
        for collection in feature.collections:
            # A route is text here, for so it stands in the environment.
            places.setdefault(str(homes.get(collection.entity, url)), []).append(collection)
    return places


def _home(url: str, collections: Sequence[Collection[Any]], *, is_main: bool) -> Home:
    store = open_store(existing(url), blocking=True)
    name = "store" if is_main else f"store of {', '.join(each.name for each in collections)}"
    shown = StoreURL.read(url).shown
    return Home(name=name, shown=shown, store=store, collections=collections, is_main=is_main)
