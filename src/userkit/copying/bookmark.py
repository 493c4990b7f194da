"""How far a copy is, in a file that survives whatever becomes of the process."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from userkit.copying.scope import Place
from userkit.errors import ConfigurationError
from userkit.kernel.resume_file import read_resume_file, write_resume_file
from userkit.storage.levelling import Key

__all__ = ["Bookmark"]

_FORM, _VERSION = "userkit_copy", 1


class Bookmark:
    """Remember how far a copy is; with a file, also after a crash.

    For each place it holds the last id up to which everything is surely in the target, and while a
    batch is on its way the last id of it: nobody knows which part of that batch has arrived. It
    also names records that were taken out of the target and have to be put back.
    """

    def __init__(self, path: Path | None = None, *, between: str = "") -> None:
        """Read the file if it is there.

        ``between`` names the two stores, without a secret: it is written down, and compared. Raises
        ConfigurationError for a file that is not a bookmark, or one of another copy.
        """
        self._path = path
        self._document: dict[str, Any] = {
            _FORM: _VERSION,
            "between": between,
            "places": {},
            "taken_out": [],
        }
        self.is_new = path is None or not path.exists()
        if path is not None and not self.is_new:
            self._document = _read(path, between)

    @property
    def is_kept(self) -> bool:
        """Tell whether there is a file."""
        return self._path is not None

    @property
    def taken_out(self) -> Sequence[tuple[str, Key]]:
        """Return the realm and the key of each record that has to be put back."""
        return [(realm, Key(collection, id)) for realm, collection, id in self._document["taken_out"]]

    def last(self, place: Place) -> str | None:
        """Return the last id that is surely there, or None."""
        return self._of(place)["last"]

    def doubtful(self, place: Place) -> str | None:
        """Return the last id of the batch that may have arrived in part, or None."""
        return self._of(place)["until"]

    def begin(self, place: Place, until: str) -> None:
        """Note, before it is sent, that everything up to this id is on its way."""
        self._document["places"][str(place)] = {"last": self.last(place), "until": until}
        self._save()

    def arrived(self, place: Place, last: str) -> None:
        """Note that everything up to this id is there."""
        self._document["places"][str(place)] = {"last": last, "until": None}
        self._save()

    def take_out(self, realm: str, key: Key) -> None:
        """Note, before it is done, that a record is taken out and has to be put back."""
        self._document["taken_out"].append([realm, *key])
        self._save()

    def put_back(self, realm: str, keys: Iterable[Key]) -> None:
        """Note that records that were taken out are in their places."""
        for key in keys:
            self._document["taken_out"].remove([realm, *key])
            self._save()

    def _of(self, place: Place) -> dict[str, str | None]:
        nowhere: dict[str, str | None] = {"last": None, "until": None}
        found: dict[str, str | None] = self._document["places"].get(str(place), nowhere)
        return found

    def _save(self) -> None:
        if self._path is not None:
            write_resume_file(self._path, self._document)


def _read(path: Path, between: str) -> dict[str, Any]:
    document = read_resume_file(path, form=_FORM, version=_VERSION, command="userkit copy")
    if document.get("between") != between:
        raise ConfigurationError("The resume file belongs to a copy between two other stores.")
    return document
