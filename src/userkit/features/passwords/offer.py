"""The use cases as an application sees them: ``kit.passwords``."""

from collections.abc import MutableSequence
from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.passwords.policy import PasswordPolicy
from userkit.features.passwords.proving import Hides, ProvePassword
from userkit.features.passwords.use_cases import (
    ChangePassword,
    HasPassword,
    ImportHash,
    NewPassword,
    RemovePassword,
    SetPassword,
)
from userkit.features.throttling import Throttling
from userkit.ports.rate_limit import Limit
from userkit.sync import synced

__all__ = ["Passwords", "SyncPasswords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """What can be done with the passwords of one realm.

    ``prove`` and ``new`` are for other features; ``new.second_factors`` is where those with a
    second factor say so, and ``hides`` where those say so whom nobody must see.
    """

    change: ChangePassword
    set: SetPassword
    import_hash: ImportHash
    exists: HasPassword
    remove: RemovePassword
    prove: ProvePassword
    new: NewPassword
    hides: MutableSequence[Hides]

    @classmethod
    def build(
        cls, parts: Parts, *, policy: PasswordPolicy, account_limit: Limit, address_limit: Limit
    ) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, journal, now, hasher = parts.store, parts.journal, parts.now, parts.hasher
        hides: list[Hides] = []
        prove = ProvePassword(
            store=store,
            journal=journal,
            now=now,
            hasher=hasher,
            guard=parts.offer(Throttling).guard,
            account_limit=account_limit,
            address_limit=address_limit,
            hides=hides,
        )
        new = NewPassword(store=store, now=now, hasher=hasher, policy=policy)
        set_password = SetPassword(store=store, journal=journal, now=now, hasher=hasher, new=new)
        return cls(
            change=ChangePassword(store=store, journal=journal, now=now, hasher=hasher, new=new, prove=prove),
            set=set_password,
            import_hash=ImportHash(hasher=hasher, set=set_password),
            exists=HasPassword(store=store),
            remove=RemovePassword(store=store, journal=journal, now=now),
            prove=prove,
            new=new,
            hides=hides,
        )


class SyncPasswords:
    """The same without ``await``."""

    def __init__(self, passwords: Passwords) -> None:
        """Mirror the use cases."""
        self.change = synced(passwords.change)
        self.set = synced(passwords.set)
        self.import_hash = synced(passwords.import_hash)
        self.exists = synced(passwords.exists)
        self.remove = synced(passwords.remove)
