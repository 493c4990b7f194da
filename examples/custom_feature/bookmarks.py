"""Bookmarks: a feature that userkit has not got. What it stores, what can be done, what it tells of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from userkit import DuplicateError, InvalidInputError, NotFoundError, Page
from userkit.feature import (
    Clock,
    Cursors,
    Disclosure,
    Event,
    Feature,
    Id,
    Journal,
    NewId,
    Parts,
    discard_all,
)
from userkit.http import AnyRoute
from userkit.storage import Add, Collection, Entity, Store
from userkit.sync import synced

__all__ = ["Bookmark", "BookmarkAdded", "Bookmarks", "SyncBookmarks", "bookmarks"]

LONGEST_URL = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark(Entity):
    """A page that somebody wants to find again."""

    user_id: Id
    url: str
    title: str
    created_at: datetime

    @property
    def place(self) -> str:
        """Return what there is one of: a page of a user. Compound keys are one text, and not a long one."""
        return hashlib.sha256(f"{self.user_id} {self.url}".encode()).hexdigest()


BOOKMARKS = Collection("bookmarks", Bookmark, unique=("place",), index=("user_id",))


@dataclass(frozen=True, slots=True, kw_only=True)
class BookmarkAdded(Event):
    """Somebody has a new bookmark."""

    user_id: Id
    bookmark: Bookmark


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBookmark:
    """Keep a bookmark."""

    store: Store
    journal: Journal
    now: Clock
    new_id: NewId

    async def __call__(self, user_id: str, *, url: str, title: str) -> Bookmark:
        """Keep a bookmark and return it; a page that is kept already stays as it is.

        Raises InvalidInputError.
        """
        if not url.startswith(("https://", "http://")) or len(url) > LONGEST_URL:
            raise InvalidInputError("A bookmark leads to a page on the web.")
        now = self.now()
        added = Bookmark(id=self.new_id(), user_id=user_id, url=url, title=title, created_at=now)
        try:
            await self.journal.commit(
                Add(added), tell=[BookmarkAdded(at=now, user_id=user_id, bookmark=added)]
            )
        except DuplicateError:
            (kept,) = (await self.store.find(Bookmark, "place", added.place, limit=1)).items
            return kept
        return added


@dataclass(frozen=True, slots=True, kw_only=True)
class ListBookmarks:
    """List somebody's bookmarks."""

    store: Store
    cursors: Cursors

    async def __call__(self, user_id: str, *, limit: int = 100, after: str | None = None) -> Page[Bookmark]:
        """Return a page of them, the newest first. Raises InvalidCursorError."""
        listing = f"bookmarks of {user_id}"
        start = None if after is None else self.cursors.open(after, of=listing)
        page = await self.store.find(
            Bookmark, "user_id", user_id, after=start, limit=limit, newest_first=True
        )
        return self.cursors.sealed(page, of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveBookmark:
    """Take a bookmark away."""

    store: Store
    journal: Journal

    async def __call__(self, user_id: str, bookmark_id: str) -> None:
        """Take one of somebody's bookmarks away. Raises NotFoundError, also for those of others."""
        found = await self.store.get(Bookmark, bookmark_id)
        if found is None or found.user_id != user_id:
            raise NotFoundError
        await self.journal.discard(Bookmark, bookmark_id, tell=lambda _: ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmarks:
    """What can be done with bookmarks: ``kit[bookmarks]``."""

    add: AddBookmark
    list: ListBookmarks
    remove: RemoveBookmark


class SyncBookmarks:
    """The same without ``await``."""

    def __init__(self, offered: Bookmarks) -> None:
        """Mirror the use cases."""
        self.add = synced(offered.add)
        self.list = synced(offered.list)
        self.remove = synced(offered.remove)


def build(parts: Parts) -> Bookmarks:
    """Wire the use cases; show people what is kept of them, and keep nothing of those who are gone."""
    store, journal = parts.store, parts.journal

    async def forget(user_id: str) -> None:
        await discard_all(store, Bookmark, "user_id", user_id)

    parts.forget.append(forget)
    parts.disclose["bookmarks"] = Disclosure(store, Bookmark, ("url", "title", "created_at"))
    return Bookmarks(
        add=AddBookmark(store=store, journal=journal, now=parts.now, new_id=parts.new_id),
        list=ListBookmarks(store=store, cursors=parts.cursors),
        remove=RemoveBookmark(store=store, journal=journal),
    )


def routes(offered: Bookmarks) -> Sequence[AnyRoute]:
    """Return what is offered over HTTP; an application without it does not load pydantic for this."""
    from bookmark_routes import routes

    return routes(offered)


bookmarks: Feature[Bookmarks, SyncBookmarks] = Feature(
    name="bookmarks",
    collections=(BOOKMARKS,),
    together=(Bookmark,),
    requires=("users",),
    build=build,
    mirror=SyncBookmarks,
    routes=routes,
)
