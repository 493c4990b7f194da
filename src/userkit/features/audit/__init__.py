"""Audit: a trail of who did what from where and when, in the same commit as what was done."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Parts
from userkit.features.audit.anonymity import impersonal_facts
from userkit.features.audit.collection import AUDIT
from userkit.features.audit.model import AuditEntry
from userkit.features.audit.offer import Audit, SyncAudit
from userkit.features.audit.recording import RecordEvent
from userkit.features.audit.subjects import DiscloseTrail, ForgetWho
from userkit.kernel.events import Event

__all__ = ["AUDIT", "Audit", "AuditEntry", "SyncAudit", "audit"]

# Strangers add to the trail with every password that is refused, so it must have an end.
_A_YEAR = timedelta(days=365)
_LONGEST_KEEP = timedelta(days=36_500)

_NONE: Mapping[str, Iterable[str]] = {}


def audit(
    *,
    keep: timedelta | None = _A_YEAR,
    routine: bool = False,
    impersonal: Mapping[str, Iterable[str]] = _NONE,
) -> Feature[Audit, SyncAudit]:
    """Return the feature.

    - ``keep``: for how long entries stay before they may be purged, a year by default; None is for
      ever. It counts for what happens from now on.
    - ``routine``: whether routine events, which happen all the time, have entries as well.

    - ``impersonal``: facts of the application's own events that tell nothing of who somebody is, by the
      name of the event: ``{"plan_changed": ["plan"]}``. They stay when a person is erased.

    When a user is deleted the trail stays as it is. When they are erased each entry stays without what
    tells who they were.
    """
    if keep is not None and not timedelta(0) < keep <= _LONGEST_KEEP:
        raise ConfigurationError(f"audit(keep=…) is a time from 0 to {_LONGEST_KEEP.days} days, without 0.")

    staying = impersonal_facts(impersonal)

    def build(parts: Parts) -> Audit:
        parts.disclose["audit"] = DiscloseTrail(store=parts.store)
        parts.erase.append(ForgetWho(store=parts.store, impersonal=staying))
        record = RecordEvent(new_id=parts.new_id, keep=keep, routine=routine)
        parts.participants.add(Event, record)
        return Audit.build(parts)

    return Feature(name="audit", collections=(AUDIT,), records=(AuditEntry,), build=build, mirror=SyncAudit)
