"""The pages where people confirm and change their address."""

from dataclasses import dataclass

from userkit.errors import InvalidCredentialsError, InvalidEmailError, InvalidTokenError
from userkit.features.email_verification import EmailVerification
from userkit.features.email_verification.letters import VERIFY
from userkit.features.links import Links
from userkit.pages.forms import token_in
from userkit.pages.page import Answer, At, Goto, Page, Shown, Visit, Whom
from userkit.pages.paths import Paths

__all__ = ["ChangeEmail", "NewEmail", "VerifyEmail"]

TAKE_OVER = "take-over"
PASSWORD = "password"  # noqa: S105  # the name of a button


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEmail(Page):
    """Confirm an address with the link that was sent to it.

    Who confirms it shows that they have registered it: they are signed in, or know the password. Else
    they take the account over, and must say so, since that ends what somebody else may have begun.
    """

    name = "verify-email"
    title = "Confirm your address"
    whom = Whom.ANYBODY
    takes = ("link", "password", "how")
    at = (
        At(InvalidTokenError, "link"),
        At(InvalidCredentialsError, "password", "This is not the password of the account."),
    )

    verification: EmailVerification
    links: Links
    paths: Paths

    async def show(self, visit: Visit) -> Answer:
        """Ask who signed up, unless somebody is signed in and it is likely to be them."""
        return Shown(context={"choice": visit.visitor is None or "how" in visit.fields, "other": False})

    async def act(self, visit: Visit) -> Answer:
        """Confirm the address in the way that was chosen."""
        token, how = token_in(visit.said("link")), visit.said("how")
        _, user = await self.links.look(token, VERIFY)
        own = visit.visitor is not None and visit.visitor.user.id == user.id
        if own or user.is_email_verified:
            identity = visit.visitor.identity if visit.visitor is not None else None
            await self.verification.complete(token=token, identity=identity)
        elif how == PASSWORD:
            await self.verification.complete(token=token, password=visit.said("password"))
        elif how == TAKE_OVER:
            return await self._taken_over(token)
        else:
            return self._asked(visit)
        return Goto(path=self.paths.to("sign-in" if visit.visitor is None else "overview", did="verified"))

    async def _taken_over(self, token: str) -> Goto:
        await self.verification.complete(token=token)
        return Goto(path=self.paths.to("forgot-password", did="taken-over"))

    def _asked(self, visit: Visit) -> Shown:
        """Ask what to do with the link of an account that nobody here is signed in to."""
        return Shown(context={"choice": True, "other": visit.visitor is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmail(Page):
    """Ask for another address."""

    name = "new-email"
    title = "Change your address"
    whom = Whom.FRESH
    takes = ("email",)
    at = (At(InvalidEmailError, "email"),)

    verification: EmailVerification
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Send a link to the new address, and tell the old one."""
        member = visit.member
        await self.verification.change(member.user.id, email=visit.said("email"), by=member.identity)
        return Goto(path=self.paths.to("overview", did="change-sent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEmail(Page):
    """Move to another address with the link that was sent there."""

    name = "change-email"
    title = "Change your address"
    whom = Whom.ANYBODY
    takes = ("link",)
    at = (At(InvalidTokenError, "link"),)

    verification: EmailVerification
    paths: Paths

    async def act(self, visit: Visit) -> Answer:
        """Make the change."""
        await self.verification.confirm_change(token=token_in(visit.said("link")))
        after = "sign-in" if visit.visitor is None else "overview"
        return Goto(path=self.paths.to(after, did="email-changed"))
