"""What a language model is told of a trail: what happened when, under labels, and nothing that was typed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from userkit.features.activity_summary.facts import KnownFacts, event_name
from userkit.features.activity_summary.model import Period
from userkit.features.activity_summary.trail import Trail
from userkit.features.audit import AuditEntry

__all__ = ["Told", "told_of"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The JSON for a model; the audit ids of its entries 1 to N; and what its labels stand for."""

    text: str = field(repr=False)
    ids: tuple[str, ...]
    addresses: Mapping[str, str] = field(repr=False)
    devices: Mapping[str, str] = field(repr=False)


def told_of(trail: Trail, period: Period, *, known: KnownFacts) -> Told:
    """Return what is told of a trail."""
    addresses, devices = _Labels(_letters), _Labels(str)
    entries = [
        _line(number, entry, known, addresses.of(entry.address), devices.of(entry.user_agent))
        for number, entry in enumerate(trail.entries, start=1)
    ]
    message = {
        "since": _moment(period.since),
        "until": _moment(period.until),
        "cut": trail.cut,
        "entries": entries,
    }
    return Told(
        text=json.dumps(message, separators=(",", ":")),
        ids=tuple(entry.id for entry in trail.entries),
        addresses={f"address {label}": value for value, label in addresses.given.items()},
        devices={f"device {label}": value for value, label in devices.given.items()},
    )


@dataclass(slots=True)
class _Labels:
    """Labels in the order in which they are needed, the same for the same value."""

    number: Callable[[int], str]
    given: dict[str, str] = field(default_factory=dict)

    def of(self, value: str | None) -> str | None:
        """Return the label of a value; no value has none."""
        if value is None:
            return None
        return self.given.setdefault(value, self.number(len(self.given) + 1))


def _line(
    number: int, entry: AuditEntry, known: KnownFacts, address: str | None, device: str | None
) -> dict[str, Any]:
    line = {
        "n": number,
        "at": _moment(entry.at),
        "event": event_name(entry.event),
        "by": _who(entry),
        "from": None if address is None else f"address {address}",
        "with": None if device is None else f"device {device}",
        "facts": known.among(entry.facts) or None,
    }
    return {name: value for name, value in line.items() if value is not None}


def _who(entry: AuditEntry) -> str:
    if entry.actor_id is None:
        return "system" if entry.address is None and entry.user_agent is None else "signed_out"
    return "user" if entry.actor_id == entry.user_id else "other"


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _letters(number: int) -> str:
    """Return A to Z for 1 to 26, then AA and so on."""
    letters = ""
    while number:
        number, place = divmod(number - 1, len(_ALPHABET))
        letters = _ALPHABET[place] + letters
    return letters
