"""What tells how much was sent: each begins to count when it is told, and says what came since."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pymongo.monitoring import CommandStartedEvent
from sqlalchemy import event

from benchmarks.counting.operations import TIMES
from tests.servers.mariadb import MariadbServer
from tests.stores.dynamodb.wire import Wire
from tests.stores.mongodb.test_collections import Counter as Commands
from tests.stores.sqlalchemy.database import engine_of
from userkit.backends.memory.store import MemoryStore
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.kernel.entity import Entity
from userkit.kernel.page import Page
from userkit.storage.changes import Change

__all__ = [
    "CountedStore",
    "GeneralLog",
    "Meter",
    "MongoCommands",
    "Requests",
    "ServerLog",
    "Trace",
    "measured",
    "split",
]


class Meter(Protocol):
    """Counts something."""

    def begin(self) -> None:
        """Count from here."""

    def end(self) -> Mapping[str, int]:
        """Return what has been counted, by name."""


async def measured(
    work: Callable[[], Awaitable[object]], meters: Sequence[Meter], *, warm: int = 7, times: int = 3
) -> dict[str, int]:
    """Count something once it is warm: the least of several times, for servers also speak unasked.

    psycopg prepares what it has seen five times.
    """
    assert warm + times <= TIMES
    for _ in range(warm):
        await work()
    seen = [await _once(work, meters) for _ in range(times)]
    return {name: min(each[name] for each in seen) for name in seen[0]}


async def _once(work: Callable[[], Awaitable[object]], meters: Sequence[Meter]) -> dict[str, int]:
    for meter in meters:
        meter.begin()
    await work()
    return {name: number for meter in meters for name, number in meter.end().items()}


_READS = {"select", "find", "aggregate", "getmore", "count", "getitem", "query", "batchgetitem"}
_WRITES = {
    "insert",
    "update",
    "delete",
    "replace",
    "bulkwrite",
    "putitem",
    "updateitem",
    "deleteitem",
    "transactwriteitems",
}


def split(words: Iterable[str]) -> dict[str, int]:
    """Sort statements by their first word; a write that is in no transaction is a commit by itself."""
    tally: Counter[str] = Counter()
    within = False
    for word in map(str.lower, words):
        tally["requests"] += 1
        if word in _READS:
            tally["reads"] += 1
        elif word in _WRITES:
            tally["writes"] += 1
            tally["commits"] += not within
        elif word in ("begin", "start"):
            within = True
        elif word == "commit":
            tally["commits"] += within
            within = False
    return {name: tally[name] for name in ("requests", "reads", "writes", "commits")}


class Trace:
    """SQLite calls back with each statement."""

    def __init__(self, store: SQLAlchemyStore) -> None:
        """Listen to every connection that the store will open."""
        self._statements: list[str] = []
        event.listen(engine_of(store), "connect", self._opened)

    def begin(self) -> None:
        """See Meter.begin."""
        self._statements.clear()

    def end(self) -> Mapping[str, int]:
        """See Meter.end. A write is shown once more when it sets a foreign key's action off."""
        sent = [text for text in self._statements if not text.startswith("--")]
        again = zip(sent, ["", *sent], strict=False)
        return split(_word(text) for text, last in again if text != last or _word(text) == "SELECT")

    def _opened(self, connection: Any, _: object) -> None:
        connection.set_trace_callback(self._statements.append)


class ServerLog:
    """PostgreSQL writes down each statement before it runs it, if it is told to log all."""

    def __init__(self, log: Path) -> None:
        """Read a log."""
        self._log, self._position = log, 0

    def begin(self) -> None:
        """See Meter.begin."""
        self._position = self._log.stat().st_size

    def end(self) -> Mapping[str, int]:
        """See Meter.end."""
        news = self._log.read_bytes()[self._position :].decode()
        return split(map(_word, re.findall(r"LOG:  (?:statement|execute [^:]*): (.*)", news)))


class GeneralLog:
    """MariaDB keeps a table of what it is asked."""

    def __init__(self, server: MariadbServer) -> None:
        """Have the server write down everything."""
        self._server = server
        server.execute("SET GLOBAL log_output = 'TABLE'")
        server.execute("SET GLOBAL general_log = ON")

    def begin(self) -> None:
        """See Meter.begin."""
        self._server.execute("TRUNCATE TABLE mysql.general_log")

    def end(self) -> Mapping[str, int]:
        """See Meter.end. Connections of the meter itself are left out."""
        own = "SELECT thread_id FROM mysql.general_log WHERE argument LIKE '%general_log%'"
        rows = self._server.execute(
            "SELECT argument FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') "
            f"AND thread_id NOT IN ({own}) ORDER BY event_time"
        )
        return split(_word(text.decode() if isinstance(text, bytes) else text) for (text,) in rows)


class MongoCommands(Commands):
    """A listener of PyMongo's, which counts commands."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self._words: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Note a command. Its first write begins a transaction."""
        if event.command.get("startTransaction"):
            self._words.append("begin")
        self._words.append(event.command_name.removesuffix("Transaction"))

    def begin(self) -> None:
        """See Meter.begin."""
        self._words.clear()

    def end(self) -> Mapping[str, int]:
        """See Meter.end."""
        told = split(self._words)
        return {**told, "requests": told["requests"] - self._words.count("begin")}


class Requests:
    """Requests of boto3; a write is one commit, of many items as well."""

    def __init__(self, wire: Wire) -> None:
        """Count what goes over a wire."""
        self._wire = wire

    def begin(self) -> None:
        """See Meter.begin."""
        self._wire.requests.clear()

    def end(self) -> Mapping[str, int]:
        """See Meter.end."""
        return split(operation for operation, _ in self._wire.requests)


class CountedStore(MemoryStore):
    """What is asked of any store: reads, commits, and the changes in them."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self._tally: Counter[str] = Counter()

    def begin(self) -> None:
        """See Meter.begin."""
        self._tally.clear()

    def end(self) -> Mapping[str, int]:
        """See Meter.end."""
        return {name: self._tally[name] for name in ("reads", "commits", "changes")}

    async def get(self, entity: type[Entity], id: str) -> Any:
        """See Store.get."""
        self._tally["reads"] += 1
        return await super().get(entity, id)

    async def find(self, entity: type[Entity], *arguments: Any, **options: Any) -> Page[Any]:
        """See Store.find."""
        self._tally["reads"] += 1
        return await super().find(entity, *arguments, **options)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        self._tally["commits"] += 1
        self._tally["changes"] += len(changes)
        await super().commit(*changes)


def _word(text: str) -> str:
    found = re.search(r"\w+", text)
    word = found[0] if found else ""
    return _leading(text) if word.upper() == "WITH" else word


def _leading(text: str) -> str:
    """Return what a statement with common tables does in the end."""
    writes = re.search(r"\b(INSERT|UPDATE|DELETE)\b", text, re.IGNORECASE)
    return writes[0] if writes else "select"
