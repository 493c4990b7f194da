"""Users over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import Field

from userkit.errors import (
    InvalidAttributesError,
    InvalidCursorError,
    InvalidInputError,
    InvalidNameError,
    StaleError,
)
from userkit.features.users.model import User
from userkit.features.users.offer import Users
from userkit.features.users.use_cases import LONGEST_QUERY
from userkit.http.conditional import etag_of, expected_version
from userkit.http.route import (
    FRESH,
    USER,
    AnyCall,
    AnyRoute,
    Call,
    Reply,
    Route,
    over_user,
    permission,
    self_or,
)
from userkit.http.schemas import (
    Attributes,
    Id,
    Omittable,
    Paging,
    PersonName,
    ReplyModel,
    RequestModel,
    Timestamp,
)
from userkit.kernel.page import Page
from userkit.storage.paging import LARGEST_SKIP

__all__ = ["UserPage", "UserQuery", "UserResponse", "UserUpdate", "routes", "user_reply"]

_TAG = "users"
_ETAG = {"ETag": "The revision, for `If-Match`."}


class UserUpdate(RequestModel):
    """What to change; what is left out stays as it is."""

    name: Omittable[PersonName] = None
    attributes: Omittable[Attributes] = None


class UserQuery(Paging):
    """Which users."""

    skip: Annotated[
        int,
        Field(
            ge=0,
            le=LARGEST_SKIP,
            description="Start further down in the list of all; better is `after`, at any depth.",
        ),
    ] = 0
    q: Annotated[
        str | None,
        Field(max_length=LONGEST_QUERY, description="How the address or the words of the name begin."),
    ] = None


class UserResponse(ReplyModel):
    """A user."""

    id: Id
    email: str
    email_verified: bool
    name: str
    disabled: bool
    attributes: dict[str, Any]
    created_at: Timestamp
    updated_at: Timestamp

    @classmethod
    def of(cls, user: User) -> Self:
        """Return what is shown of a user."""
        return cls(
            id=user.id,
            email=user.email,
            email_verified=user.is_email_verified,
            name=user.name,
            disabled=user.is_disabled,
            attributes=dict(user.attributes),
            created_at=user.created_at,
            updated_at=user.updated_at,
        )


class UserPage(ReplyModel):
    """Some users, by registration; `next` is the `after` of the page that follows."""

    items: list[UserResponse]
    next: str | None

    @classmethod
    def of(cls, page: Page[User]) -> Self:
        """Return what is shown of a page."""
        return cls(items=[UserResponse.of(user) for user in page.items], next=page.next)


def user_reply(user: User, *headers: tuple[str, str]) -> Reply:
    """Return the answer that shows a user."""
    return Reply(value=UserResponse.of(user), headers=(("etag", etag_of(user.version)), *headers))


def routes(users: Users) -> Sequence[AnyRoute]:
    """Return the routes of users."""

    async def change(call: Call[UserUpdate, None], user_id: str) -> Reply:
        expected = None
        if call.request.values("if-match"):
            expected = expected_version(call.request, (await users.get(user_id)).version)
        body = call.body
        changed = await users.update(user_id, name=body.name, attributes=body.attributes, version=expected)
        return user_reply(changed)

    async def remove(call: AnyCall, user_id: str) -> Reply:
        await users.delete(user_id)
        gone = call.has_cookie and user_id == call.identity.user_id
        return Reply(headers=call.browser.signed_out() if gone else ())

    async def list_users(call: Call[None, UserQuery]) -> Reply:
        query = call.query
        if query.q is None:
            page = await users.list(limit=query.limit, after=query.after, skip=query.skip)
        elif query.skip:
            raise InvalidInputError("A search is paged by cursor: give after, not skip.")
        else:
            page = await users.search(query.q, limit=query.limit, after=query.after)
        return Reply(value=UserPage.of(page))

    async def me(call: AnyCall) -> Reply:
        return user_reply(await users.current(call.identity))

    async def update_me(call: Call[UserUpdate, None]) -> Reply:
        return await change(call, (await users.current(call.identity)).id)

    async def delete_me(call: AnyCall) -> Reply:
        return await remove(call, call.identity.user_id)

    async def subject(call: AnyCall) -> str:
        user_id = call.path("id")
        if user_id == call.identity.user_id:
            # Here it counts no less than in /users/me that the account has been closed or taken over.
            await users.current(call.identity)
        return user_id

    async def get(call: AnyCall) -> Reply:
        return user_reply(await users.get(await subject(call)))

    async def update(call: Call[UserUpdate, None]) -> Reply:
        return await change(call, await subject(call))

    async def delete(call: AnyCall) -> Reply:
        return await remove(call, call.path("id"))

    async def disable(call: AnyCall) -> Reply:
        await users.disable(call.path("id"))
        return Reply()

    async def enable(call: AnyCall) -> Reply:
        await users.enable(call.path("id"))
        return Reply()

    updating = (InvalidNameError, InvalidAttributesError, StaleError)
    return (
        Route(
            method="GET",
            path="/users",
            name="list_users",
            summary="List or search users",
            handler=list_users,
            access=permission("users:read"),
            tag=_TAG,
            query=UserQuery,
            reply=UserPage,
            errors=(InvalidCursorError,),
        ),
        Route(
            method="GET",
            path="/users/me",
            name="get_me",
            summary="Read your own account",
            handler=me,
            access=USER,
            tag=_TAG,
            reply=UserResponse,
            headers=_ETAG,
        ),
        Route(
            method="PATCH",
            path="/users/me",
            name="update_me",
            summary="Change your own account",
            handler=update_me,
            access=USER,
            tag=_TAG,
            body=UserUpdate,
            reply=UserResponse,
            errors=updating,
            headers=_ETAG,
            conditional=True,
        ),
        Route(
            method="DELETE",
            path="/users/me",
            name="delete_me",
            summary="Delete your own account",
            handler=delete_me,
            access=FRESH,
            tag=_TAG,
            status=204,
        ),
        Route(
            method="GET",
            path="/users/{id}",
            name="get_user",
            summary="Read a user",
            handler=get,
            access=self_or("users:read"),
            tag=_TAG,
            reply=UserResponse,
            headers=_ETAG,
        ),
        Route(
            method="PATCH",
            path="/users/{id}",
            name="update_user",
            summary="Change a user",
            handler=update,
            access=self_or("users:write"),
            tag=_TAG,
            body=UserUpdate,
            reply=UserResponse,
            errors=updating,
            headers=_ETAG,
            conditional=True,
        ),
        Route(
            method="DELETE",
            path="/users/{id}",
            name="delete_user",
            summary="Delete a user",
            handler=delete,
            access=self_or("users:delete", fresh=True),
            tag=_TAG,
            status=204,
        ),
        Route(
            method="POST",
            path="/users/{id}/disable",
            name="disable_user",
            summary="Close an account for its owner",
            description="Sessions and API keys end at once. Closing it again does no harm.",
            handler=disable,
            access=over_user("users:write"),
            tag=_TAG,
            status=204,
        ),
        Route(
            method="POST",
            path="/users/{id}/enable",
            name="enable_user",
            summary="Open a closed account again",
            handler=enable,
            access=over_user("users:write"),
            tag=_TAG,
            status=204,
        ),
    )
