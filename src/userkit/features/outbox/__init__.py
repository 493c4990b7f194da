"""Outbox: what must still be done after a commit, kept in that commit until it is done."""

from userkit.feature import Feature, Parts
from userkit.features.outbox.collection import OUTBOX
from userkit.features.outbox.forgetting import Forgetting
from userkit.features.outbox.model import OutboxEntry, OutboxState
from userkit.features.outbox.offer import Outbox, SyncOutbox
from userkit.features.outbox.use_cases import Delivery
from userkit.features.users.events import UserDeleted

__all__ = ["OUTBOX", "Delivery", "Outbox", "OutboxEntry", "OutboxState", "SyncOutbox", "outbox"]


def outbox() -> Feature[Outbox, SyncOutbox]:
    """Return the feature."""

    def build(parts: Parts) -> Outbox:
        built = Outbox.build(parts)
        forgetting = Forgetting(outbox=built, forget=parts.forget)
        built.handle(Forgetting.TOPIC, forgetting.carry_out)
        parts.participants.add(UserDeleted, forgetting.remember)
        parts.listeners.add(UserDeleted, forgetting.begin)
        return built

    return Feature(
        name="outbox", collections=(OUTBOX,), records=(OutboxEntry,), build=build, mirror=SyncOutbox
    )
