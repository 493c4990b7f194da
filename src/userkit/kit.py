"""The composition root: a kit puts a store, a secret and the features together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from userkit.errors import ConfigurationError, UnsupportedStoreError, UsageError
from userkit.feature import Feature, Parts
from userkit.features.users import users
from userkit.features.users.offer import SyncUsers, Users
from userkit.kernel.clock import Clock, in_milliseconds, utc_now
from userkit.kernel.cursors import Cursors
from userkit.kernel.events import Event, Listener, Listeners, Publisher
from userkit.kernel.ids import NewId, UUIDv7
from userkit.kernel.keys import Keyring, SecretInput
from userkit.storage.catalogue import check_realm
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run

if TYPE_CHECKING:
    from userkit.features.users.attributes import AttributesModel
    from userkit.settings import UserKitSettings

__all__ = ["SyncUserKit", "UserKit"]

A = TypeVar("A")
S = TypeVar("S")
EventT = TypeVar("EventT", bound=Event)

AnyFeature = Feature[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assembly:
    """What the views of all realms share."""

    features: tuple[AnyFeature, ...]
    keys: Keyring
    now: Clock
    new_id: NewId
    listeners: Listeners

    def build(self, store: Store, realm: str) -> Mapping[str, Any]:
        """Build every feature over one realm of a store."""
        listeners = Listeners(wider=self.listeners)
        built: dict[str, Any] = {}
        parts = Parts(
            store=store.realm(realm),
            now=self.now,
            new_id=self.new_id,
            keys=self.keys,
            cursors=Cursors(self.keys.derive("cursors"), realm),
            publish=Publisher(realm, listeners),
            listeners=listeners,
            built=MappingProxyType(built),
        )
        for feature in self.features:
            built[feature.name] = feature.build(parts)
        return built

    async def prepare(self, store: Store, *, create: bool) -> None:
        collections = [each for feature in self.features for each in feature.collections]
        await store.prepare(collections, create=create)


class _Kit:
    """What both kits have in common. Not for use by itself."""

    _blocking: bool
    _assembly: _Assembly
    _store: Store
    _realm: str
    _prepare: bool
    _offered: Mapping[str, Any]

    def __init__(
        self,
        store: str | Store,
        *,
        secret: SecretInput,
        realm: str = DEFAULT_REALM,
        prepare: bool = True,
        attributes: AttributesModel | None = None,
        features: Sequence[AnyFeature] = (),
        hooks: Sequence[str | object] = (),
        prefer: Mapping[str, str] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """Put a kit together; nothing is connected before it is entered.

        - ``store``: the URL of a database, such as ``sqlite:///app.db``, or a store object.
        - ``secret``: at least 32 random bytes; several to rotate them, the newest first.
        - ``realm``: the tenant whose users these are.
        - ``prepare``: whether entering the kit creates the tables that are missing.
        - ``attributes``: a pydantic model for the attributes of users.
        - ``features``: what the kit can do beside the built-in features.
        - ``hooks``: hook plugins, by the name of their entry point or as objects.
        - ``prefer``: which distribution provides a backend that several offer.
        - ``clock``: tells the time; tests bring their own.

        Raises ConfigurationError, or one of its kinds, with what to change; UsageError for a realm
        that is not a name.
        """
        from userkit.plugins.hooks import load_hooks

        keys = Keyring.of(secret)
        hooked = load_hooks(hooks, prefer=prefer)
        now = in_milliseconds(clock)
        self._realm = check_realm(realm)
        self._prepare = prepare
        self._store = hooked.wrap_store(self._open(store, prefer), store if isinstance(store, str) else None)
        self._assembly = _Assembly(
            features=_in_order((users(attributes=attributes), *features, *hooked.features())),
            keys=keys,
            now=now,
            new_id=UUIDv7(now),
            listeners=Listeners(),
        )
        self._offer()

    @classmethod
    def from_settings(cls, settings: UserKitSettings | None = None, **changes: Any) -> Self:
        """Make a kit from ``USERKIT_*`` variables (see UserKitSettings), or from settings given.

        ``changes`` are arguments of the kit itself and win. Raises ConfigurationError for what is
        missing or wrong.
        """
        from userkit.settings import read_settings

        chosen = read_settings() if settings is None else settings
        return cls(**{**chosen.arguments(given=changes), **changes})

    def realm(self, name: str) -> Self:
        """Return the same kit for another tenant. It needs no entering or leaving of its own."""
        return self._view(self._store, check_realm(name))

    def listen(self, event: type[EventT], listener: Listener[EventT]) -> None:
        """Call ``listener`` after every event of a kind, in every realm of this kit.

        What it raises is logged and changes nothing. The listener of a synchronous kit must not
        wait for an event loop.
        """
        self._assembly.listeners.add(event, listener)

    def _view(self, store: Store, realm: str) -> Self:
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _store=store, _realm=realm)
        view._offer()
        return view

    def _offer(self) -> None:
        self._offered = self._assembly.build(self._store, self._realm)

    def _open(self, store: str | Store, prefer: Mapping[str, str] | None) -> Store:
        from userkit.plugins.opening import open_store

        if isinstance(store, str):
            store = open_store(store, blocking=self._blocking, prefer=prefer or {})
        return self._fit(store)

    def _fit(self, store: Store) -> Store:
        """Return the store as this kit can call it, or raise UnsupportedStoreError."""
        from userkit.plugins.opening import is_store

        if not is_store(store):
            raise UnsupportedStoreError("A kit takes the URL of a database, or a store object.")
        if not self._blocking:
            return _unblocked(store)
        if not store.blocking:
            raise UnsupportedStoreError(
                f"{type(store).__name__} is asynchronous; use UserKit, or give SyncUserKit a blocking store."
            )
        return store

    def _what_offers(self, feature: AnyFeature) -> Any:
        try:
            return self._offered[feature.name]
        except KeyError:
            raise UsageError(f"This kit was made without the feature {feature.name}.") from None


class UserKit(_Kit):
    """User accounts for an asynchronous application.

    ::

        async with UserKit("sqlite:///app.db", secret=SECRET) as kit:
            user = await kit.users.register(email="ada@example.com", name="Ada Lovelace")

    Entering it connects and creates the tables that are missing; leaving it closes everything.
    """

    _blocking = False

    @property
    def users(self) -> Users:
        """Return what can be done with users."""
        return self._offered["users"]  # type: ignore[no-any-return]  # every kit has this feature

    def __getitem__(self, feature: Feature[A, Any]) -> A:
        """Return what one of the application's own features offers."""
        return self._what_offers(feature)  # type: ignore[no-any-return]  # built by this feature

    async def open(self) -> None:
        """Connect and prepare. Raises StoreUnavailableError and SchemaOutdatedError."""
        try:
            await self._assembly.prepare(self._store, create=self._prepare)
        except BaseException:
            await self._store.close()
            raise

    async def close(self) -> None:
        """Close everything. Closing again does no harm."""
        await self._store.close()

    async def with_store(self, store: Store) -> Self:
        """Return the same kit over another store, such as one on the application's own session."""
        store = self._fit(store)
        await self._assembly.prepare(store, create=False)
        return self._view(store, self._realm)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()


