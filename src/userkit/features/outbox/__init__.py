"""Outbox: what must still be done after a commit, kept in that commit until it is done."""

from userkit.feature import Feature, Parts
from userkit.features.outbox.collection import OUTBOX
from userkit.features.outbox.erasing import Erasing
from userkit.features.outbox.forgetting import Forgetting
from userkit.features.outbox.model import OutboxEntry, OutboxState
from userkit.features.outbox.offer import Outbox, SyncOutbox
from userkit.features.outbox.subjects import DiscloseWaiting, DropWaiting
from userkit.features.outbox.use_cases import Delivery
from userkit.features.users.events import UserDeleted, UserErased
from userkit.features.users.offer import Users

__all__ = ["OUTBOX", "Delivery", "Outbox", "OutboxEntry", "OutboxState", "SyncOutbox", "outbox"]


def outbox() -> Feature[Outbox, SyncOutbox]:
    """Return the feature."""

    def build(parts: Parts) -> Outbox:
        built = Outbox.build(parts)
        forgetting = Forgetting(outbox=built, forget=parts.forget)
        built.handle(Forgetting.TOPIC, forgetting.carry_out)
        parts.participants.add(UserDeleted, forgetting.remember)
        parts.listeners.add(UserDeleted, forgetting.begin)
        _erase(parts, built)
        return built

    return Feature(
        name="outbox",
        collections=(OUTBOX,),
        records=(OutboxEntry,),
        requires=("users",),
        build=build,
        mirror=SyncOutbox,
    )


def _erase(parts: Parts, outbox: Outbox) -> None:
    erasing = Erasing(
        outbox=outbox,
        store=parts.store,
        realm=parts.realm,
        keys=parts.keys.derive("erasing"),
        forget=parts.forget,
        erase=parts.erase,
    )
    outbox.handle(Erasing.TOPIC, erasing.carry_out)
    parts.participants.add(UserErased, erasing.remember)
    parts.offer(Users).erase.finish.append(erasing.finish)
    parts.disclose["outbox"] = DiscloseWaiting(store=parts.store, perishable=outbox.perishable)
    parts.erase.append(DropWaiting(store=parts.store, perishable=outbox.perishable))
