"""Importing as something that a kit can do."""

from collections.abc import Callable

from userkit.feature import Feature, Parts
from userkit.features.users import Users
from userkit.importing.importing import Importing
from userkit.importing.report import Report
from userkit.sync import synced

__all__ = ["IMPORTING"]


def _importing(parts: Parts) -> Importing:
    return Importing(
        store=parts.store,
        now=parts.now,
        key=parts.keys.derive("importing")[0],
        realm=parts.realm,
        hasher=parts.hasher,
        attributes=parts.offer(Users).register.attributes,
    )


def _mirrored(importing: Importing) -> Callable[..., Report]:
    return synced(importing)


IMPORTING: Feature[Importing, Callable[..., Report]] = Feature(
    name="importing", requires=("users", "passwords"), build=_importing, mirror=_mirrored
)
"""A kit that is made with this feature offers ``kit[IMPORTING](rows)``."""
