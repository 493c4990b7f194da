"""Changing a password over HTTP."""

from collections.abc import Sequence

from userkit.errors import InvalidCredentialsError, OverloadedError, RateLimitedError, WeakPasswordError
from userkit.features.passwords.offer import Passwords
from userkit.http.route import SESSION, AnyRoute, Call, Reply, Route
from userkit.http.schemas import Password, RequestModel

__all__ = ["PasswordChange", "routes"]


class PasswordChange(RequestModel):
    """The password as it is and as it shall be."""

    current_password: Password
    new_password: Password


def routes(passwords: Passwords) -> Sequence[AnyRoute]:
    """Return the routes of passwords."""

    async def change(call: Call[PasswordChange, None]) -> Reply:
        await passwords.change(
            call.identity.user_id,
            current_password=call.body.current_password,
            new_password=call.body.new_password,
            session_id=call.session_id,
        )
        return Reply()

    return (
        Route(
            method="POST",
            path="/auth/password/change",
            name="change_password",
            summary="Change your password",
            description="All other sessions end.",
            handler=change,
            access=SESSION,
            tag="passwords and e-mail",
            body=PasswordChange,
            status=204,
            errors=(WeakPasswordError, InvalidCredentialsError, RateLimitedError, OverloadedError),
        ),
    )
