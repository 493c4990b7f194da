"""A store in a file that forgets to lock it: within a process all is well, between two nothing is."""

import pickle
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from userkit.backends.memory import MemoryStore
from userkit.storage.changes import Change

_GATE = threading.RLock()
_DELAY = 0.05


class UnlockedFileStore(MemoryStore):
    """Read the file, change what was read, write the file."""

    in_process = False

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    async def get(self, entity: Any, id: str) -> Any:
        with _GATE:
            self._read()
            return await super().get(entity, id)

    async def find(self, *args: Any, **options: Any) -> Any:
        with _GATE:
            self._read()
            return await super().find(*args, **options)

    async def search(self, *args: Any, **options: Any) -> Any:
        with _GATE:
            self._read()
            return await super().search(*args, **options)

    async def count(self, *args: Any, **options: Any) -> Any:
        with _GATE:
            self._read()
            return await super().count(*args, **options)

    async def purge(self, *args: Any, **options: Any) -> int:
        with _GATE:
            self._read()
            gone = await super().purge(*args, **options)
            self._write()
            return gone

    async def load(self, entities: Iterable[Any], *, batch: int = 1000) -> int:
        with _GATE:
            self._read()
            try:
                return await super().load(entities, batch=batch)
            finally:
                self._write()

    async def commit(self, *changes: Change) -> None:
        with _GATE:
            self._read()
            await super().commit(*changes)
            self._write()

    def _read(self) -> None:
        if self._path.exists():
            self._tables.clear()
            self._tables.update(pickle.loads(self._path.read_bytes()))

    def _write(self) -> None:
        time.sleep(_DELAY)
        # Whole or not at all, so that what is missing is the lock and nothing else.
        draft = self._path.with_suffix(f".{threading.get_ident()}")
        draft.write_bytes(pickle.dumps(self._tables))
        draft.replace(self._path)
