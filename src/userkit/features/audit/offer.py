"""The use cases as an application sees them: ``kit.audit``."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.audit.use_cases import ExportAudit, ListAudit, PurgeAudit
from userkit.sync import synced

__all__ = ["Audit", "SyncAudit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What can be read of the trail of one realm."""

    list: ListAudit
    export: ExportAudit
    purge: PurgeAudit

    @classmethod
    def build(cls, parts: Parts) -> Self:
        """Wire the use cases from the parts of a kit."""
        return cls(
            list=ListAudit(store=parts.store, cursors=parts.cursors),
            export=ExportAudit(store=parts.store),
            purge=PurgeAudit(store=parts.store, now=parts.now),
        )


class SyncAudit:
    """The same without ``await``."""

    def __init__(self, audit: Audit) -> None:
        """Mirror the use cases."""
        self.list = synced(audit.list)
        self.export = synced(audit.export)
        self.purge = synced(audit.purge)
