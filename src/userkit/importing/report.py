"""What became of an import: numbers for everybody, and a line for each row in a file."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from userkit.errors import ConfigurationError

__all__ = ["OUTCOMES", "Report", "ReportFile"]

OUTCOMES = ("imported", "updated", "unchanged", "skipped", "refused")
"""What can become of a row."""

_FIRST = 20
_BEGINNING = b'{"line": '


class ReportFile:
    """Writes one JSON object a line, for the eyes of whoever asked for it."""

    def __init__(self, path: Path, *, size: int = 0) -> None:
        """Begin a file, or go on after its first ``size`` bytes.

        Raises ConfigurationError when it cannot be written, is no report, or is shorter than that.
        """
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self._file: IO[bytes] = os.fdopen(handle, "r+b")
        except OSError as error:
            raise ConfigurationError(f"The report cannot be written: {error.strerror}.") from error
        if self._file.read(len(_BEGINNING)) not in (b"", _BEGINNING):
            self._file.close()
            raise ConfigurationError("The file for the report is there already, and is no report.")
        if os.fstat(handle).st_size < size:
            self._file.close()
            raise ConfigurationError("The report is not the one that the resume file belongs to.")
        self._file.truncate(size)
        self._file.seek(size)

    def write(self, document: Mapping[str, Any]) -> None:
        """Write a line."""
        self._file.write(json.dumps(document).encode("ascii") + b"\n")

    def flush(self) -> int:
        """Make sure that everything is on the disk, and return the size."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Report:
    """Counts what becomes of rows, and writes it down. Holds no address and no hash."""

    def __init__(self, file: ReportFile | None = None) -> None:
        """Take the file, if somebody asked for one."""
        self._file = file
        self.rows = 0
        self.stopped = False
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.without_password = 0
        self.first: list[tuple[int, str, str]] = []

    def note(
        self,
        outcome: str,
        *,
        line: int,
        reason: str | None = None,
        detail: str | None = None,
        email: str | None = None,
        source_id: str | None = None,
        user_id: str | None = None,
        password: str | None = None,
    ) -> None:
        """Note what became of a row.

        ``reason`` and ``detail`` say why it was left out; ``password`` why the user has none.
        """
        self.outcomes[outcome] += 1
        for why in filter(None, (reason, password)):
            self.reasons[why] += 1
            if len(self.first) < _FIRST:
                self.first.append((line, outcome, why))
        self.without_password += password is not None
        if self._file is not None:
            said = {"reason": reason, "detail": detail, "password": password, "email": email}
            told = {key: value for key, value in said.items() if value is not None}
            self._file.write(
                {"line": line, "outcome": outcome, "source_id": source_id, "user_id": user_id, **told}
            )

    def flush(self) -> int:
        """Make sure that the file is on the disk, and return its size."""
        return 0 if self._file is None else self._file.flush()

    def state(self) -> dict[str, Any]:
        """Return everything that is counted, as JSON."""
        return {
            "rows": self.rows,
            **{outcome: self.outcomes[outcome] for outcome in OUTCOMES},
            "without_password": self.without_password,
            "reasons": dict(sorted(self.reasons.items())),
            "first": [list(each) for each in self.first],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what was counted before."""
        self.rows = state["rows"]
        self.outcomes.update({outcome: state[outcome] for outcome in OUTCOMES})
        self.without_password = state["without_password"]
        self.reasons.update(state["reasons"])
        self.first = [(line, outcome, reason) for line, outcome, reason in state["first"]]
