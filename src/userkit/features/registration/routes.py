"""Opening accounts over HTTP."""

from collections.abc import Mapping, Sequence

from userkit.errors import (
    EmailAlreadyExistsError,
    InvalidAttributesError,
    InvalidEmailError,
    InvalidNameError,
    OverloadedError,
    RateLimitedError,
    UserKitError,
    WeakPasswordError,
)
from userkit.features.registration.offer import Registration
from userkit.features.registration.use_cases import OPENING, RegistrationMode
from userkit.features.users.routes import UserResponse, user_reply
from userkit.http.route import PUBLIC, AnyRoute, Call, Reply, Route, permission
from userkit.http.schemas import Attributes, Email, Omittable, Password, PersonName, RequestModel

__all__ = ["UserCreate", "routes"]

_REFUSED: Mapping[RegistrationMode, tuple[type[UserKitError], ...]] = {
    RegistrationMode.OPEN: (EmailAlreadyExistsError, RateLimitedError),
    # To whoever may open accounts for others it tells when an address has one.
    RegistrationMode.PRIVATE: (EmailAlreadyExistsError, RateLimitedError),
    RegistrationMode.CLOSED: (EmailAlreadyExistsError,),
}


class UserCreate(RequestModel):
    """Somebody who wants an account."""

    email: Email
    name: PersonName
    password: Omittable[Password] = None
    attributes: Omittable[Attributes] = None


def routes(registration: Registration) -> Sequence[AnyRoute]:
    """Return the routes of registration."""
    private = registration.mode is RegistrationMode.PRIVATE
    closed = registration.mode is RegistrationMode.CLOSED

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
            access=permission(OPENING) if closed else PUBLIC,
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
