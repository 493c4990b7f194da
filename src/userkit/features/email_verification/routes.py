"""Confirming and changing addresses over HTTP."""

from collections.abc import Sequence

from userkit.errors import (
    EmailAlreadyExistsError,
    InvalidCredentialsError,
    InvalidEmailError,
    InvalidTokenError,
    OverloadedError,
    RateLimitedError,
)
from userkit.features.email_verification.offer import EmailVerification
from userkit.http.route import FRESH, PUBLIC, SESSION, AnyCall, AnyRoute, Call, Reply, Route
from userkit.http.schemas import Email, LinkSecret, Omittable, Password, RequestModel

__all__ = ["EmailChange", "LinkToken", "VerificationToken", "routes"]

_TAG = "passwords and e-mail"


class VerificationToken(RequestModel):
    """The token of a link, and the password of the account where nobody is signed in to it."""

    token: LinkSecret
    password: Omittable[Password] = None


class LinkToken(RequestModel):
    """The token of a link."""

    token: LinkSecret


class EmailChange(RequestModel):
    """The address that shall be."""

    email: Email


def routes(verification: EmailVerification) -> Sequence[AnyRoute]:
    """Return the routes of addresses."""

    async def request(call: AnyCall) -> Reply:
        await verification.request(call.identity.user_id)
        return Reply()

    async def verify(call: Call[VerificationToken, None]) -> Reply:
        await verification.complete(token=call.body.token, identity=call.caller, password=call.body.password)
        return Reply()

    async def change(call: Call[EmailChange, None]) -> Reply:
        await verification.change(call.identity.user_id, email=call.body.email, by=call.identity)
        return Reply()

    async def confirm(call: Call[LinkToken, None]) -> Reply:
        await verification.confirm_change(token=call.body.token)
        return Reply()

    return (
        Route(
            method="POST",
            path="/auth/email/verify/request",
            name="request_verification",
            summary="Ask for a link that confirms your address",
            handler=request,
            access=SESSION,
            tag=_TAG,
            status=202,
            errors=(RateLimitedError,),
        ),
        Route(
            method="POST",
            path="/auth/email/verify",
            name="verify_email",
            summary="Confirm an address",
            description="Whoever is signed in to the account, or gives its password, shows that they have "
            "registered it. Else the account is taken over by whoever reads its mail: the password and all "
            "sessions end.",
            handler=verify,
            access=PUBLIC,
            tag=_TAG,
            body=VerificationToken,
            status=204,
            errors=(InvalidTokenError, InvalidCredentialsError, RateLimitedError, OverloadedError),
        ),
        Route(
            method="POST",
            path="/auth/email/change",
            name="change_email",
            summary="Ask a new address whether it shall be yours",
            handler=change,
            access=FRESH,
            tag=_TAG,
            body=EmailChange,
            status=202,
            errors=(InvalidEmailError, RateLimitedError),
        ),
        Route(
            method="POST",
            path="/auth/email/change/confirm",
            name="confirm_email_change",
            summary="Move to a new address",
            handler=confirm,
            access=PUBLIC,
            tag=_TAG,
            body=LinkToken,
            status=204,
            errors=(InvalidTokenError, EmailAlreadyExistsError),
        ),
    )
