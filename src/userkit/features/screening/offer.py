"""The use cases as an application sees them: ``kit[screening()]``."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from userkit.feature import Parts
from userkit.features.roles.offer import Roles
from userkit.features.screening.names import KnownNames
from userkit.features.screening.use_cases import (
    AcceptReview,
    Deciding,
    GetReview,
    IndexNames,
    ListReviews,
    PurgeScreening,
    RefuseReview,
)
from userkit.sync import synced

__all__ = ["Screening", "SyncScreening"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What can be done about the reviews of one realm."""

    list: ListReviews
    get: GetReview
    accept: AcceptReview
    refuse: RefuseReview
    index_names: IndexNames
    purge: PurgeScreening

    @classmethod
    def build(cls, parts: Parts, names: KnownNames, *, keep: timedelta) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, now, get = parts.store, parts.now, GetReview(store=parts.store)
        deciding = Deciding(
            store=store,
            journal=parts.journal,
            now=now,
            get=get,
            require=parts.offer(Roles).require,
            keep=keep,
        )
        return cls(
            list=ListReviews(store=store, cursors=parts.cursors),
            get=get,
            accept=AcceptReview(deciding=deciding),
            refuse=RefuseReview(deciding=deciding),
            index_names=IndexNames(store=store, cursors=parts.cursors, names=names),
            purge=PurgeScreening(store=store, now=now),
        )


class SyncScreening:
    """The same without ``await``."""

    def __init__(self, screening: Screening) -> None:
        """Mirror the use cases."""
        self.list = synced(screening.list)
        self.get = synced(screening.get)
        self.accept = synced(screening.accept)
        self.refuse = synced(screening.refuse)
        self.index_names = synced(screening.index_names)
        self.purge = synced(screening.purge)
