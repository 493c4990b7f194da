"""Roles over HTTP."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from userkit.errors import ForbiddenError, StaleError
from userkit.features.roles.offer import Roles
from userkit.http.route import AnyCall, AnyRoute, Call, Reply, Route, over_user
from userkit.http.schemas import ReplyModel, RequestModel, Text

__all__ = ["RolesResponse", "RolesUpdate", "routes"]

_TAG = "roles"
_MOST_ROLES = 100


class RolesUpdate(RequestModel):
    """The roles that a user shall have, and no others."""

    roles: Annotated[list[Text], Field(max_length=_MOST_ROLES, examples=[["admin"]])]


class RolesResponse(ReplyModel):
    """The roles of a user."""

    roles: list[str]


def routes(roles: Roles) -> Sequence[AnyRoute]:
    """Return the routes of roles."""

    async def read(call: AnyCall) -> Reply:
        return Reply(value=RolesResponse(roles=sorted(await roles.of(call.path("id")))))

    async def replace(call: Call[RolesUpdate, None]) -> Reply:
        held = await roles.set(call.path("id"), call.body.roles, by=call.identity)
        return Reply(value=RolesResponse(roles=sorted(held)))

    return (
        Route(
            method="GET",
            path="/users/{id}/roles",
            name="get_roles",
            summary="Read the roles of a user",
            handler=read,
            access=over_user("roles:read"),
            tag=_TAG,
            reply=RolesResponse,
        ),
        Route(
            method="PUT",
            path="/users/{id}/roles",
            name="set_roles",
            summary="Give a user exactly some roles",
            description="Nobody gives or takes what they may not do themselves, and the last administrator "
            "stays one.",
            handler=replace,
            access=over_user("roles:write"),
            tag=_TAG,
            body=RolesUpdate,
            reply=RolesResponse,
            errors=(ForbiddenError, StaleError),
        ),
    )
