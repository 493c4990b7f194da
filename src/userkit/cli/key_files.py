"""Files with secrets and keys: never overwritten, replaced in one piece, and with the rights they had."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from userkit.errors import ConfigurationError

__all__ = ["rotated", "write_new"]


def write_new(path: Path, text: str, *, mode: int) -> None:
    """Write a file that is not there yet. Raises ConfigurationError."""
    try:
        _write(path, text, mode)
    except FileExistsError:
        raise ConfigurationError(f"{path} is there already, and is not overwritten.") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error


def rotated(path: Path, fresh: str, *, keep: int | None, dry_run: bool) -> tuple[int, int]:
    """Put a secret before those of a file; return how many old ones stay, and how many go.

    Whoever reads the file meanwhile reads the old one or the new one, whole. Of two that rotate at
    once one fails. Raises ConfigurationError.
    """
    path = path.resolve()  # of a link, what it leads to is replaced
    lock = path.with_name(f".{path.name}.rotating")
    old = _secrets_in(path)
    if dry_run:
        return _sizes(old, keep)
    try:
        _write(lock, "", 0o600)
    except FileExistsError:
        raise ConfigurationError(
            f"Somebody rotates {path} just now. If nobody does, an attempt was cut off: remove {lock}."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path.parent} cannot be written to: {error.strerror}.") from error
    try:
        old = _secrets_in(path)  # another may have rotated it before the lock was ours
        _replace(path, [fresh, *old[:keep]])
    finally:
        lock.unlink()
    return _sizes(old, keep)


def _sizes(old: list[str], keep: int | None) -> tuple[int, int]:
    kept = len(old[:keep])
    return kept, len(old) - kept


def _secrets_in(path: Path) -> list[str]:
    try:
        found = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"The secret file {path} cannot be read.") from None
    if not found:
        raise ConfigurationError(
            f"The secret file {path} is empty: make one with `userkit keys generate --algorithm secret`."
        )
    return found


def _replace(path: Path, lines: list[str]) -> None:
    there = path.stat()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write(draft, "".join(f"{line}\n" for line in lines), 0o600)
            _like(draft, there)
            draft.replace(path)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
    except OSError as error:
        raise ConfigurationError(f"The secret file {path} cannot be replaced: {error.strerror}.") from error


def _like(draft: Path, there: os.stat_result) -> None:
    if os.name == "posix":
        made = draft.stat()
        if (made.st_uid, made.st_gid) != (there.st_uid, there.st_gid):
            os.chown(draft, there.st_uid, there.st_gid)
    draft.chmod(stat.S_IMODE(there.st_mode))


def _write(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
