"""The pages of one's own account: what it is, what it is called, and its end."""

from dataclasses import dataclass

from userkit.errors import InvalidInputError, InvalidNameError
from userkit.features.email_verification import EmailVerification
from userkit.features.users import Users
from userkit.http.browser import Browser
from userkit.pages.page import Answer, At, Goto, Page, Visit, Whom
from userkit.pages.paths import Paths

__all__ = ["DeleteAccount", "Overview", "Profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(Page):
    """What there is to look after."""

    name = "overview"
    title = "Your account"

    verification: EmailVerification
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Send the link once more that confirms the address."""
        await self.verification.request(visit.member.user.id)
        return Goto(path=self.paths.to("overview", did="verification-sent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Page):
    """What one is called."""

    name = "profile"
    title = "Profile"
    takes = ("name",)
    at = (At(InvalidNameError, "name"),)

    users: Users
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Change the name."""
        await self.users.update(visit.member.user.id, name=visit.said("name"))
        return Goto(path=self.paths.to("profile", did="saved"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAccount(Page):
    """Delete the account for good."""

    name = "delete-account"
    title = "Delete your account"
    whom = Whom.FRESH
    takes = ("sure",)
    at = (At(InvalidInputError, "sure"),)

    users: Users
    browser: Browser
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Delete the account of somebody who is sure."""
        if visit.said("sure") != "yes":
            raise InvalidInputError("Say that you are sure.")
        await self.users.delete(visit.member.user.id)
        return Goto(path=self.paths.to("sign-in", did="deleted"), headers=self.browser.signed_out())
