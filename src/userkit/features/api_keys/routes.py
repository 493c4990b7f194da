"""API keys over HTTP."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Self

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from userkit.errors import ForbiddenError, InvalidCursorError, InvalidNameError
from userkit.features.api_keys.model import ApiKey, NewApiKey
from userkit.features.api_keys.offer import ApiKeys
from userkit.http.route import FRESH, SESSION, AnyCall, AnyRoute, Call, Reply, Route
from userkit.http.schemas import Id, Omittable, Paging, ReplyModel, RequestModel, Text, Timestamp

__all__ = ["ApiKeyCreate", "ApiKeyPage", "ApiKeyResponse", "NewApiKeyResponse", "routes"]

_TAG = "API keys"
_MOST_SCOPES = 100
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


def _moment(given: object) -> datetime:
    # pydantic would take digits for seconds since 1970, and a day for its midnight somewhere.
    if isinstance(given, str) and _RFC3339.fullmatch(given):
        with suppress(ValueError):
            return datetime.fromisoformat(given.upper())
    raise PydanticCustomError("datetime_type", "Input should be a time such as 2030-01-31T00:00:00Z")


class ApiKeyCreate(RequestModel):
    """What the key is called, what it may do, and until when."""

    name: Annotated[Text, Field(examples=["deploy"])]
    scopes: Annotated[
        list[Text], Field(max_length=_MOST_SCOPES, description="Permissions that you have, or `*` for all.")
    ] = Field(default_factory=list)
    expires_at: Omittable[
        Annotated[datetime, BeforeValidator(_moment), Field(description="With its offset from UTC.")]
    ] = None


class ApiKeyResponse(ReplyModel):
    """An API key; `prefix` is how its text begins."""

    id: Id
    name: str
    prefix: str
    scopes: list[str]
    created_at: Timestamp
    last_used_at: Timestamp | None
    expires_at: Timestamp | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Return what is shown of a key."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=sorted(key.scopes),
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            expires_at=key.expires_at,
        )


class NewApiKeyResponse(ReplyModel):
    """A new API key; `key` is its text, which cannot be shown again."""

    id: Id
    name: str
    prefix: str
    key: str = Field(repr=False)
    scopes: list[str]
    created_at: Timestamp
    expires_at: Timestamp | None

    @classmethod
    def of(cls, key: NewApiKey) -> Self:
        """Return what the owner is shown once."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            key=key.secret,
            scopes=sorted(key.scopes),
            created_at=key.created_at,
            expires_at=key.expires_at,
        )


class ApiKeyPage(ReplyModel):
    """Some API keys, the newest first; `next` is the `after` of the page that follows."""

    items: list[ApiKeyResponse]
    next: str | None


def routes(api_keys: ApiKeys) -> Sequence[AnyRoute]:
    """Return the routes of API keys."""

    async def create(call: Call[ApiKeyCreate, None]) -> Reply:
        body = call.body
        key = await api_keys.create(
            call.identity.user_id,
            name=body.name,
            scopes=body.scopes,
            expires_at=body.expires_at,
            by=call.identity,
        )
        return Reply(value=NewApiKeyResponse.of(key))

    async def list_keys(call: Call[None, Paging]) -> Reply:
        page = await api_keys.list(call.identity.user_id, limit=call.query.limit, after=call.query.after)
        return Reply(value=ApiKeyPage(items=[ApiKeyResponse.of(key) for key in page.items], next=page.next))

    async def revoke(call: AnyCall) -> Reply:
        await api_keys.revoke(call.identity.user_id, call.path("id"))
        return Reply()

    return (
        Route(
            method="POST",
            path="/auth/api-keys",
            name="create_api_key",
            summary="Make an API key",
            handler=create,
            access=FRESH,
            tag=_TAG,
            body=ApiKeyCreate,
            reply=NewApiKeyResponse,
            status=201,
            errors=(InvalidNameError, ForbiddenError),
        ),
        Route(
            method="GET",
            path="/auth/api-keys",
            name="list_api_keys",
            summary="List your API keys",
            handler=list_keys,
            access=SESSION,
            tag=_TAG,
            query=Paging,
            reply=ApiKeyPage,
            errors=(InvalidCursorError,),
        ),
        Route(
            method="DELETE",
            path="/auth/api-keys/{id}",
            name="revoke_api_key",
            summary="Take an API key back",
            handler=revoke,
            access=SESSION,
            tag=_TAG,
            status=204,
        ),
    )
