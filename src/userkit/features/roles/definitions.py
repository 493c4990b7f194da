"""Which roles there are, and what each of them allows: said in code, checked at start-up."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from userkit.errors import ConfigurationError, InvalidInputError
from userkit.kernel.identity import EVERYTHING

__all__ = ["ADMINISTRATOR", "Definitions", "grants", "is_permission"]

ADMINISTRATOR = "admin"

_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)
_PERMISSION = re.compile(r"[a-z][a-z0-9_-]{0,62}:[a-z][a-z0-9_-]{0,62}", re.ASCII)
_LONGEST = 63


def is_permission(text: object) -> bool:
    """Tell whether this is a permission: ``noun:verb`` in lower case, or ``*`` for everything."""
    return isinstance(text, str) and (text == EVERYTHING or _PERMISSION.fullmatch(text) is not None)


def grants(permissions: frozenset[str], wanted: str) -> bool:
    """Tell whether whoever has these permissions has a wanted one."""
    return EVERYTHING in permissions or wanted in permissions


@dataclass(frozen=True, slots=True)
class Definitions:
    """The roles of an application by name. Whoever has the role ``administrator`` administers."""

    by_name: Mapping[str, frozenset[str]]
    administrator: str

    @classmethod
    def of(cls, definitions: Mapping[str, Iterable[str]], *, administrator: str) -> Self:
        """Take what an application defines. Raises ConfigurationError with what to change."""
        if not isinstance(definitions, Mapping):
            raise ConfigurationError('Roles are defined by name: roles({"editor": {"posts:write"}, …}).')
        by_name = {_role(name): _permissions(name, given) for name, given in definitions.items()}
        if administrator not in by_name:
            raise ConfigurationError(
                f"The administrator's role {administrator!r} is not defined: define it, or name another "
                'with roles(…, administrator="…").'
            )
        return cls(MappingProxyType(by_name), administrator)

    def check(self, role: object) -> str:
        """Return the name of a role as it is defined, or raise InvalidInputError."""
        if isinstance(role, str) and role in self.by_name:
            return role
        raise InvalidInputError(
            f"There is no such role. {self._close_to(role)}Defined are: {', '.join(sorted(self.by_name))}."
        )

    def check_all(self, roles: Iterable[str]) -> frozenset[str]:
        """Return the names of several roles, or raise InvalidInputError."""
        if isinstance(roles, (str, bytes)) or not isinstance(roles, Iterable):
            raise InvalidInputError("Roles are given as a list of names.")
        return frozenset(self.check(each) for each in roles)

    def permissions(self, roles: Iterable[str]) -> frozenset[str]:
        """Return what some roles allow together; one that is not defined any more allows nothing."""
        return frozenset[str]().union(*(self.by_name.get(each, ()) for each in roles))

    def _close_to(self, role: object) -> str:
        from difflib import get_close_matches

        # Longer than any role, it is close to none, and comparing would take its time.
        typed = role.lower() if isinstance(role, str) and len(role) <= _LONGEST else ""
        close = get_close_matches(typed, self.by_name, n=1)
        return f"Did you mean {close[0]!r}? " if close else ""


def _role(name: object) -> str:
    if not isinstance(name, str) or not _ROLE.fullmatch(name):
        raise ConfigurationError(
            f"A role is named in lower-case letters, digits, - and _, at most {_LONGEST}: {name!r}"
        )
    return name


def _permissions(role: str, given: Iterable[str]) -> frozenset[str]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ConfigurationError(f'{role}: permissions are a set, such as {{"users:read", "users:write"}}.')
    permissions = list(given)
    for each in permissions:
        if not is_permission(each):
            raise ConfigurationError(
                f"{role}: a permission is written noun:verb in lower case, or * for everything: {each!r}"
            )
    return frozenset(permissions)
