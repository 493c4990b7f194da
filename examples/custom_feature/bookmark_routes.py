"""Bookmarks over HTTP, for every framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from userkit import InvalidInputError, NotFoundError
from userkit.errors import InvalidCursorError
from userkit.http import USER, AnyCall, AnyRoute, Call, Reply, Route
from userkit.http.schemas import Id, Paging, ReplyModel, RequestModel, Text, Timestamp

if TYPE_CHECKING:
    from bookmarks import Bookmark, Bookmarks

__all__ = ["routes"]

_TAG = "bookmarks"


class BookmarkCreate(RequestModel):
    """The page, and what it is called."""

    url: Text
    title: Text


class BookmarkResponse(ReplyModel):
    """A bookmark."""

    id: Id
    url: str
    title: str
    created_at: Timestamp

    @classmethod
    def of(cls, bookmark: Bookmark) -> Self:
        """Return what is shown of a bookmark."""
        return cls(id=bookmark.id, url=bookmark.url, title=bookmark.title, created_at=bookmark.created_at)


class BookmarkPage(ReplyModel):
    """Some bookmarks, the newest first; `next` is the `after` of the page that follows."""

    items: list[BookmarkResponse]
    next: str | None


def routes(bookmarks: Bookmarks) -> Sequence[AnyRoute]:
    """Return the routes of bookmarks."""

    async def add(call: Call[BookmarkCreate, None]) -> Reply:
        added = await bookmarks.add(call.identity.user_id, url=call.body.url, title=call.body.title)
        return Reply(value=BookmarkResponse.of(added))

    async def list_bookmarks(call: Call[None, Paging]) -> Reply:
        page = await bookmarks.list(call.identity.user_id, limit=call.query.limit, after=call.query.after)
        return Reply(value=BookmarkPage(items=list(map(BookmarkResponse.of, page.items)), next=page.next))

    async def remove(call: AnyCall) -> Reply:
        await bookmarks.remove(call.identity.user_id, call.path("id"))
        return Reply()

    return (
        Route(
            method="POST",
            path="/bookmarks",
            name="add_bookmark",
            summary="Keep a bookmark",
            handler=add,
            access=USER,
            tag=_TAG,
            status=201,
            body=BookmarkCreate,
            reply=BookmarkResponse,
            errors=(InvalidInputError,),
        ),
        Route(
            method="GET",
            path="/bookmarks",
            name="list_bookmarks",
            summary="List your bookmarks",
            handler=list_bookmarks,
            access=USER,
            tag=_TAG,
            query=Paging,
            reply=BookmarkPage,
            errors=(InvalidCursorError,),
        ),
        Route(
            method="DELETE",
            path="/bookmarks/{id}",
            name="remove_bookmark",
            summary="Take a bookmark away",
            handler=remove,
            access=USER,
            tag=_TAG,
            status=204,
            errors=(NotFoundError,),
        ),
    )
