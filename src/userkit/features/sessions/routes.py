"""Signing in, refreshing, signing out over HTTP."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field

from userkit.errors import (
    EmailNotVerifiedError,
    InvalidCredentialsError,
    InvalidCursorError,
    NotFoundError,
    OverloadedError,
    ProofRequiredError,
    RateLimitedError,
    UnauthenticatedError,
)
from userkit.features.sessions.model import Session
from userkit.features.sessions.offer import Sessions
from userkit.features.sessions.tokens import TokenPair
from userkit.http.route import FORM, PUBLIC, SESSION, AnyCall, AnyRoute, Call, Reply, Route
from userkit.http.schemas import (
    Email,
    Id,
    Omittable,
    Paging,
    Password,
    ReplyModel,
    RequestModel,
    Text,
    Timestamp,
)

__all__ = [
    "EndSessionsQuery",
    "JsonWebKeySet",
    "Login",
    "LoginQuery",
    "PasswordForm",
    "Reauthentication",
    "Refresh",
    "SessionPage",
    "SessionResponse",
    "TokenPairResponse",
    "routes",
]

_TAG = "sign-in and sessions"
_GUESSING = (InvalidCredentialsError, RateLimitedError, OverloadedError)
_SIGNING_IN = (*_GUESSING, ProofRequiredError, EmailNotVerifiedError)
_COOKIES = {"Set-Cookie": "With `transport=cookie`: what opens the session, and the CSRF token."}


class Login(RequestModel):
    """An address and a password, and further proofs where they are asked for."""

    email: Email
    password: Password
    proofs: Omittable[dict[str, Text]] = None


class LoginQuery(RequestModel):
    """How the session is to be opened."""

    transport: Annotated[
        Literal["bearer", "cookie"],
        Field(description="`cookie` for browsers: the answer has no tokens, and sets a cookie."),
    ] = "bearer"


class PasswordForm(RequestModel):
    """The password form of OAuth 2 (RFC 6749, section 4.3.2); the user name is the address."""

    username: Email
    password: Password
    grant_type: Omittable[Literal["password"]] = None
    scope: Omittable[Text] = None
    client_id: Omittable[Text] = None
    client_secret: Omittable[Text] = None


class Refresh(RequestModel):
    """A refresh token."""

    refresh_token: Annotated[Text, Field(examples=["ukr_…"])]


class Reauthentication(RequestModel):
    """The password of whoever is signed in."""

    password: Password


class EndSessionsQuery(RequestModel):
    """Which sessions."""

    all: Annotated[bool, Field(description="End this session as well.")] = False


class TokenPairResponse(ReplyModel):
    """Tokens; `expires_in` is how many seconds the access token is good."""

    model_config = ConfigDict(title="TokenPair")

    access_token: str = Field(repr=False)
    token_type: Literal["bearer"]
    expires_in: int
    refresh_token: str = Field(repr=False)

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        """Return what a client gets."""
        return cls(
            access_token=pair.access_token,
            token_type="bearer",  # noqa: S106  # its kind (RFC 6750), no secret
            expires_in=pair.expires_in,
            refresh_token=pair.refresh_token,
        )


class SessionResponse(ReplyModel):
    """Where somebody is signed in; `current` is the session that asks."""

    id: Id
    created_at: Timestamp
    last_used_at: Timestamp
    expires_at: Timestamp
    user_agent: str | None
    address: str | None
    methods: list[str] = Field(description="How they have shown who they are (RFC 8176).")
    current: bool

    @classmethod
    def of(cls, session: Session, *, current: str) -> Self:
        """Return what is shown of a session."""
        return cls(
            id=session.id,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            user_agent=session.user_agent,
            address=session.address,
            methods=sorted(session.methods),
            current=session.id == current,
        )


class SessionPage(ReplyModel):
    """Some sessions, the newest first; `next` is the `after` of the page that follows."""

    items: list[SessionResponse]
    next: str | None


class JsonWebKeySet(ReplyModel):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, Any]]


def routes(sessions: Sessions) -> Sequence[AnyRoute]:
    """Return the routes of sign-in and sessions."""

    async def login(call: Call[Login, LoginQuery]) -> Reply:
        given = {"email": call.body.email, "password": call.body.password}
        if call.query.transport == "bearer":
            return _tokens(await sessions.sign_in(**given, proofs=call.body.proofs))
        call.browser.check(call.request)
        opened = await sessions.sign_in_opaque(**given, proofs=call.body.proofs)
        cookies = call.browser.signed_in(opened.token, opened.session_id, expires_in=opened.expires_in)
        return Reply(status=204, headers=cookies)

    async def token(call: Call[PasswordForm, None]) -> Reply:
        return _tokens(await sessions.sign_in(email=call.body.username, password=call.body.password))

    async def refresh(call: Call[Refresh, None]) -> Reply:
        return _tokens(await sessions.refresh(call.body.refresh_token))

    async def logout(call: AnyCall) -> Reply:
        # Whoever signs out twice, or in two windows at once, is signed out.
        with suppress(NotFoundError):
            await sessions.end(call.session_id, user_id=call.identity.user_id)
        return _signed_out(call)

    async def reauthenticate(call: Call[Reauthentication, None]) -> Reply:
        await sessions.reauthenticate(call.session_id, password=call.body.password)
        return Reply()

    async def list_sessions(call: Call[None, Paging]) -> Reply:
        page = await sessions.list(call.identity.user_id, limit=call.query.limit, after=call.query.after)
        items = [SessionResponse.of(each, current=call.session_id) for each in page.items]
        return Reply(value=SessionPage(items=items, next=page.next))

    async def end_session(call: AnyCall) -> Reply:
        await sessions.end(call.path("id"), user_id=call.identity.user_id)
        return _signed_out(call) if call.path("id") == call.session_id else Reply()

    async def end_all(call: Call[None, EndSessionsQuery]) -> Reply:
        spared = None if call.query.all else call.session_id
        await sessions.end_all(call.identity.user_id, except_session=spared)
        return _signed_out(call) if call.query.all else Reply()

    async def jwks(_: AnyCall) -> Reply:
        return Reply(value=JsonWebKeySet(keys=list(sessions.sign_in.authentication.jwks()["keys"])))

    return (
        Route(
            method="POST",
            path="/auth/login",
            name="login",
            summary="Sign in with a password",
            description="An unknown address, a wrong password and a closed account are answered alike.",
            handler=login,
            access=PUBLIC,
            tag=_TAG,
            body=Login,
            query=LoginQuery,
            reply=TokenPairResponse,
            also={204: "Signed in with a cookie."},
            errors=_SIGNING_IN,
            headers=_COOKIES,
        ),
        Route(
            method="POST",
            path="/auth/token",
            name="token",
            summary="Sign in with the password form of OAuth 2",
            description="The Authorize button of the documentation uses it.",
            handler=token,
            access=PUBLIC,
            tag=_TAG,
            body=PasswordForm,
            media_type=FORM,
            reply=TokenPairResponse,
            errors=_SIGNING_IN,
        ),
        Route(
            method="POST",
            path="/auth/refresh",
            name="refresh",
            summary="Exchange a refresh token for new tokens",
            description="A refresh token is good once. One that was spent before ends its session.",
            handler=refresh,
            access=PUBLIC,
            tag=_TAG,
            body=Refresh,
            reply=TokenPairResponse,
            errors=(UnauthenticatedError,),
        ),
        Route(
            method="POST",
            path="/auth/logout",
            name="logout",
            summary="Sign out",
            description="This session ends; one that has ended already is no error.",
            handler=logout,
            access=SESSION,
            tag=_TAG,
            status=204,
        ),
        Route(
            method="POST",
            path="/auth/reauthenticate",
            name="reauthenticate",
            summary="Prove again who you are",
            description="For five minutes what is dangerous is open.",
            handler=reauthenticate,
            access=SESSION,
            tag=_TAG,
            body=Reauthentication,
            status=204,
            errors=_GUESSING,
        ),
        Route(
            method="GET",
            path="/auth/sessions",
            name="list_sessions",
            summary="List where you are signed in",
            handler=list_sessions,
            access=SESSION,
            tag=_TAG,
            query=Paging,
            reply=SessionPage,
            errors=(InvalidCursorError,),
        ),
        Route(
            method="DELETE",
            path="/auth/sessions",
            name="end_sessions",
            summary="Sign out everywhere else",
            handler=end_all,
            access=SESSION,
            tag=_TAG,
            query=EndSessionsQuery,
            status=204,
        ),
        Route(
            method="DELETE",
            path="/auth/sessions/{id}",
            name="end_session",
            summary="Sign out of one session",
            handler=end_session,
            access=SESSION,
            tag=_TAG,
            status=204,
        ),
        Route(
            method="GET",
            path="/auth/jwks",
            name="jwks",
            summary="Read the public signing keys",
            description="The set is empty where a shared secret signs.",
            handler=jwks,
            access=PUBLIC,
            tag=_TAG,
            reply=JsonWebKeySet,
            cacheable="public, max-age=300",
        ),
    )


def _tokens(pair: TokenPair) -> Reply:
    return Reply(value=TokenPairResponse.of(pair))


def _signed_out(call: AnyCall) -> Reply:
    return Reply(headers=call.browser.signed_out() if call.has_cookie else ())
