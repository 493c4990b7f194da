"""The use cases as other features and applications see them."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.links.use_cases import ConsumeLink, LookUpLink, MakeLink, MakePromised, PurgeLinks
from userkit.sync import synced

__all__ = ["Links", "SyncLinks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What can be done with the one-time links of one realm.

    ``promised`` is for links in letters, ``consume`` for features that put what a link is for into
    the commit that spends it.
    """

    make: MakeLink
    promised: MakePromised
    look: LookUpLink
    consume: ConsumeLink
    purge: PurgeLinks

    @classmethod
    def build(cls, parts: Parts) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, now = parts.store, parts.now
        promised = MakePromised(store=store, now=now, keys=parts.keys.derive("links"))
        look = LookUpLink(store=store, now=now)
        return cls(
            make=MakeLink(now=now, make=promised),
            promised=promised,
            look=look,
            consume=ConsumeLink(look=look, now=now),
            purge=PurgeLinks(store=store, now=now),
        )


class SyncLinks:
    """The same without ``await``."""

    def __init__(self, links: Links) -> None:
        """Mirror the use cases."""
        self.make = synced(links.make)
        self.look = synced(links.look)
        self.consume = synced(links.consume)
        self.purge = synced(links.purge)
