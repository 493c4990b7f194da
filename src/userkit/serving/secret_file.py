"""The secret of a server that nobody gave one: made once, in a file that only its owner may read."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from userkit.errors import ConfigurationError

__all__ = ["ensure_secret", "secret_beside"]

_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def secret_beside(database: Path) -> Path:
    """Return where the secret of a database in a file is kept."""
    return database.with_name(f"{database.name}.secret")


def ensure_secret(path: Path) -> bool:
    """Make sure that there is a secret in a file, and tell whether it was made just now.

    Of several processes that begin at once one makes it, and all have the same. Raises
    ConfigurationError when it cannot be made, and when anybody but its owner may read it.
    """
    made = not os.path.lexists(path) and _made(path)
    _check(path)
    return made


def _made(path: Path) -> bool:
    # It appears with its content, so that nobody reads half a secret.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write(draft, secrets.token_urlsafe(_BYTES))
            os.link(draft, path)
        finally:
            with suppress(OSError):
                draft.unlink()
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(
            f"The secret file {path} cannot be made: {error.strerror}. Choose a folder that can be written "
            "to, or give a secret with --secret-file."
        ) from error
    return True


def _write(path: Path, secret: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{secret}\n")
        file.flush()
        os.fsync(file.fileno())


def _check(path: Path) -> None:
    try:
        found = path.lstat()
    except OSError as error:
        raise ConfigurationError(f"The secret file {path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(f"The secret file {path} is no file; move away what is there.")
    # Windows has no such bits; there the folder says who may read.
    if os.name == "posix" and found.st_mode & _OTHERS:
        raise ConfigurationError(
            f"Others may read the secret file {path}, so it is no secret any more. If nobody has, close it "
            f"with `chmod 600`; else delete it: the next start makes another, and all sessions end."
        )
