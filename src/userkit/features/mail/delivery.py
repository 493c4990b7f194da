"""Delivering letters: what is in the outbox is rendered and handed to the mailer."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from userkit.errors import MailRefusedError, UsageError
from userkit.features.mail.events import LetterFailed
from userkit.features.mail.letters import LetterKind
from userkit.features.mail.rendering import Link, Renderer
from userkit.features.outbox.model import OutboxEntry
from userkit.kernel.clock import Clock
from userkit.kernel.json import JSONObject
from userkit.ports.mail import Mailer, Message
from userkit.storage.journal import Journal

__all__ = ["DeliverLetter", "LinkMaker", "LinkSource", "Links", "Written"]

_log = logging.getLogger("userkit.mail")

LinkMaker = Callable[[OutboxEntry], Awaitable[str | None]]
"""Makes the token of a link when its letter is delivered; None when there is no more point in the letter.

``entry.payload["note"]`` is what was written with the letter. When the letter is tried again it must
make the same token: the first mail may have arrived after all, and mailboxes hide a second one that
has the same id.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSource:
    """How links for a purpose are made, and for how long they are good."""

    make: LinkMaker
    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Links in mails: the application's address, the path of a page, and a token that it gets.

    The token is in the fragment, which a browser shows to the page and to nobody else: neither the logs of
    servers nor the Referer header have it.
    """

    base_url: str
    paths: Mapping[str, str]
    sources: dict[str, LinkSource] = field(default_factory=dict)

    async def make(self, purpose: str, entry: OutboxEntry) -> Link | None:
        """Return the link of a letter, None when there is no more point in it. Raises UsageError."""
        source = self.sources.get(purpose)
        if source is None:
            raise UsageError(f"No feature of this kit makes links for {purpose}.")
        token = await source.make(entry)
        if token is None:
            return None
        path = self.paths.get(purpose, f"/{purpose.replace('_', '-')}")
        return Link(f"{self.base_url}{path}#token={quote(token, safe='')}", source.lifetime)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Written:
    """A letter as it waits in the outbox; no token is in it. ``note`` is for the maker of its link."""

    letter: str
    to: str
    context: JSONObject
    link: str | None
    note: JSONObject

    def payload(self) -> JSONObject:
        """Return what is kept."""
        return {
            "letter": self.letter,
            "to": self.to,
            "context": dict(self.context),
            "link": self.link,
            "note": dict(self.note),
        }

    @classmethod
    def of(cls, entry: OutboxEntry) -> "Written":
        """Read what was kept."""
        kept: Mapping[str, Any] = entry.payload
        return cls(**{name: kept[name] for name in ("letter", "to", "context", "link", "note")})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverLetter:
    """Deliver one letter of the outbox."""

    renderer: Renderer
    mailer: Mailer
    links: Links
    sender: str | None
    journal: Journal
    now: Clock

    async def __call__(self, entry: OutboxEntry) -> None:
        """Render a letter and send it, at least once.

        Raises MailUnavailableError when it should be tried again. One that is refused for good is
        given up: its failure is logged, and told as LetterFailed.
        """
        written = Written.of(entry)
        message = await self._message(entry, written, self.renderer.kind(written.letter))
        if message is None:
            return
        try:
            await self.mailer.send(message)
        except MailRefusedError as error:
            facts = {"letter": written.letter, "entry": entry.id, "user_id": entry.user_id}
            _log.warning("A letter was refused and given up: %s", error.detail, extra=facts)
            failed = LetterFailed(at=self.now(), user_id=entry.user_id, letter=written.letter)
            await self.journal.commit(tell=[failed])

    async def _message(self, entry: OutboxEntry, written: Written, kind: LetterKind) -> Message | None:
        link = None
        if written.link is not None:
            link = await self.links.make(written.link, entry)
            if link is None:
                _log.debug("There is no more point in a letter", extra={"entry": entry.id})
                return None
        rendered = self.renderer.render(kind, written.context, at=entry.created_at, link=link)
        return Message(
            id=entry.id,
            to=written.to,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            sender=self.sender,
            template=kind.name,
        )
