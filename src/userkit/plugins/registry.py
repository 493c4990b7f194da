"""The plugins of one kind: found by entry point, chosen by name, loaded one by one."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from userkit.errors import (
    MissingExtraError,
    PluginConflictError,
    PluginError,
    PluginIncompatibleError,
    PluginLoadError,
    UnknownBackendError,
)
from userkit.kernel.plugin import Plugin
from userkit.plugins.advice import DISTRIBUTION, did_you_mean, pip_install, same_name, userkit_version
from userkit.plugins.offers import Offer, offers_by_name, scan

__all__ = ["Accept", "Description", "Registry", "Status", "plugins_of"]

P = TypeVar("P")
PluginT = TypeVar("PluginT", bound=Plugin[Any])

Accept = Callable[[Offer, object], P]
"""Checks what an entry point yields, or raises PluginLoadError or PluginIncompatibleError."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Status(StrEnum):
    """How a plugin is: as far as can be told without loading it, or after."""

    UNCHECKED = "unchecked"
    OK = "ok"
    PASSED_OVER = "passed_over"
    MISSING_EXTRA = "missing_extra"
    BROKEN = "broken"
    CONFLICT = "conflict"
    INCOMPATIBLE = "incompatible"

    @property
    def bad(self) -> bool:
        """Tell whether somebody has to mend something. An extra may be left out on purpose."""
        return self in (Status.BROKEN, Status.CONFLICT, Status.INCOMPATIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One offer, for people. ``plugin`` is None unless it was loaded and is one."""

    kind: str
    group: str
    name: str
    distribution: str
    version: str
    status: Status
    problem: str | None = None
    plugin: Plugin[Any] | None = None


class Registry(Generic[P]):
    """Find plugins of one kind in this environment. Only what is named is ever imported."""

    def __init__(
        self,
        group: str,
        *,
        kind: str,
        accept: Accept[P],
        known: Mapping[str, str] = _NOTHING,
        entry_points: Callable[[str], Iterable[EntryPoint]] = scan,
    ) -> None:
        """Take what tells this kind of plugin from others; nothing is looked up yet.

        - ``group``: the entry-point group.
        - ``kind``: what such a plugin is called in errors.
        - ``known``: names that may not be installed, with the requirement that brings them.
        - ``entry_points``: lists the entry points of a group.
        """
        self.group = group
        self.kind = kind
        self._accept = accept
        self._known = known
        self._entry_points = entry_points
        self._seen: tuple[tuple[str, ...], dict[str, tuple[Offer, ...]]] | None = None

    def names(self) -> tuple[str, ...]:
        """Return the names that are installed, in order."""
        return tuple(self._offers())

    def load(self, name: str, *, prefer: Mapping[str, str] | None = None) -> P:
        """Return the plugin of this name.

        ``prefer`` names, for a plugin that several distributions offer, the distribution to take.
        Raises what ``choose`` and ``open`` raise.
        """
        return self.open(self.choose(name, prefer=prefer))

    def choose(self, name: str, *, prefer: Mapping[str, str] | None = None) -> Offer:
        """Return the offer of this name; nothing is imported.

        Raises UnknownBackendError when no distribution offers it, or not the preferred one, and
        PluginConflictError when several do and none is preferred.
        """
        name = name.lower()
        # What was installed after the first look is found as well.
        offers = self._offers().get(name) or self._offers(anew=True).get(name)
        if not offers:
            raise self._unknown(name)
        preferred = {key.lower(): value for key, value in (prefer or {}).items()}.get(name)
        if preferred is not None:
            return self._preferred(name, preferred, offers)
        only, *others = offers
        if others:
            raise self._conflict(name, offers)
        return only

    def open(self, offer: Offer) -> P:
        """Load what was chosen.

        Raises PluginLoadError, MissingExtraError or PluginIncompatibleError.
        """
        return self._accept(offer, offer.load())

    def describe(
        self, *, load: bool = False, prefer: Mapping[str, str] | None = None
    ) -> tuple[Description, ...]:
        """Tell what is installed, in the order of names. With ``load`` every plugin is tried.

        Plugins cannot hurt each other: what is wrong with one is its ``status`` and ``problem``.
        """
        return tuple(
            self._describe(offer, load=load, prefer=prefer)
            for offers in self._offers().values()
            for offer in offers
        )

    def _describe(self, offer: Offer, *, load: bool, prefer: Mapping[str, str] | None) -> Description:
        status, problem, plugin = Status.UNCHECKED, None, None
        try:
            if self.choose(offer.name, prefer=prefer) != offer:
                status = Status.PASSED_OVER
            elif load:
                opened = self.open(offer)
                status, plugin = Status.OK, opened if isinstance(opened, Plugin) else None
        except PluginError as error:
            status, problem = _status(error), str(error)
        return Description(
            kind=self.kind,
            group=self.group,
            name=offer.name,
            distribution=offer.distribution,
            version=offer.version,
            status=status,
            problem=problem,
            plugin=plugin,
        )

    def _offers(self, *, anew: bool = False) -> dict[str, tuple[Offer, ...]]:
        path = tuple(sys.path)
        if anew or self._seen is None or self._seen[0] != path:
            self._seen = path, offers_by_name(self._entry_points(self.group))
        return self._seen[1]

    def _preferred(self, name: str, distribution: str, offers: tuple[Offer, ...]) -> Offer:
        for offer in offers:
            if same_name(offer.distribution) == same_name(distribution):
                return offer
        raise UnknownBackendError(
            f"{distribution} is preferred for the {self.kind} {name!r}, but offers none here. Install it, or "
            f"prefer one that does: {_who_offer(offers)}."
        )

    def _unknown(self, name: str) -> UnknownBackendError:
        names = self.names()
        advice = did_you_mean(name, {*names, *self._known})
        if name in self._known:
            advice = f"To install it: {pip_install(self._known[name])}. "
        installed = ", ".join(names) or "none"
        return UnknownBackendError(f"There is no {self.kind} {name!r}. {advice}Installed: {installed}.")

    def _conflict(self, name: str, offers: tuple[Offer, ...]) -> PluginConflictError:
        choice = f"prefer={{{name!r}: {offers[-1].distribution!r}}}"
        return PluginConflictError(
            f"Several distributions offer the {self.kind} {name!r}: {_who_offer(offers)}. "
            f"Uninstall all but one, or say which one to take: UserKit(..., {choice})."
        )


def plugins_of(shape: type[PluginT], *, api_version: int) -> Accept[PluginT]:
    """Return what accepts plugins of a type that speak a version of the plugin API."""

    def accept(offer: Offer, loaded: object) -> PluginT:
        if not isinstance(loaded, shape):
            raise PluginLoadError(f"{offer} is of the type {type(loaded).__name__}, not {shape.__name__}.")
        if loaded.api_version != api_version:
            raise _incompatible(offer, loaded.api_version, api_version)
        if loaded.name != offer.name:
            raise PluginLoadError(
                f"{offer} calls itself {loaded.name!r}; it must be called as its entry point is."
            )
        return loaded

    return accept


def _incompatible(offer: Offer, theirs: int, ours: int) -> PluginIncompatibleError:
    older = DISTRIBUTION if theirs > ours else offer.distribution
    return PluginIncompatibleError(
        f"{offer} was written for version {theirs} of the plugin API; {DISTRIBUTION} {userkit_version()} "
        f"speaks version {ours}. Upgrade {older}."
    )


def _status(error: PluginError) -> Status:
    if isinstance(error, MissingExtraError):
        return Status.MISSING_EXTRA
    if isinstance(error, PluginIncompatibleError):
        return Status.INCOMPATIBLE
    return Status.BROKEN if isinstance(error, PluginLoadError) else Status.CONFLICT


def _who_offer(offers: tuple[Offer, ...]) -> str:
    return " and ".join(f"{offer.distribution} {offer.version}".rstrip() for offer in offers)
