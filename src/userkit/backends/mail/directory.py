"""A mailer that writes each mail to a file, for development and for programs that pick mail up."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from userkit.backends.mail.composing import compose
from userkit.errors import InvalidURLError, MailUnavailableError
from userkit.kernel.clock import Clock, utc_now
from userkit.kernel.ids import UUIDv7
from userkit.ports.mail import Message

__all__ = ["DirectoryMailer"]

_SCHEME = "directory://"


class DirectoryMailer:
    """Write each mail to a file of its own in a folder; sorted by name is sorted by time.

    A file appears when it is complete, and only its owner may read it.
    """

    blocking = True

    def __init__(
        self, folder: str | Path, *, sender: str = "no-reply@localhost.localdomain", now: Clock = utc_now
    ) -> None:
        """Take the folder; it is made with the first mail where it is missing."""
        self.folder = Path(folder)
        self.sender = sender
        self._now = now
        self._new_id = UUIDv7(now)

    @classmethod
    def of(cls, url: str) -> Self:
        """Read ``directory:///absolute/path`` or ``directory://relative/path``. Raises InvalidURLError."""
        path = unquote(url.removeprefix(_SCHEME))
        if not url.startswith(_SCHEME) or not path or any(mark in url for mark in "?#") or "\0" in path:
            raise InvalidURLError(
                "A mail folder is directory:///absolute/path or directory://relative/path, without options."
            )
        return cls(path)

    async def send(self, message: Message) -> None:
        """Write a message. Raises MailRefusedError, and MailUnavailableError when it cannot be written."""
        moment = self._now()
        composed = compose(message, sender=self.sender, now=moment)
        name = f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z-{self._new_id()}.eml"
        problem = _written(self.folder, name, composed.content)
        if problem:
            raise MailUnavailableError(f"The mail cannot be written to its folder: {problem}.")

    async def close(self) -> None:
        """Do nothing: no file is kept open."""


def _written(folder: Path, name: str, content: bytes) -> str | None:
    hidden = folder / f".{name}.{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(content)
                os.fsync(file.fileno())
            hidden.rename(folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                hidden.unlink()
            raise
    except OSError as error:
        return error.strerror or type(error).__name__
    return None
