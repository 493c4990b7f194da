"""The use cases as an application sees them: ``kit.api_keys``."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.api_keys.use_cases import (
    AuthenticateApiKey,
    CreateApiKey,
    ListApiKeys,
    PurgeApiKeys,
    RevokeApiKey,
)
from userkit.features.mail.offer import Letters
from userkit.features.roles.offer import Roles
from userkit.sync import synced

__all__ = ["ApiKeys", "SyncApiKeys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """What can be done with the API keys of one realm. ``authenticate`` is for the auth backend."""

    create: CreateApiKey
    list: ListApiKeys
    revoke: RevokeApiKey
    purge: PurgeApiKeys
    authenticate: AuthenticateApiKey

    @classmethod
    def build(cls, parts: Parts, *, most: int) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, journal, now = parts.store, parts.journal, parts.now
        return cls(
            create=CreateApiKey(
                store=store,
                journal=journal,
                now=now,
                new_id=parts.new_id,
                permissions=parts.offer(Roles).permissions,
                letters=parts.offer(Letters),
                most=most,
            ),
            list=ListApiKeys(store=store, cursors=parts.cursors),
            revoke=RevokeApiKey(store=store, journal=journal, now=now),
            purge=PurgeApiKeys(store=store, now=now),
            authenticate=AuthenticateApiKey(store=store, journal=journal, now=now, realm=parts.realm),
        )


class SyncApiKeys:
    """The same without ``await``."""

    def __init__(self, api_keys: ApiKeys) -> None:
        """Mirror the use cases."""
        self.create = synced(api_keys.create)
        self.list = synced(api_keys.list)
        self.revoke = synced(api_keys.revoke)
        self.purge = synced(api_keys.purge)
