"""What can be done with API keys."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from userkit.errors import (
    ForbiddenError,
    NotFoundError,
    StoreError,
    UnauthenticatedError,
)
from userkit.features.api_keys.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyUsed
from userkit.features.api_keys.model import KEY_FORM, ApiKey, NewApiKey
from userkit.features.api_keys.wishes import checked_end, checked_scopes
from userkit.features.mail.offer import Letters
from userkit.features.roles.definitions import grants
from userkit.features.roles.use_cases import PermissionsOf
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.events import Event
from userkit.kernel.identity import Identity
from userkit.kernel.ids import NewId, is_id
from userkit.kernel.name import clean_name
from userkit.kernel.opaque import digest, matches, new_secret
from userkit.kernel.origin import current_origin
from userkit.kernel.page import Page
from userkit.storage.capabilities import purgeable
from userkit.storage.changes import Add, Change, Save
from userkit.storage.journal import Journal
from userkit.storage.paging import check_page
from userkit.storage.port import Store
from userkit.storage.rewriting import anew

__all__ = ["AuthenticateApiKey", "CreateApiKey", "ListApiKeys", "PurgeApiKeys", "RevokeApiKey"]

_KEY = frozenset({"key"})
_NOTED = timedelta(minutes=1)
"""How often the use of a key is written down: each write is one more for each request."""

_NO_SCOPES = frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey:
    """Make an API key for a user."""

    store: Store
    journal: Journal
    now: Clock
    new_id: NewId
    permissions: PermissionsOf
    letters: Letters
    most: int

    async def __call__(
        self,
        user_id: str,
        *,
        name: str,
        scopes: Iterable[str] = _NO_SCOPES,
        expires_at: datetime | None = None,
        by: Identity | None = None,
    ) -> NewApiKey:
        """Make a key and return it with its ``secret``, which cannot be shown again.

        ``scopes`` are permissions that the owner has now; a key without any may do what needs no
        permission, and one with ``*`` whatever the owner may. ``by`` is who asks: the owner alone,
        signed in and not by another key. Without it the caller is trusted. The owner gets a letter.

        Raises InvalidNameError, InvalidInputError, UserNotFoundError, ForbiddenError,
        UnauthenticatedError when the session of ``by`` has ended since, and StaleError when others were
        faster three times.
        """
        if by is not None:
            _refuse_others(by, user_id)
        now, secret = self.now(), new_secret()
        wanted = partial(
            ApiKey,
            id=self.new_id(),
            user_id=user_id,
            name=clean_name(name),
            digest=digest(secret),
            scopes=checked_scopes(scopes),
            created_at=now,
            expires_at=checked_end(expires_at, now),
        )
        return NewApiKey.of(await anew(partial(self._kept, user_id, wanted, by)), secret)

    async def _kept(self, user_id: str, wanted: partial[ApiKey], by: Identity | None) -> ApiKey:
        user = await UserRepository(self.store).existing(user_id)
        if user.is_disabled:
            raise ForbiddenError("The account is disabled.")
        if by is not None and not user.vouches_for(by):
            # Somebody has signed out everywhere, or taken the account over: the key would outlive that.
            raise UnauthenticatedError
        key = wanted(epoch=user.session_epoch)
        await self._check_scopes(key, by)
        page = await self.store.find(ApiKey, "user_id", user.id, limit=self.most)
        if len(page.items) >= self.most:
            raise ForbiddenError(f"An account has at most {self.most} API keys: revoke one first.")
        created = ApiKeyCreated(
            at=key.created_at, user_id=user.id, key_id=key.id, name=key.name, scopes=key.scopes
        )
        # The user is saved as they are, so that two do not both make the last key that is allowed, and
        # nobody makes one while the account is disabled, deleted or taken over.
        await self.journal.commit(
            Add(key), Save(user, user.evolve()), *self._letter(user, key), tell=[created]
        )
        return key

    async def _check_scopes(self, key: ApiKey, by: Identity | None) -> None:
        permissions = await self.permissions(key.user_id)
        for scope in sorted(key.scopes):
            if not grants(permissions, scope) or not (by is None or by.covers(scope)):
                raise ForbiddenError(f"The scope {scope} is not within what the owner may do.")

    def _letter(self, user: User, key: ApiKey) -> Sequence[Change]:
        address = current_origin().address
        context = {"user_name": user.name, "key_name": key.name}
        context |= {} if address is None else {"address": address}
        return self.letters.notice("api_key_created", user_id=user.id, to=user.email, context=context)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListApiKeys:
    """List the API keys of a user."""

    store: Store
    cursors: Cursors

    async def __call__(self, user_id: str, *, limit: int = 100, after: str | None = None) -> Page[ApiKey]:
        """Return a page of the keys of a user, the newest first, those that have expired included.

        Raises UserNotFoundError, InvalidInputError and InvalidCursorError.
        """
        check_page(limit=limit)
        await UserRepository(self.store).existing(user_id)
        listing = f"API keys of {user_id}"
        start = None if after is None else self.cursors.open(after, of=listing)
        page = await self.store.find(ApiKey, "user_id", user_id, after=start, limit=limit, newest_first=True)
        return self.cursors.sealed(page, of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey:
    """Take an API key back."""

    store: Store
    journal: Journal
    now: Clock

    async def __call__(self, user_id: str, key_id: str) -> None:
        """Take a key of a user back, at once. Raises NotFoundError, for somebody else's key as for none."""
        key = await self.store.get(ApiKey, key_id) if is_id(key_id) else None
        if key is None or key.user_id != user_id:
            raise NotFoundError
        now = self.now()

        def tell(gone: ApiKey) -> Iterable[Event]:
            return [ApiKeyRevoked(at=now, user_id=gone.user_id, key_id=gone.id, name=gone.name)]

        if await self.journal.discard(ApiKey, key.id, tell=tell) is None:
            raise NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateApiKey:
    """Tell whose API key a text is."""

    store: Store
    journal: Journal
    now: Clock
    realm: str

    async def __call__(self, text: str) -> Identity:
        """Return the identity of the owner, limited to the scopes of the key.

        Raises UnauthenticatedError, alike for a key that is unknown, revoked or expired, and for
        one whose owner is disabled or deleted, or has taken the account over since.
        """
        read = KEY_FORM.read(text)
        if read is None:
            raise UnauthenticatedError
        key_id, secret = read
        key, now = await self.store.get(ApiKey, key_id), self.now()
        if key is None or not matches(secret, key.digest) or key.is_expired(now):
            raise UnauthenticatedError
        user = await self.store.get(User, key.user_id)
        if user is None or not user.honours(key.epoch):
            raise UnauthenticatedError
        await self._note_use(key, now)
        return Identity(
            user_id=key.user_id,
            epoch=key.epoch,
            methods=_KEY,
            authenticated_at=key.created_at,
            scopes=key.scopes,
            backend="api-key",
            realm=self.realm,
            expires_at=key.expires_at,
            credential_id=key.id,
        )

    async def _note_use(self, key: ApiKey, now: datetime) -> None:
        if key.last_used_at is not None and now - key.last_used_at < _NOTED:
            return
        # Somebody else noted it, or revoked the key, which wins.
        with suppress(StoreError):
            used = ApiKeyUsed(at=now, user_id=key.user_id, key_id=key.id)
            await self.journal.commit(Save(key, key.used(now)), tell=[used])


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeApiKeys:
    """Clean up what has expired."""

    store: Store
    now: Clock

    async def __call__(self, *, limit: int = 1000) -> int:
        """Take out at most ``limit`` expired keys and return how many. Raises UnsupportedStoreError."""
        return await purgeable(self.store).purge(ApiKey, before=self.now(), limit=limit)


def _refuse_others(by: Identity, user_id: str) -> None:
    # Alike for everybody else's id, whether or not there is such a user.
    if by.user_id != user_id:
        raise ForbiddenError("An API key is made by its owner.")
    if by.session_id is None:
        raise ForbiddenError("An API key is made by somebody who has signed in, not by another key.")
