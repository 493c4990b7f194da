"""Forgotten passwords over HTTP."""

from collections.abc import Sequence

from userkit.errors import (
    InvalidEmailError,
    InvalidTokenError,
    OverloadedError,
    RateLimitedError,
    WeakPasswordError,
)
from userkit.features.password_reset.offer import PasswordReset
from userkit.http.route import PUBLIC, AnyRoute, Call, Reply, Route
from userkit.http.schemas import Email, LinkSecret, Password, RequestModel

__all__ = ["ForgottenPassword", "NewPassword", "routes"]

_TAG = "passwords and e-mail"


class ForgottenPassword(RequestModel):
    """The address of an account."""

    email: Email


class NewPassword(RequestModel):
    """The token of a link, and the password that shall be."""

    token: LinkSecret
    password: Password


def routes(password_reset: PasswordReset) -> Sequence[AnyRoute]:
    """Return the routes of forgotten passwords."""

    async def forgot(call: Call[ForgottenPassword, None]) -> Reply:
        await password_reset.request(email=call.body.email)
        return Reply()

    async def reset(call: Call[NewPassword, None]) -> Reply:
        await password_reset.complete(token=call.body.token, password=call.body.password)
        return Reply()

    return (
        Route(
            method="POST",
            path="/auth/password/forgot",
            name="forgot_password",
            summary="Ask for a link that replaces a forgotten password",
            description="The answer is the same whether or not anybody has the address.",
            handler=forgot,
            access=PUBLIC,
            tag=_TAG,
            body=ForgottenPassword,
            status=202,
            errors=(InvalidEmailError, RateLimitedError),
        ),
        Route(
            method="POST",
            path="/auth/password/reset",
            name="reset_password",
            summary="Replace a forgotten password",
            description="All sessions end, and nobody is signed in by it.",
            handler=reset,
            access=PUBLIC,
            tag=_TAG,
            body=NewPassword,
            status=204,
            errors=(InvalidTokenError, WeakPasswordError, OverloadedError),
        ),
    )
