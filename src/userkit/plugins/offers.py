"""Which distribution offers what: one entry point, and what goes wrong when it is loaded."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import Self

from userkit.errors import MissingExtraError, PluginLoadError
from userkit.plugins.advice import extra_with, pip_install, same_name

__all__ = ["Offer", "offers_by_name", "one_line", "scan"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """A name that an installed distribution offers. Nothing of it is imported before ``load``."""

    name: str
    entry: EntryPoint
    distribution: str
    version: str

    @classmethod
    def of(cls, entry: EntryPoint) -> Self:
        """Read who makes an offer; names are compared in lower case, as URL schemes are."""
        distribution, version = _who(entry.dist)
        return cls(entry.name.lower(), entry, distribution, version)

    def __str__(self) -> str:
        return f"{self.name!r} of {self.distribution} {self.version}".rstrip()

    def load(self) -> object:
        """Import what is offered.

        Raises PluginLoadError, or MissingExtraError when an extra of the distribution, or of
        userkit, brings what is missing; the cause is chained.
        """
        try:
            loaded: object = self.entry.load()
        except KeyboardInterrupt:
            raise
        # A module may also call sys.exit(), and a test runner's skip is no Exception either.
        except BaseException as error:
            raise self.failure("failed to load", error) from error
        return loaded

    def failure(self, what: str, error: BaseException) -> PluginLoadError:
        """Return the error of ours for one that was raised in the plugin."""
        if isinstance(error, MissingExtraError):
            return MissingExtraError(f"{self} {what}: {one_line(error)}")
        if isinstance(error, ModuleNotFoundError) and error.name and (extra := self._extra_with(error.name)):
            command = pip_install(f"{self.distribution}[{extra}]")
            return MissingExtraError(f"{self} needs {error.name}, which is not installed: {command}")
        return PluginLoadError(f"{self} {what}: {type(error).__name__}: {one_line(error)}")

    def _extra_with(self, module: str) -> str | None:
        own = self.entry.module.partition(".")[0]
        if self.entry.dist is None or module.partition(".")[0] == own:
            return None
        try:
            return extra_with(self.entry.dist, module, favourite=self.name)
        except Exception:  # noqa: BLE001  # broken metadata must not hide what is wrong with the plugin
            return None


def one_line(error: BaseException) -> str:
    """Return the text of an error of somebody else's in one line of bounded length."""
    text = " ".join(str(error).split())
    return text if len(text) <= 500 else f"{text[:500]}…"


def offers_by_name(entries: Iterable[EntryPoint]) -> dict[str, tuple[Offer, ...]]:
    """Sort offers by name and distribution. One that is seen twice counts once, as first seen.

    Editable installs and repeated folders on the path show one distribution several times; what
    comes first on the path is what Python imports.
    """
    found: dict[str, dict[str, Offer]] = {}
    for offer in map(Offer.of, entries):
        found.setdefault(offer.name, {}).setdefault(same_name(offer.distribution), offer)
    return {name: tuple(offer for _, offer in sorted(found[name].items())) for name in sorted(found)}


def scan(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group in this environment; nothing is imported."""
    try:
        return tuple(entry_points(group=group))
    except Exception:  # noqa: BLE001  # whatever one unreadable distribution raises must not hide the others
        return tuple(_readable(group))


def _readable(group: str) -> Iterator[EntryPoint]:
    for distribution in distributions():
        try:
            found = tuple(distribution.entry_points.select(group=group))
        except Exception as error:  # noqa: BLE001  # see scan
            name, _ = _who(distribution)
            _LOG.warning("The entry points of %s cannot be read: %s", name, type(error).__name__)
        else:
            yield from found


def _who(distribution: Distribution | None) -> tuple[str, str]:
    try:
        name, version = (_field(distribution, field) for field in ("Name", "Version"))
    except Exception:  # noqa: BLE001  # with broken metadata a plugin may still load
        name, version = "", ""
    return name or "an unnamed distribution", version


def _field(distribution: Distribution | None, field: str) -> str:
    values = distribution.metadata.get_all(field) if distribution else None
    return values[0] if values else ""
