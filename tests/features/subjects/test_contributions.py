"""Nothing is kept of a person that they are not shown, save for what is written down here with its reason."""

from dataclasses import fields
from typing import Any

import pytest

from tests.features.subjects.world import World, lived, opened
from userkit.features.activity_summary import activity_summary
from userkit.features.api_keys import ApiKey
from userkit.features.audit import AuditEntry
from userkit.features.audit.anonymity import IMPERSONAL
from userkit.features.audit.facts import name_of
from userkit.features.built_in import built_in
from userkit.features.links import Link
from userkit.features.outbox import OutboxEntry
from userkit.features.passwords import PasswordCredential
from userkit.features.roles import Administrators, RoleAssignment
from userkit.features.screening import Review, screening
from userkit.features.screening.model import KnownName, ModelAnswer
from userkit.features.sessions import Session
from userkit.features.spending import HourlySpending, spending
from userkit.features.throttling import Attempts
from userkit.features.users import User
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event
from userkit.kernel.ids import is_id

FEATURES = (*built_in(), screening(), spending(), activity_summary())

SHOWN_AS: dict[type[Entity], str] = {
    User: "users",
    PasswordCredential: "passwords",
    Session: "sessions",
    ApiKey: "api_keys",
    RoleAssignment: "roles",
    Link: "links",
    AuditEntry: "audit",
    OutboxEntry: "outbox",
    Review: "screening",
}
"""What is shown, and under which name."""

NOT_SHOWN: dict[type[Entity], str] = {
    Administrators: "it says who has one role, which each of them is shown as theirs",
    Attempts: "it is kept under a keyed digest, and nobody can tell whose it is",
    KnownName: "it is two keyed digests of the name, which is shown",
    ModelAnswer: "it is kept under a keyed digest of a question, and nobody can tell about whom",
    HourlySpending: "it is sums, of nobody in particular",
}
"""What is not, and why."""

FIELDS_NOT_SHOWN: dict[type[Entity], dict[str, str]] = {
    User: {
        "email_key": "follows from the address",
        "session_epoch": "a counter that tells nothing",
        "spared_session": "an id of a session, which is shown",
        "spared_since": "a counter that tells nothing",
        "claimed_epoch": "a counter that tells nothing",
    },
    PasswordCredential: {"id": "the id of the user", "hash": "a secret"},
    Session: {
        "user_id": "the id of the user",
        "epoch": "a counter that tells nothing",
        "digest": "a secret",
        "generation": "a counter that tells nothing",
    },
    ApiKey: {
        "user_id": "the id of the user",
        "epoch": "a counter that tells nothing",
        "digest": "a secret",
    },
    RoleAssignment: {"id": "the id of the user"},
    Link: {
        "id": "it follows from the purpose",
        "user_id": "the id of the user",
        "epoch": "a counter that tells nothing",
        "digest": "a secret",
    },
    AuditEntry: {"user_id": "told as `about`", "actor_id": "told as `by`: it may be somebody else"},
    OutboxEntry: {
        "id": "it leads nowhere",
        "payload": "which letter it is, and to whom, is shown; with the rest links are made",
        "user_id": "the id of the user",
        "attempts": "about the mail server",
        "problem": "about the mail server",
    },
    Review: {"user_id": "the id of the user", "decided_by": "somebody else"},
}
"""Fields that are not shown, and why. ``version`` is a counter everywhere."""

TYPED = {
    "api_key_created": {"name"},
    "api_key_revoked": {"name"},
    "attempts_throttled": {"address"},
}
"""Facts of our events that somebody has typed, or that tell where they are: they go with the person."""

NOT_ABOUT_PEOPLE = {"spending_limit_reached"}


def collections() -> list[Any]:
    """Return every collection of userkit."""
    return [collection for feature in FEATURES for collection in feature.collections]


@pytest.mark.parametrize("collection", collections(), ids=lambda each: each.name)
def test_every_kind_of_entity_is_shown_or_there_is_a_reason(collection: Any) -> None:
    """Whoever adds one says which."""
    assert (collection.entity in SHOWN_AS) is not (collection.entity in NOT_SHOWN)


def test_every_contribution_has_something_to_show() -> None:
    """A person who has used everything is shown something of every feature, and nothing of others."""
    with opened() as here:
        lived(here)
        shown: dict[str, set[str]] = {}
        for feature, record in here.kit.users.export_subject(here.ada.id):
            shown.setdefault(feature, set()).update(record)
        assert shown.keys() == set(here.parts.disclose) == {*SHOWN_AS.values(), "notes"}
        for entity, feature in SHOWN_AS.items():
            kept = {each.name for each in fields(entity)} - {"version"}
            assert kept - shown[feature] <= FIELDS_NOT_SHOWN[entity].keys(), entity
            assert shown[feature].isdisjoint(FIELDS_NOT_SHOWN[entity]), entity


def told_events() -> list[type[Event]]:
    """Return every event of userkit, in the order of their names."""
    found = {each for each in Event.__subclasses__() if each.__module__.startswith("userkit.")}
    return sorted(found, key=lambda each: each.__name__)


@pytest.mark.parametrize("event", told_events(), ids=lambda each: each.__name__)
def test_every_fact_of_an_event_stays_or_goes_on_purpose(event: type[Event]) -> None:
    """Ids and truth values always stay, everything else only where it is written down."""
    kind = name_of(event.__name__)
    if kind in NOT_ABOUT_PEOPLE:
        return
    told = {each.name: str(each.type) for each in fields(event) if each.name not in ("at", "realm")}
    of_ids = {name for name in told if name.endswith("_id") or name in ("spared_session", "user", "before")}
    flags = {name for name, kind_of_field in told.items() if "bool" in kind_of_field}
    facts = told.keys() - of_ids - flags
    assert facts == IMPERSONAL.get(kind, frozenset()) | TYPED.get(kind, set())


def test_what_is_written_down_exists() -> None:
    """No reason is left of something that has gone."""
    kinds = {name_of(each.__name__) for each in told_events()}
    assert (IMPERSONAL.keys() | TYPED.keys() | NOT_ABOUT_PEOPLE) <= kinds


def test_ids_are_what_leads_nowhere(here: World) -> None:
    """Of the facts that are called ids, every one is."""
    facts = [entry.facts for entry in here.trail()]
    named = [(name, value) for each in facts for name, value in each.items() if name.endswith("_id")]
    assert named
    assert all(is_id(value) for _, value in named)
