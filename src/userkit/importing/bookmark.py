"""How far an import is, in a file that survives whatever becomes of the process."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from userkit.errors import ConfigurationError
from userkit.kernel.resume_file import read_resume_file, write_resume_file

__all__ = ["Bookmark", "fingerprint"]

_FORM, _VERSION = "userkit_import", 1


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
        document = read_resume_file(path, form=_FORM, version=_VERSION, command="userkit import")
        if document.get("of") != self._of:
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
            _FORM: _VERSION,
            "of": self._of,
            "rows": rows,
            "report_size": report_size,
            "counted": counted,
        }
        write_resume_file(self._path, document)
