"""Reviews over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import Field

from userkit.errors import InvalidCursorError, StaleError
from userkit.features.screening.model import Occasion, Reason, Review, ReviewState, Verdict
from userkit.features.screening.offer import Screening
from userkit.features.screening.use_cases import DECIDING
from userkit.http.route import AnyCall, AnyRoute, Call, Reply, Route, permission
from userkit.http.schemas import Id, Paging, ReplyModel, Timestamp
from userkit.kernel.page import Page

__all__ = ["ReviewPage", "ReviewQuery", "ReviewResponse", "routes"]

_TAG = "reviews"
_READING = permission("reviews:read")
_WRITING = permission(DECIDING)


class ReviewQuery(Paging):
    """Which reviews."""

    state: Annotated[str, Field(pattern=f"^({'|'.join(each.value for each in ReviewState)})$")] = "open"


class ReviewResponse(ReplyModel):
    """Somebody whom a person is to look at: what is reviewed, and what it was before a change."""

    id: Id
    user_id: Id
    occasion: Occasion
    verdict: Verdict
    reasons: list[Reason]
    state: ReviewState
    name: str = Field(repr=False)
    attributes: dict[str, Any] = Field(repr=False)
    earlier_name: str | None = Field(repr=False)
    earlier_attributes: dict[str, Any] = Field(repr=False)
    opened_at: Timestamp
    decided_at: Timestamp | None
    decided_by: Id | None

    @classmethod
    def of(cls, review: Review) -> Self:
        """Return what is shown of a review."""
        return cls(
            id=review.id,
            user_id=review.user_id,
            occasion=review.occasion,
            verdict=review.verdict,
            reasons=[Reason(word) for word in review.reasons],
            state=review.state,
            name=review.name,
            attributes=dict(review.attributes),
            earlier_name=review.earlier_name,
            earlier_attributes=dict(review.earlier_attributes),
            opened_at=review.opened_at,
            decided_at=review.decided_at,
            decided_by=review.decided_by,
        )


class ReviewPage(ReplyModel):
    """Some reviews, the oldest first; `next` is the `after` of the page that follows."""

    items: list[ReviewResponse]
    next: str | None

    @classmethod
    def of(cls, page: Page[Review]) -> Self:
        """Return what is shown of a page."""
        return cls(items=[ReviewResponse.of(review) for review in page.items], next=page.next)


def routes(screening: Screening) -> Sequence[AnyRoute]:
    """Return the routes of reviews."""

    async def list_reviews(call: Call[None, ReviewQuery]) -> Reply:
        query = call.query
        page = await screening.list(query.state, limit=query.limit, after=query.after)
        return Reply(value=ReviewPage.of(page))

    async def get(call: AnyCall) -> Reply:
        return _reply(await screening.get(call.path("id")))

    async def accept(call: AnyCall) -> Reply:
        return _reply(await screening.accept(call.path("id"), by=call.identity))

    async def refuse(call: AnyCall) -> Reply:
        return _reply(await screening.refuse(call.path("id"), by=call.identity))

    return (
        Route(
            method="GET",
            path="/reviews",
            name="list_reviews",
            summary="List reviews",
            handler=list_reviews,
            access=_READING,
            tag=_TAG,
            query=ReviewQuery,
            reply=ReviewPage,
            errors=(InvalidCursorError,),
        ),
        Route(
            method="GET",
            path="/reviews/{id}",
            name="get_review",
            summary="Read a review",
            handler=get,
            access=_READING,
            tag=_TAG,
            reply=ReviewResponse,
        ),
        Route(
            method="POST",
            path="/reviews/{id}/accept",
            name="accept_review",
            summary="Find nothing wrong",
            handler=accept,
            access=_WRITING,
            tag=_TAG,
            reply=ReviewResponse,
            errors=(StaleError,),
        ),
        Route(
            method="POST",
            path="/reviews/{id}/refuse",
            name="refuse_review",
            summary="Undo what was let through",
            description="A new account is closed; after a change the earlier name and attributes are back.",
            handler=refuse,
            access=_WRITING,
            tag=_TAG,
            reply=ReviewResponse,
            errors=(StaleError,),
        ),
    )


def _reply(review: Review) -> Reply:
    return Reply(value=ReviewResponse.of(review))
