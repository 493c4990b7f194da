"""What a store can tell of the engine behind it, for those who look whether it is set up well."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Inspection", "Remark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Whether one setting of an engine is as a store needs it.

    ``found`` says how it is, ``advice`` how to mend it; both are sentences without secrets.
    """

    subject: str
    ok: bool
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """An engine and its version, what time it is there if it tells, and what is to be said of it."""

    engine: str
    clock: datetime | None = None
    remarks: tuple[Remark, ...] = ()
