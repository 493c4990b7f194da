"""The pages for a password that is forgotten, or shall be another."""

from dataclasses import dataclass

from userkit.errors import (
    InvalidCredentialsError,
    InvalidEmailError,
    InvalidTokenError,
    WeakPasswordError,
)
from userkit.features.password_reset import PasswordReset
from userkit.features.passwords import Passwords
from userkit.http.browser import Browser
from userkit.pages.forms import token_in
from userkit.pages.page import Answer, At, Goto, Page, Shown, Visit, Whom
from userkit.pages.paths import Paths

__all__ = ["ChangePassword", "ForgotPassword", "ResetPassword"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgotPassword(Page):
    """Ask for a link to choose a new password."""

    name = "forgot-password"
    title = "Forgot your password?"
    whom = Whom.ANYBODY
    takes = ("email",)
    at = (At(InvalidEmailError, "email"),)

    password_reset: PasswordReset
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Send a link, if anybody has the address; what is said is always the same."""
        await self.password_reset.request(email=visit.said("email"))
        return Goto(path=self.paths.to("forgot-password", did="reset-sent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPassword(Page):
    """Choose a new password with the link from a mail."""

    name = "reset-password"
    title = "Choose a new password"
    whom = Whom.ANYBODY
    takes = ("link", "password")
    at = (At(InvalidTokenError, "link"), At(WeakPasswordError, "password"))

    password_reset: PasswordReset
    browser: Browser
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Replace the password. It signs nobody in."""
        token = token_in(visit.said("link"))
        user = await self.password_reset.complete(token=token, password=visit.said("password"))
        own = visit.visitor is not None and visit.visitor.user.id == user.id
        # All sessions of the account have ended, so this browser's as well if it was one of them.
        cookies = self.browser.signed_out() if own else ()
        return Goto(path=self.paths.to("sign-in", did="password-reset"), headers=cookies)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword(Page):
    """Change the password, knowing the old one."""

    name = "change-password"
    title = "Password"
    takes = ("current_password", "new_password")
    at = (
        At(InvalidCredentialsError, "current_password", "This is not your password."),
        At(WeakPasswordError, "new_password"),
    )

    passwords: Passwords
    paths: Paths

    async def show(self, visit: Visit) -> Answer:
        """Ask for both passwords, if there is an old one."""
        return Shown(context={"has_password": await self.passwords.exists(visit.member.user.id)})

    async def act(self, visit: Visit) -> Answer:
        """Change the password; this session stays."""
        await self.passwords.change(
            visit.member.user.id,
            current_password=visit.said("current_password"),
            new_password=visit.said("new_password"),
            session_id=visit.member.session_id,
        )
        return Goto(path=self.paths.to("change-password", did="password-changed"))