class SyncUserKit(_Kit):
    """User accounts for an application without an event loop.

    ::

        with SyncUserKit("sqlite:///app.db", secret=SECRET) as kit:
            user = kit.users.register(email="grace@example.com", name="Grace Hopper")

    Entering it connects and creates the tables that are missing; leaving it closes everything.
    """

    _blocking = True

    @property
    def users(self) -> SyncUsers:
        """Return what can be done with users."""
        return self._offered["users"]  # type: ignore[no-any-return]  # every kit has this feature

    def __getitem__(self, feature: Feature[Any, S]) -> S:
        """Return what one of the application's own features offers."""
        return self._what_offers(feature)  # type: ignore[no-any-return]  # mirrored by this feature

    def open(self) -> None:
        """Connect and prepare. Raises StoreUnavailableError and SchemaOutdatedError."""
        try:
            run(self._assembly.prepare(self._store, create=self._prepare))
        except BaseException:
            run(self._store.close())
            raise

    def close(self) -> None:
        """Close everything. Closing again does no harm."""
        run(self._store.close())

    def with_store(self, store: Store) -> Self:
        """Return the same kit over another store, such as one on the application's own session."""
        store = self._fit(store)
        run(self._assembly.prepare(store, create=False))
        return self._view(store, self._realm)

    def _offer(self) -> None:
        built = self._assembly.build(self._store, self._realm)
        self._offered = {each.name: each.mirror(built[each.name]) for each in self._assembly.features}

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _unblocked(store: Store) -> Store:
    """Return a store that an event loop may call: a blocking one gets threads of its own."""
    if not store.blocking or getattr(store, "in_process", False):
        return store
    from userkit.storage.threaded import ThreadedStore

    return ThreadedStore(store)


def _in_order(features: Sequence[AnyFeature]) -> tuple[AnyFeature, ...]:
    """Return features so that each comes after those it requires."""
    by_name = {feature.name: feature for feature in features}
    if len(by_name) < len(features):
        raise ConfigurationError("Two features have the same name.")
    ordered: dict[str, AnyFeature] = {}
    waiting: list[str] = []

    def place(name: str, wanted_by: str) -> None:
        if name not in by_name:
            raise ConfigurationError(
                f"The feature {wanted_by} requires {name}, which this kit does not have."
            )
        if name in waiting:
            raise ConfigurationError(
                f"Features require each other in a circle: {' -> '.join([*waiting, name])}."
            )
        if name not in ordered:
            waiting.append(name)
            for required in by_name[name].requires:
                place(required, name)
            waiting.pop()
            ordered[name] = by_name[name]

    for feature in features:
        place(feature.name, feature.name)
    return tuple(ordered.values())
