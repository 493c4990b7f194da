"""The page that shows where somebody is signed in."""

from contextlib import suppress
from dataclasses import dataclass

from userkit.errors import InvalidCursorError, NotFoundError
from userkit.features.sessions import Sessions
from userkit.http.browser import Browser
from userkit.pages.page import Answer, Goto, Page, Shown, Visit
from userkit.pages.paths import Paths

__all__ = ["SessionsPage"]

_SHOWN = 25
ALL = "all"
OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsPage(Page):
    """Where one is signed in, and signing out there."""

    name = "sessions"
    title = "Sessions"
    takes = ("session", "which")

    sessions: Sessions
    browser: Browser
    paths: Paths

    async def show(self, visit: Visit) -> Answer:
        """List the sessions, this one first."""
        user, after = visit.member.user, visit.query.get("after")
        try:
            page = await self.sessions.list(user.id, limit=_SHOWN, after=after)
        except InvalidCursorError:
            return Goto(path=self.paths.to("sessions"))
        current = visit.member.session_id
        items = sorted(page.items, key=lambda each: each.id != current)
        return Shown(context={"sessions": items, "current": current, "next_page": page.next})

    async def act(self, visit: Visit) -> Answer:
        """Sign out of one session, of all others, or everywhere."""
        which, user_id = visit.said("which"), visit.member.user.id
        if which == ALL:
            await self.sessions.end_all(user_id)
            return self._signed_out("signed-out-everywhere")
        if which == OTHERS:
            await self.sessions.end_all(user_id, except_session=visit.member.session_id)
            return Goto(path=self.paths.to("sessions", did="others-ended"))
        # One that has ended in the meantime is what was wanted, and that of somebody else is none.
        with suppress(NotFoundError):
            await self.sessions.end(visit.said("session"), user_id=user_id)
        if visit.said("session") == visit.member.session_id:
            return self._signed_out("signed-out")
        return Goto(path=self.paths.to("sessions", did="session-ended"))

    def _signed_out(self, did: str) -> Goto:
        return Goto(path=self.paths.to("sign-in", did=did), headers=self.browser.signed_out())
