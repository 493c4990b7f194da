"""The pages where people make and revoke the keys of their programs."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from userkit.errors import InvalidCursorError, InvalidInputError, InvalidNameError, NotFoundError
from userkit.features.api_keys import ApiKeys
from userkit.features.roles import Roles
from userkit.kernel.clock import Clock
from userkit.pages.page import Answer, At, Goto, Page, Shown, Visit, Whom
from userkit.pages.paths import Paths

__all__ = ["ApiKeysPage", "NewApiKeyPage"]

_SHOWN = 25
SCOPE = "scope-"
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "A year", "": "Until it is revoked"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeysPage(Page):
    """Which keys there are."""

    name = "api-keys"
    title = "API keys"
    takes = ("key",)

    api_keys: ApiKeys
    now: Clock
    paths: Paths

    async def show(self, visit: Visit) -> Answer:
        """List the keys, the newest first."""
        user_id, after = visit.member.user.id, visit.query.get("after")
        try:
            page = await self.api_keys.list(user_id, limit=_SHOWN, after=after)
        except InvalidCursorError:
            return Goto(path=self.paths.to("api-keys"))
        return Shown(context={"keys": page.items, "now": self.now(), "next_page": page.next})

    async def act(self, visit: Visit) -> Answer:
        """Revoke a key."""
        # One that is gone already is what was wanted, and that of somebody else is none.
        with suppress(NotFoundError):
            await self.api_keys.revoke(visit.member.user.id, visit.said("key"))
        return Goto(path=self.paths.to("api-keys", did="key-revoked"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKeyPage(Page):
    """Make a key, which is shown once: the one form that answers with a page and not with another."""

    name = "new-api-key"
    title = "New API key"
    whom = Whom.FRESH
    takes = ("name", "days")
    takes_some = (SCOPE,)
    at = (At(InvalidNameError, "name"),)

    api_keys: ApiKeys
    roles: Roles
    now: Clock

    async def show(self, visit: Visit) -> Answer:
        """Ask for a name, for how long, and for what."""
        permissions = sorted(await self.roles.permissions(visit.member.user.id))
        return Shown(context={"permissions": permissions, "lifetimes": LIFETIMES})

    async def act(self, visit: Visit) -> Answer:
        """Make the key and show it."""
        days = visit.said("days")
        if days not in LIFETIMES:
            raise InvalidInputError("Choose for how long the key is good.")
        key = await self.api_keys.create(
            visit.member.user.id,
            name=visit.said("name"),
            scopes=sorted(visit.saying(SCOPE)),
            expires_at=self.now() + timedelta(days=int(days)) if days else None,
            by=visit.member.identity,
        )
        return Shown(context={"key": key}, template="api_key.html", title="Your new API key", status=201)
