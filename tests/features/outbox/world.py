"""An outbox over any store, with a handler that writes down what it does."""

from dataclasses import dataclass

from tests.features.parts import parts_over
from userkit.feature import Parts
from userkit.features.outbox import OUTBOX, Outbox, OutboxEntry, SyncOutbox, outbox
from userkit.features.users import USERS, SyncUsers, users
from userkit.kernel.json import JSONObject
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock


@dataclass(frozen=True)
class World:
    """One realm with the outbox in it; ``done`` is what was handled, ``failing`` how often it will fail."""

    parts: Parts
    clock: FrozenClock
    awaited: Outbox
    outbox: SyncOutbox
    users: SyncUsers
    done: list[str]
    failing: list[Exception]

    def post(self, text: str) -> OutboxEntry:
        """Put an entry into the outbox."""
        add = self.awaited.entry("note", {"text": text})
        run(self.parts.store.commit(add))
        return add.entity

    def post_other(self, topic: str, payload: JSONObject) -> OutboxEntry:
        """Put an entry of another topic into the outbox."""
        add = self.awaited.entry(topic, payload)
        run(self.parts.store.commit(add))
        return add.entity

    def stored(self) -> tuple[OutboxEntry, ...]:
        """Return what is in the outbox."""
        return run(self.parts.store.find(OutboxEntry, limit=1000)).items


def world(store: Store) -> World:
    """Build the feature over a blocking store."""
    run(store.prepare([USERS, OUTBOX]))
    clock = FrozenClock()
    built: dict[str, object] = {}
    parts = parts_over(store, clock=clock, built=built)
    users_feature, feature = users(), outbox()
    built["users"] = users_feature.build(parts)
    offered = feature.build(parts)
    done: list[str] = []
    failing: list[Exception] = []

    async def handle(entry: OutboxEntry) -> None:
        if failing:
            raise failing.pop()
        done.append(str(entry.payload["text"]))

    offered.handle("note", handle)
    mirrored_users = users_feature.mirror(built["users"])  # type: ignore[arg-type]  # built just above
    return World(parts, clock, offered, feature.mirror(offered), mirrored_users, done, failing)
