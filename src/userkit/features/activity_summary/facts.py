"""Which facts of an event may be told to a model: values of lists that are written down, and no others.

A value of a fact may have come from anybody, whatever the fact is called. So it is compared with what it
can be, and what it is not does not matter.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from userkit.errors import ConfigurationError
from userkit.features.roles import Definitions
from userkit.kernel.json import JSONObject

__all__ = ["KnownFacts", "event_name"]

_EVENT = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_LONGEST = 64

_PERMISSIONS = frozenset(
    {"*", "audit:read", "roles:read", "roles:write", "users:delete", "users:read", "users:write"}
)
_ENUMERATED: Mapping[str, frozenset[str | bool]] = {
    "claimed": frozenset({True, False}),
    "how": frozenset({"change", "import", "reset", "set"}),
    "letter": frozenset(
        {
            "already_registered",
            "api_key_created",
            "change_email",
            "email_change_requested",
            "email_changed",
            "password_changed",
            "password_removed",
            "password_reset_done",
            "refresh_reuse",
            "reset_password",
            "sign_in_throttled",
            "verify_email",
        }
    ),
    "limit": frozenset(
        {
            "changes of address",
            "letters about registrations",
            "letters about wrong passwords",
            "password of an account",
            "password resets from an address",
            "password resets of an account",
            "passwords from an address",
            "registrations from an address",
            "verification letters",
        }
    ),
    # RFC 8176, section 2, and userkit's own.
    "methods": frozenset(
        {"face", "fpt", "hwk", "iris", "kba", "key", "mca", "mfa", "otp", "pin", "pwd", "sms", "swk", "user"}
    ),
    "occasion": frozenset({"change", "registration"}),
    "purpose": frozenset({"change", "reauthenticate", "sign_in", "verify_email"}),
    "reason": frozenset({"disabled", "no_password", "unknown", "wrong"}),
    "reasons": frozenset(
        {
            "abusive",
            "confusable_characters",
            "disposable_address",
            "impersonates_brand",
            "impersonates_staff",
            "impersonates_user",
            "instructions",
            "not_judged",
            "reserved_name",
            "throw_away",
        }
    ),
}


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """What a fact can be, by its name."""

    values: Mapping[str, frozenset[str | bool]]

    @classmethod
    def of(cls, given: Mapping[str, Iterable[str]], definitions: Definitions) -> Self:
        """Take what the kit knows, what the application has defined, and what it adds."""
        permissions = _PERMISSIONS.union(*definitions.by_name.values())
        defined = {
            "permission": permissions,
            "scopes": permissions,
            "role": frozenset(definitions.by_name),
        }
        known: dict[str, frozenset[str | bool]] = {**_ENUMERATED, **defined}
        for name, values in given.items():
            known[name] = known.get(name, frozenset()) | _checked(name, values)
        return cls(known)

    def among(self, facts: JSONObject) -> dict[str, Any]:
        """Return those facts that are known; of a list, those members that are."""
        told = {name: self._known(name, value) for name, value in facts.items() if name in self.values}
        return {name: value for name, value in told.items() if value is not None}

    def _known(self, name: str, value: object) -> Any:
        if isinstance(value, (list, tuple)):
            members = (self._known(name, each) for each in value)
            return [each for each in members if each is not None] or None
        if isinstance(value, (str, bool)) and value in self.values[name]:
            return value
        return None


def event_name(name: str) -> str:
    """Return what an event is called, if it is called like one."""
    return name if _EVENT.fullmatch(name) else "other_event"


def _checked(name: str, values: Iterable[str]) -> frozenset[str]:
    listed = () if isinstance(values, str) else tuple(values)
    fit = (isinstance(each, str) and 0 < len(each) <= _LONGEST and each.isprintable() for each in listed)
    if not listed or not all(fit):
        raise ConfigurationError(
            f"activity_summary(facts=…): {name} is a list of texts, each of at most {_LONGEST} characters."
        )
    return frozenset(listed)
