"""Knowing what the names of users look like, so that nobody poses as one of them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from userkit.errors import DuplicateError, StaleError
from userkit.features.screening.fingerprints import Fingerprints
from userkit.features.screening.model import KnownName
from userkit.features.users.model import User
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store

__all__ = ["KnownNames"]

_MOST_ALIKE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """The names of the users of one realm."""

    store: Store
    fingerprints: Fingerprints

    def new(self, user: User) -> KnownName:
        """Return what is kept of the name of a user."""
        skeleton, spelling = self.fingerprints.name(user.name)
        return KnownName(id=KnownName.id_for(user.id), skeleton=skeleton, spelling=spelling)

    async def of(self, user: User) -> KnownName:
        """Return what is kept of the name of a user; if it is not yet, it is from now on."""
        new = self.new(user)
        stored = await self.store.get(KnownName, new.id)
        if stored is not None:
            return stored
        try:
            # On its own, so that what follows changes it, and is told when somebody else was faster.
            await self.store.commit(Add(new))
        except DuplicateError as error:
            raise StaleError from error
        return new

    def renamed(self, stored: KnownName, user: User, *, review_id: str | None = None) -> KnownName:
        """Return the next revision of what is kept, with the name that a user has now."""
        new = self.new(user)
        return stored.evolve(
            skeleton=new.skeleton, spelling=new.spelling, review_id=review_id or stored.review_id
        )

    async def index(self, user_id: str) -> bool:
        """Keep the name that a user has at this moment, and tell whether that was news."""
        # Read first, so that it is not written over the name of somebody who renames themselves now.
        stored = await self.store.get(KnownName, KnownName.id_for(user_id))
        user = await self.store.get(User, user_id)
        if user is None:
            return False
        new = self.new(user)
        if stored is not None and (stored.skeleton, stored.spelling) == (new.skeleton, new.spelling):
            return False
        with suppress(DuplicateError, StaleError):
            await self.store.commit(Add(new) if stored is None else Save(stored, self.renamed(stored, user)))
            return True
        return False

    async def is_taken(self, user: User) -> bool:
        """Tell whether another user has a name that looks the same and is spelled differently."""
        own = KnownName.id_for(user.id)
        for skeleton, spelling in self._digests(user.name):
            page = await self.store.find(KnownName, "skeleton", skeleton, limit=_MOST_ALIKE)
            if any(each.id != own and each.spelling != spelling for each in page.items):
                return True
        return False

    def _digests(self, name: str) -> Iterator[tuple[str, str]]:
        for key in range(len(self.fingerprints.keys)):
            yield self.fingerprints.name(name, key=key)
