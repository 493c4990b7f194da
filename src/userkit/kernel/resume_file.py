"""A file that says how far something is, so that it can go on there after whatever became of the process."""

import json
import os
from pathlib import Path
from typing import Any

from userkit.errors import ConfigurationError

__all__ = ["read_resume_file", "write_resume_file"]


def read_resume_file(path: Path, *, form: str, version: int, command: str) -> dict[str, Any]:
    """Return what a file says. Raises ConfigurationError unless ``form`` of it is this ``version``."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError("The resume file cannot be read.") from error
    if not isinstance(document, dict) or document.get(form) != version:
        raise ConfigurationError(f"The resume file is not one of this version of `{command}`.")
    return document


def write_resume_file(path: Path, document: dict[str, Any]) -> None:
    """Put a file in the place of the one before, for its owner alone. Raises ConfigurationError.

    After a power cut it is the one or the other.
    """
    try:
        _replace(path, json.dumps(document, indent=1).encode("ascii"))
    except OSError as error:
        raise ConfigurationError(f"The resume file cannot be written: {error.strerror}.") from error


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    # What a process that was killed has left is not written to: it may be a link, or readable by others.
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
