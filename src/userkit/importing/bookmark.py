"""How far an import is, in a file that survives whatever becomes of the process."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from userkit.errors import ConfigurationError

__all__ = ["Bookmark", "fingerprint"]

_FORM = 1


def fingerprint(path: Path, *words: str) -> str:
    """Name an import by its file and by words such as the format. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise ConfigurationError(f"The file cannot be read: {error.strerror}.") from error
    digest.update("\0".join(words).encode())
    return digest.hexdigest()[:32]


class Bookmark:
    """Remember how many rows of a file are done, and what was counted; with a path, also after a crash."""

    def __init__(self, path: Path | None = None, *, of: str = "") -> None:
        """Read the file if it is there; ``of`` is the fingerprint of the import.

        Raises ConfigurationError for a file that is no bookmark, or one of another import.
        """
        self._path = path
        self._of = of
        self.rows = 0
        self.report_size = 0
        self.counted: Mapping[str, Any] | None = None
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigurationError("The resume file cannot be read.") from error
        if not isinstance(document, dict) or document.get("userkit_import") != _FORM:
            raise ConfigurationError("The resume file is not one of this version of `userkit import`.")
        if document["of"] != self._of:
            raise ConfigurationError(
                "The resume file belongs to an import of another file, or into another store."
            )
        self.rows, self.report_size = document["rows"], document["report_size"]
        self.counted = document["counted"]

    def arrived(self, rows: int, *, report_size: int, counted: Mapping[str, Any]) -> None:
        """Note that so many rows are done. Raises ConfigurationError when it cannot be written."""
        if self._path is None:
            return
        document = {
            "userkit_import": _FORM,
            "of": self._of,
            "rows": rows,
            "report_size": report_size,
            "counted": counted,
        }
        try:
            _replace(self._path, json.dumps(document, indent=1).encode("ascii"))
        except OSError as error:
            raise ConfigurationError(f"The resume file cannot be written: {error.strerror}.") from error


def _replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another one, so that after a power cut it is the one or the other."""
    fresh = path.with_name(f"{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
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
