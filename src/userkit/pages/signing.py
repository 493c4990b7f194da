"""The pages where people sign up, sign in and sign out."""

from contextlib import suppress
from dataclasses import dataclass

from userkit.errors import (
    EmailAlreadyExistsError,
    EmailNotVerifiedError,
    InvalidCredentialsError,
    InvalidEmailError,
    InvalidNameError,
    NotFoundError,
    ProofRequiredError,
    WeakPasswordError,
)
from userkit.features.passwords import Passwords
from userkit.features.registration import Registration
from userkit.features.sessions import Sessions
from userkit.http.browser import Browser
from userkit.http.messages import Headers
from userkit.pages.page import Answer, At, Goto, Page, Shown, Visit, Whom
from userkit.pages.paths import Paths

__all__ = ["ConfirmPassword", "SignIn", "SignOut", "SignUp"]

PROOF = "proof-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Open a session for a browser. ``home`` is where people come to when they wanted nothing else."""

    sessions: Sessions
    browser: Browser
    home: str

    async def __call__(self, visit: Visit) -> Headers:
        """Sign in with what the form says, and return the cookies. Raises as ``sign_in_opaque``."""
        opened = await self.sessions.sign_in_opaque(
            email=visit.said("email"), password=visit.said("password"), proofs=visit.saying(PROOF)
        )
        await self._leave(visit)
        return self.browser.signed_in(opened.token, opened.session_id, expires_in=opened.expires_in)

    async def _leave(self, visit: Visit) -> None:
        # The browser forgets the session that it had, so nobody could end it any more.
        if visit.visitor is not None:
            with suppress(NotFoundError):
                await self.sessions.end(visit.visitor.session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Page):
    """Sign in with a password."""

    name = "sign-in"
    title = "Sign in"
    whom = Whom.STRANGERS
    takes = ("email", "password")
    takes_some = (PROOF,)

    enter: Entrance

    async def act(self, visit: Visit) -> Answer:
        """Sign in. What is wrong is not told (LG-3)."""
        cookies = await self.enter(visit)
        return Goto(path=visit.next or self.enter.home, headers=cookies)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp(Page):
    """Open an account."""

    name = "sign-up"
    title = "Create an account"
    whom = Whom.STRANGERS
    takes = ("email", "name", "password")
    at = (
        At(InvalidEmailError, "email"),
        At(EmailAlreadyExistsError, "email"),
        At(InvalidNameError, "name"),
        At(WeakPasswordError, "password"),
    )

    registration: Registration
    enter: Entrance
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Open the account and sign in, where nothing else is to be done before."""
        user = await self.registration.sign_up(
            email=visit.said("email"), name=visit.said("name"), password=visit.said("password")
        )
        look = Goto(path=self.paths.to("sign-in", did="look-into-your-mail", next=visit.next))
        if user is None:
            return look
        try:
            cookies = await self.enter(visit)
        except EmailNotVerifiedError:
            return look
        except ProofRequiredError:
            return Goto(path=self.paths.to("sign-in", did="welcome", next=visit.next))
        welcome = self.paths.to("overview", did="welcome")
        return Goto(path=visit.next or welcome, headers=cookies)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut(Page):
    """End the session of this browser."""

    name = "sign-out"
    title = "Sign out"
    comes_back = False

    sessions: Sessions
    browser: Browser
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Sign out."""
        with suppress(NotFoundError):
            await self.sessions.end(visit.member.session_id)
        return Goto(path=self.paths.to("sign-in", did="signed-out"), headers=self.browser.signed_out())


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPassword(Page):
    """Prove again who one is, and go on."""

    name = "confirm-password"
    title = "Confirm your password"
    takes = ("password",)
    at = (At(InvalidCredentialsError, "password", "This is not your password."),)

    sessions: Sessions
    passwords: Passwords
    paths: Paths

    async def show(self, visit: Visit) -> Answer:
        """Ask for the password, if there is one."""
        return Shown(context={"has_password": await self.passwords.exists(visit.member.user.id)})

    async def act(self, visit: Visit) -> Answer:
        """Make the session fresh."""
        await self.sessions.reauthenticate(visit.member.session_id, password=visit.said("password"))
        return Goto(path=visit.next or self.paths.to("overview"))
