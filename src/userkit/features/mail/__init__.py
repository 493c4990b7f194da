"""Mail: letters that other features write into their own commits, rendered and sent later."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from userkit.errors import ConfigurationError, InvalidEmailError
from userkit.feature import Feature, Parts
from userkit.features.mail.delivery import DeliverLetter, LinkMaker, Links
from userkit.features.mail.events import LetterFailed
from userkit.features.mail.letters import LETTERS, LetterKind
from userkit.features.mail.offer import TOPIC, Letters, SyncLetters
from userkit.features.mail.rendering import Renderer
from userkit.features.outbox.offer import Outbox
from userkit.kernel.email import EmailAddress

if TYPE_CHECKING:
    from jinja2 import BaseLoader

__all__ = ["LETTERS", "LetterFailed", "LetterKind", "Letters", "LinkMaker", "SyncLetters", "mail"]

_SENDER = re.compile(r"""(?:"?[^<>"]*"?\s*<([^<>]+)>|([^<>\s]+))""")
_NO_PATHS: Mapping[str, str] = {}


def mail(
    *,
    sender: str | None = None,
    templates: "Path | BaseLoader | None" = None,
    paths: Mapping[str, str] = _NO_PATHS,
) -> Feature[Letters, SyncLetters]:
    """Return the feature. It sends by the mailer of the kit; without one it writes no letters.

    - ``sender``: who mails are from, ``App <no-reply@app.example>``; None leaves it to the mailer.
    - ``templates``: a folder, or a loader of Jinja2, with templates in the place of userkit's own.
    - ``paths``: the pages that links lead to, by purpose: ``{"verify_email": "/welcome"}``. A
      purpose that is not named has a page of its own name, ``/verify-email``.

    Raises ConfigurationError.
    """
    checked = None if sender is None else _checked_sender(sender)
    pages = {purpose: _checked_path(path) for purpose, path in paths.items()}
    renderers: dict[str, Renderer] = {}

    def renderer(app_name: str) -> Renderer:
        # Every realm is built anew, and templates are the same in all of them.
        if app_name not in renderers:
            renderers[app_name] = Renderer(app_name=app_name, templates=templates)
        return renderers[app_name]

    def build(parts: Parts) -> Letters:
        outbox = parts.offer(Outbox)
        outbox.perishable.add(TOPIC)
        if parts.mailer is None:
            return Letters(outbox=outbox, deliver=None)
        if parts.base_url is None:
            raise ConfigurationError(
                'Links in mails need an address: UserKit(…, base_url="https://app.example"), or '
                "USERKIT_BASE_URL."
            )
        if checked is None and getattr(parts.mailer, "sender", "") is None:
            raise ConfigurationError(
                "Mails need a sender: add ?sender=no-reply@app.example to the URL of the mailer, or give "
                'features=[mail(sender="App <no-reply@app.example>")].'
            )
        deliver = DeliverLetter(
            renderer=renderer(parts.app_name),
            mailer=parts.mailer,
            links=Links(base_url=parts.base_url.rstrip("/"), paths=pages),
            sender=checked,
            journal=parts.journal,
            now=parts.now,
        )
        outbox.handle(TOPIC, deliver)
        return Letters(outbox=outbox, deliver=deliver)

    return Feature(name="mail", requires=("outbox",), build=build, mirror=SyncLetters)


def _checked_sender(sender: str) -> str:
    match = _SENDER.fullmatch(sender)
    try:
        EmailAddress.parse((match[1] or match[2]) if match else "")
    except InvalidEmailError:
        raise ConfigurationError(
            "A sender is an address, or a name and an address in angle brackets."
        ) from None
    if not sender.isprintable():
        raise ConfigurationError("A sender holds no line breaks or other control characters.")
    return sender


def _checked_path(path: str) -> str:
    if (
        not path.startswith("/")
        or path.startswith("//")
        or "#" in path
        or not path.isprintable()
        or " " in path
    ):
        raise ConfigurationError(
            "The path of a link begins with one slash, and has neither # nor blanks in it."
        )
    return path
