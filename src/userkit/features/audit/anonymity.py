"""What an entry of the trail still says when the person whom it tells of is erased."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from userkit.errors import ConfigurationError
from userkit.feature import Erased
from userkit.features.audit.model import AuditEntry
from userkit.kernel.ids import is_id
from userkit.kernel.json import JSONObject

__all__ = ["IMPERSONAL", "anonymous", "impersonal_facts"]

IMPERSONAL: Mapping[str, frozenset[str]] = {
    "activity_summarised": frozenset({"since", "until", "entries"}),
    "api_key_created": frozenset({"scopes"}),
    "attempts_throttled": frozenset({"limit", "until"}),
    "letter_failed": frozenset({"letter"}),
    "password_changed": frozenset({"how"}),
    "password_refused": frozenset({"purpose", "reason"}),
    "permission_denied": frozenset({"permission"}),
    "reauthenticated": frozenset({"methods"}),
    "review_opened": frozenset({"occasion", "reasons"}),
    "review_refused": frozenset({"occasion"}),
    "role_assigned": frozenset({"role"}),
    "role_unassigned": frozenset({"role"}),
    "screening_refused": frozenset({"occasion", "source", "reasons"}),
    "signed_in": frozenset({"methods"}),
}
"""Facts of our own events that are words of the kit or of its settings, and nothing that anybody typed."""


def impersonal_facts(given: Mapping[str, Iterable[str]]) -> Mapping[str, frozenset[str]]:
    """Return these facts of an application's events together with ours. Raises ConfigurationError."""
    if any(isinstance(names, str) for names in given.values()):
        raise ConfigurationError('audit(impersonal=…) is like {"plan_changed": ["plan"]}.')
    added = {event: IMPERSONAL.get(event, frozenset()) | frozenset(names) for event, names in given.items()}
    return {**IMPERSONAL, **added}


def anonymous(entry: AuditEntry, *, erased: Erased, impersonal: Mapping[str, frozenset[str]]) -> AuditEntry:
    """Return an entry about or by somebody without what tells who they were, the same object if nothing does.

    Ids stay. What somebody else did keeps where that came from, which is about somebody else.
    """
    changes: dict[str, Any] = {"facts": _facts(entry, erased, impersonal)}
    if not _is_of_another(entry, erased):
        changes |= {
            "actor_id": erased.user_id if _is_theirs(entry.actor_id, erased) else entry.actor_id,
            "session_id": entry.session_id if is_id(entry.session_id) else None,
            "address": None,
            "user_agent": None,
        }
    stored = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return entry if all(stored[name] == value for name, value in changes.items()) else entry.evolve(**changes)


def _is_of_another(entry: AuditEntry, erased: Erased) -> bool:
    """Tell whether a user other than this one did it. Nobody knows of a name that is no id."""
    return is_id(entry.actor_id) and entry.actor_id != erased.user_id


def _is_theirs(actor: str | None, erased: Erased) -> bool:
    return actor is not None and erased.is_address(actor)


def _facts(entry: AuditEntry, erased: Erased, impersonal: Mapping[str, frozenset[str]]) -> JSONObject:
    named = impersonal.get(entry.event, frozenset())
    staying = {name: fact for name, fact in entry.facts.items() if name in named or _is_impersonal(fact)}
    if entry.user_id == erased.user_id:
        return staying

    def tells(text: str) -> bool:
        return text == entry.address or erased.is_address(text) or erased.is_name(text)

    # What is about somebody else stays, also for somebody who has taken the name of a role.
    others = {name: fact for name, fact in entry.facts.items() if name not in staying}
    return {
        **staying,
        **{name: _without(fact, tells) for name, fact in others.items() if not _is_text(fact, tells)},
    }


def _is_impersonal(fact: object) -> bool:
    if isinstance(fact, list):
        return all(map(is_id, fact))
    return isinstance(fact, bool) or is_id(fact)


def _is_text(fact: object, tells: Callable[[str], bool]) -> bool:
    return isinstance(fact, str) and tells(fact)


def _without(fact: Any, tells: Callable[[str], bool]) -> Any:
    return [each for each in fact if not _is_text(each, tells)] if isinstance(fact, list) else fact
