"""Letters as other features see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from userkit.errors import MailerMissingError, UsageError
from userkit.features.mail.delivery import DeliverLetter, LinkMaker, LinkSource, Written
from userkit.features.mail.letters import LetterKind
from userkit.features.outbox.offer import Outbox
from userkit.storage.changes import Change

__all__ = ["TOPIC", "Letters", "SyncLetters"]

TOPIC = "letter"
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Put letters into a commit; they are delivered after it, by whoever empties the outbox.

    A feature gets it by ``parts.offer(Letters)`` and names ``mail`` in ``requires``. It makes links
    known when it is built, and writes letters beside what they tell of::

        letters.link_for("verify_email", make_token, lifetime=timedelta(hours=24))
        await store.commit(Add(user), letters.write("verify_email", user_id=user.id, to=user.email,
                                                    context={"user_name": user.name}, link="verify_email"))
    """

    outbox: Outbox
    deliver: DeliverLetter | None

    @property
    def available(self) -> bool:
        """Tell whether mail can be sent."""
        return self.deliver is not None

    def require(self) -> DeliverLetter:
        """Return what delivers letters. Raises MailerMissingError, which says how to send mail."""
        if self.deliver is None:
            raise MailerMissingError(
                "This needs mail, and the kit has no mailer: "
                'UserKit(…, mailer="smtp://user:password@mail.example", base_url="https://app.example").'
            )
        return self.deliver

    def add(self, kind: LetterKind) -> None:
        """Make a kind of letter known; its templates are tried at once.

        Raises UsageError when the name is taken, and ConfigurationError when a template is wrong.
        """
        if self.deliver is not None:
            self.deliver.renderer.add(kind)

    def link_for(self, purpose: str, make: LinkMaker, *, lifetime: timedelta) -> None:
        """Let ``make`` make the tokens of links for a purpose. Raises UsageError when two do."""
        if self.deliver is None:
            return
        sources = self.deliver.links.sources
        if purpose in sources:
            raise UsageError(f"Two features make links for {purpose}.")
        sources[purpose] = LinkSource(make=make, lifetime=lifetime)

    def write(
        self,
        letter: str,
        *,
        user_id: str | None,
        to: str,
        context: Mapping[str, Any] = _NOTHING,
        link: str | None = None,
        note: Mapping[str, Any] = _NOTHING,
    ) -> Change:
        """Return the letter as a change, to be committed together with what it tells of.

        ``to`` is the stored address; ``context`` is JSON for the template, such as ``user_name``;
        ``link`` is the purpose of the link, whose token is made when the letter is delivered, and
        ``note`` is JSON for whoever makes it. No secret belongs into any of them.

        Raises MailerMissingError, and UsageError when the letter lacks something.
        """
        kind = self.require().renderer.kind(letter)
        missing = sorted(kind.needs.keys() - context.keys())
        if missing or kind.link is not (link is not None):
            lacks = ", ".join(missing) or ("a link" if kind.link else "no link")
            raise UsageError(f"The letter {letter} needs {lacks}.")
        written = Written(letter=letter, to=to, context=context, link=link, note=note)
        return self.outbox.entry(TOPIC, written.payload(), user_id=user_id)

    def notice(
        self, letter: str, *, user_id: str | None, to: str, context: Mapping[str, Any] = _NOTHING
    ) -> tuple[Change, ...]:
        """Return a letter that is good to have, or nothing where no mail can be sent. See ``write``."""
        return (self.write(letter, user_id=user_id, to=to, context=context),) if self.available else ()


class SyncLetters:
    """The same for the synchronous kit: nothing of it waits."""

    def __init__(self, letters: Letters) -> None:
        """Mirror the letters."""
        self.letters = letters

    @property
    def available(self) -> bool:
        """Tell whether mail can be sent."""
        return self.letters.available
