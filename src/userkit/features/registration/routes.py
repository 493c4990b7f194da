"""Opening accounts over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

from userkit.errors import (
    EmailAlreadyExistsError,
    ForbiddenError,
    InvalidAttributesError,
    InvalidEmailError,
    InvalidNameError,
    OverloadedError,
    RateLimitedError,
    UnauthenticatedError,
    UserKitError,
    WeakPasswordError,
)
from userkit.features.registration.offer import Registration
from userkit.features.registration.use_cases import RegistrationMode
from userkit.features.users.routes import UserResponse, user_reply
from userkit.http.route import PUBLIC, AnyRoute, Call, Reply, Route
from userkit.http.schemas import Omittable, RequestModel, Text

__all__ = ["UserCreate", "routes"]

_REFUSED: Mapping[RegistrationMode, tuple[type[UserKitError], ...]] = {
    RegistrationMode.OPEN: (EmailAlreadyExistsError, RateLimitedError),
    # To whoever may open accounts for others it tells when an address has one.
    RegistrationMode.PRIVATE: (EmailAlreadyExistsError, RateLimitedError),
    RegistrationMode.CLOSED: (EmailAlreadyExistsError, UnauthenticatedError, ForbiddenError),
}


class UserCreate(RequestModel):
    """Somebody who wants an account."""

    email: Text
    name: Text
    password: Omittable[Text] = None
    attributes: Omittable[dict[str, Any]] = None


def routes(registration: Registration) -> Sequence[AnyRoute]:
    """Return the routes of registration."""
    private = registration.mode is RegistrationMode.PRIVATE

    async def register(call: Call[UserCreate, None]) -> Reply:
        body = call.body
        user = await registration.sign_up(
            email=body.email,
            name=body.name,
            password=body.password,
            attributes=body.attributes,
            by=call.caller,
        )
        if user is None:
            return Reply(status=202)
        return user_reply(user, ("location", f"{call.request.path}/{user.id}"))

    return (
        Route(
            method="POST",
            path="/users",
            name="register",
            summary="Open an account",
            handler=register,
            access=PUBLIC,
            tag="users",
            body=UserCreate,
            reply=UserResponse,
            status=201,
            also={202: "The address is told by mail how to go on."} if private else {},
            errors=(
                InvalidEmailError,
                InvalidNameError,
                InvalidAttributesError,
                WeakPasswordError,
                OverloadedError,
                *_REFUSED[registration.mode],
            ),
            headers={"ETag": "The revision, for `If-Match`.", "Location": "Where the user can be read."},
        ),
    )
