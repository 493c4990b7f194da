"""A process that copies and is killed in the middle of a batch: a part of it has arrived."""

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from tests.copying.people import COLLECTIONS
from tests.storage.doubles import BareStore
from userkit.cli.copy import between_stores
from userkit.copying import Bookmark, Copying, scope_of
from userkit.kernel.entity import Entity
from userkit.plugins.opening import open_store
from userkit.storage.changes import Add
from userkit.sync import run


class DoomedStore(BareStore):
    """A target in whose last load the process is killed after half of the batch."""

    left: ClassVar[list[int]] = [0]

    async def load(self, entities: Iterable[Entity], *, batch: int = 1000) -> int:
        """See BulkLoadable.load."""
        rows = list(entities)
        self.left[0] -= 1
        if self.left[0] < 0:
            for each in rows[: len(rows) // 2]:
                await self.behind.commit(Add(each))
            os.kill(os.getpid(), signal.SIGKILL)
        behind: Any = self.behind
        return int(await behind.load(rows, batch=batch))


if __name__ == "__main__":
    source_url, target_url, bookmark, moment = sys.argv[1:]
    source, target = open_store(source_url, blocking=True), open_store(target_url, blocking=True)
    DoomedStore.left[0] = int(moment)
    for store in (source, target):
        run(store.prepare(COLLECTIONS))
    run(
        Copying(
            source=source,
            target=DoomedStore(target),
            scope=run(scope_of([source], COLLECTIONS)),
            bookmark=Bookmark(Path(bookmark), between=between_stores(source_url, target_url)),
            batch=50,
        )()
    )
