"""A cache in memory that keeps the rules of the port, and some that break one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

from userkit.errors import StoreUnavailableError
from userkit.ports.cache import Answer, Held

__all__ = ["FencelessCache", "LeaselessCache", "MemoryCache", "Moments", "Shelf"]

T = TypeVar("T")


class Moments:
    """A clock in seconds that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Entry(NamedTuple):
    """What is under a key: a value or a lease of an epoch, or fences, and until when."""

    kind: str
    epoch: int
    text: bytes | str | frozenset[str]
    until: float


class Shelf:
    """What caches of several processes share."""

    def __init__(self, moments: Moments | None = None) -> None:
        self.moments = moments or Moments()
        self.epochs: dict[str, int] = {}
        self.entries: dict[tuple[str, str], Entry] = {}
        self.last_epoch = 0

    def flush(self) -> None:
        """Lose everything."""
        self.epochs.clear()
        self.entries.clear()

    def epoch(self, space: str) -> int:
        """Return the epoch of a space, a new one if there is none."""
        if space not in self.epochs:
            self.last_epoch += 1
            self.epochs[space] = self.last_epoch
        return self.epochs[space]

    def entry(self, space: str, key: str) -> Entry | None:
        """Return what is under a key, unless its time is over."""
        entry = self.entries.get((space, key))
        return entry if entry is not None and self.moments.now < entry.until else None


class MemoryCache:
    """A cache in this process; two with one shelf are those of two processes."""

    def __init__(self, shelf: Shelf | None = None, *, blocking: bool = True) -> None:
        """Begin with nothing, or with what is on a shelf."""
        self.blocking = blocking
        self.shelf = shelf or Shelf()
        self.calls: list[str] = []
        self.broken = False
        self.lost_answers = False
        self.closed = 0
        self.pauses: list[float] = []
        self.between: Callable[[str], Awaitable[None]] | None = None

    async def read(self, space: str, key: str, *, lease: str, seconds: float) -> Answer:
        """See Cache.read."""
        await self._arrive("read")
        shelf, entry = self.shelf, self.shelf.entry(space, key)
        if entry is not None and entry.kind == "fence":
            return self._answer(Answer(Held.FENCED))
        epoch = shelf.epoch(space)
        if entry is not None and entry.epoch == epoch:
            if isinstance(entry.text, bytes):
                return self._answer(Answer(Held.VALUE, entry.text))
            return self._answer(Answer(Held.AWAITED, holder=str(entry.text)))
        shelf.entries[space, key] = Entry("lease", epoch, lease, shelf.moments.now + seconds)
        return self._answer(Answer(Held.GRANTED))

    async def fill(self, space: str, key: str, value: bytes, *, lease: str, seconds: float) -> bool:
        """See Cache.fill."""
        await self._arrive("fill")
        return self._answer(self._filled(space, key, value, lease, seconds))

    def _filled(self, space: str, key: str, value: bytes, lease: str, seconds: float) -> bool:
        shelf, entry = self.shelf, self.shelf.entry(space, key)
        epoch = shelf.epochs.get(space)
        if entry is None or (entry.kind, entry.epoch, entry.text) != ("lease", epoch, lease):
            return False
        shelf.entries[space, key] = Entry("value", entry.epoch, value, shelf.moments.now + seconds)
        return True

    async def fence(self, space: str, keys: Sequence[str], *, fence: str, seconds: float) -> None:
        """See Cache.fence."""
        await self._arrive("fence")
        for key in keys:
            entry = self.shelf.entry(space, key)
            others = entry.text if entry is not None and isinstance(entry.text, frozenset) else frozenset()
            until = self.shelf.moments.now + seconds
            self.shelf.entries[space, key] = Entry("fence", 0, others | {fence}, until)
        self._answer(None)

    async def lift(self, space: str, keys: Sequence[str], *, fence: str) -> None:
        """See Cache.lift."""
        await self._arrive("lift")
        for key in keys:
            entry = self.shelf.entry(space, key)
            others = entry.text if entry is not None and isinstance(entry.text, frozenset) else frozenset()
            self.shelf.entries.pop((space, key), None)
            if entry is not None and others - {fence}:
                self.shelf.entries[space, key] = entry._replace(text=others - {fence})
        self._answer(None)

    async def renew(self, space: str) -> None:
        """See Cache.renew."""
        await self._arrive("renew")
        self.shelf.epochs.pop(space, None)
        self._answer(None)

    async def pause(self, seconds: float) -> None:
        """Note how long, and let others go on."""
        self.pauses.append(seconds)
        if self.between is not None:
            await self.between("pause")

    async def close(self) -> None:
        """Count."""
        self.closed += 1

    async def _arrive(self, verb: str) -> None:
        self.calls.append(verb)
        if self.between is not None:
            await self.between(verb)
        if self.broken:
            raise StoreUnavailableError("The cache is broken.")

    def _answer(self, answer: T) -> T:
        if self.lost_answers:
            raise StoreUnavailableError("The answer was lost.")
        return answer


class LeaselessCache(MemoryCache):
    """A cache that anybody fills: what a slow reader brings may be old."""

    def _filled(self, space: str, key: str, value: bytes, lease: str, seconds: float) -> bool:
        shelf = self.shelf
        shelf.entries[space, key] = Entry("value", shelf.epoch(space), value, shelf.moments.now + seconds)
        return True


class FencelessCache(MemoryCache):
    """A cache that is only told after a change, as most are."""

    async def fence(self, space: str, keys: Sequence[str], *, fence: str, seconds: float) -> None:
        """Leave everything as it is."""
        await self._arrive("fence")
