"""The composition root: a kit puts a store, a secret and the features together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from userkit.assembly import (
    AUTH_BACKENDS,
    AnyFeature,
    Assembly,
    Wiring,
    auth_settings,
    features_in_order,
    homes_of,
    records_of,
    vetoed,
)
from userkit.authentication import Authentication
from userkit.errors import UnsupportedStoreError, UsageError
from userkit.feature import Feature
from userkit.features.users import SyncUsers, Users
from userkit.kernel.base_url import check_base_url
from userkit.kernel.clock import Clock, in_milliseconds, utc_now
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event, Listener, Listeners
from userkit.kernel.identity import Identity
from userkit.kernel.ids import UUIDv7
from userkit.kernel.keys import Keyring, SecretInput
from userkit.relay import TaskRelay, ThreadRelay
from userkit.storage.catalogue import check_realm
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run
from userkit.turns import TaskTurns, ThreadTurns

if TYPE_CHECKING:
    from userkit.features.api_keys import ApiKeys, SyncApiKeys
    from userkit.features.audit import Audit, SyncAudit
    from userkit.features.email_verification import EmailVerification, SyncEmailVerification
    from userkit.features.outbox import Outbox, SyncOutbox
    from userkit.features.password_reset import PasswordReset, SyncPasswordReset
    from userkit.features.passwords import Passwords, SyncPasswords
    from userkit.features.registration import Registration, SyncRegistration
    from userkit.features.roles import Roles, SyncRoles
    from userkit.features.sessions import Sessions, SyncSessions
    from userkit.features.throttling import SyncThrottling, Throttling
    from userkit.features.users.attributes import AttributesModel
    from userkit.http.route import AnyRoute
    from userkit.ports.cache import Cache
    from userkit.ports.language_model import LanguageModel
    from userkit.ports.mail import Mailer
    from userkit.ports.passwords import PasswordHasher
    from userkit.ports.rate_limit import RateLimiter
    from userkit.ports.turns import Turns
    from userkit.settings import UserKitSettings
    from userkit.storage.cached import CachedStore
    from userkit.storage.routed import RoutedStore

__all__ = ["SyncUserKit", "UserKit"]

A = TypeVar("A")
S = TypeVar("S")
EventT = TypeVar("EventT", bound=Event)


class _Kit:
    """What both kits have in common. Not for use by itself."""

    _blocking: bool
    _assembly: Assembly
    _store: Store
    _realm: str
    _prepare: bool
    _built: Mapping[str, Any]
    _offered: Mapping[str, Any]
    _authentication: Authentication
    _outbox: Outbox
    _mails: bool
    _relays: bool
    _resumes: bool
    _cached_store: CachedStore | None = None
    _routed_store: RoutedStore | None = None

    def __init__(
        self,
        store: str | Store,
        *,
        secret: SecretInput,
        realm: str = DEFAULT_REALM,
        prepare: bool = True,
        attributes: AttributesModel | None = None,
        features: Sequence[AnyFeature] = (),
        auth: Sequence[str] | Mapping[str, Any] = AUTH_BACKENDS,
        mailer: str | Mailer | None = None,
        base_url: str | None = None,
        app_name: str = "userkit",
        relay: bool = True,
        hasher: str | PasswordHasher = "argon2",
        limiter: str | RateLimiter | None = None,
        routes: Mapping[type[Entity] | str, str | Store] | None = None,
        cache: str | Cache | None = None,
        language_model: str | LanguageModel | None = None,
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
        - ``features``: what the kit can do beside the built-in features. One with the name of a
          built-in feature takes its place: ``features=[passwords(min_length=12)]``.
        - ``auth``: the auth backends by name, in the order in which they are asked; as a mapping,
          with the settings of each: ``auth={"jwt": TokenSettings(lifetime=…), "api-key": None}``.
        - ``mailer``: a URL such as ``smtp://user:password@host``, or a mailer object; without one
          no mail is sent.
        - ``base_url``: where the links in mails lead, such as ``https://app.example``.
        - ``app_name``: what mails call the application.
        - ``relay``: whether this process does what waits in the outbox, such as mail, beside its
          work; else ``userkit mail work`` does.
        - ``hasher``: the name of a password hasher, or a hasher object.
        - ``limiter``: where attempts are counted: a URL such as ``redis://host``, or a limiter object;
          by default in the store.
        - ``routes``: which kinds of entities are kept elsewhere than in ``store``, such as
          ``{Session: "redis://host"}`` or, by the name of a collection, ``{"sessions": "redis://host"}``.
        - ``cache``: what keeps copies of what is read often in ``store``: a URL such as
          ``redis://host?prefix=shop``, or a cache object.
        - ``language_model``: what features ask that need judgement: a URL such as
          ``bedrock://MODEL_ID?region=eu-central-1``, or a model object.
        - ``hooks``: hook plugins, by the name of their entry point or as objects.
        - ``prefer``: which distribution provides a backend that several offer.
        - ``clock``: tells the time; tests bring their own.

        Raises ConfigurationError, or one of its kinds, with what to change; UsageError for a realm
        that is not a name.
        """
        from userkit.features.built_in import built_in
        from userkit.plugins.backends import (
            check_auth,
            open_hasher,
            open_language_model,
            open_limiter,
            open_mailer,
        )
        from userkit.plugins.hooks import load_hooks

        keys = Keyring.of(secret)
        hooked = load_hooks(hooks, prefer=prefer)
        now = in_milliseconds(clock)
        self._realm = check_realm(realm)
        self._prepare = prepare
        chosen = auth_settings(auth)
        check_auth(chosen, prefer=prefer)
        hashing = open_hasher(hasher, blocking=self._blocking, prefer=prefer)
        mailing = None if mailer is None else open_mailer(mailer, blocking=self._blocking, prefer=prefer)
        ordered = features_in_order(built_in(attributes=attributes), (*features, *hooked.features()))
        main = self._cached(self._open(store, prefer), cache, prefer)
        homes = homes_of(ordered, routes or {}, main=store)
        opened = self._routed(main, homes, ordered, prefer, now)
        self._store = hooked.wrap_store(opened, store if isinstance(store, str) else None)
        counting = (
            None
            if limiter is None
            else open_limiter(limiter, blocking=self._blocking, now=now, prefer=prefer)
        )
        asking = (
            None
            if language_model is None
            else open_language_model(language_model, blocking=self._blocking, prefer=prefer)
        )
        backends = (
            (hashing, hasher),
            (mailing, mailer),
            (counting, limiter),
            (asking, language_model),
        )
        self._assembly = Assembly(
            features=ordered,
            keys=keys,
            now=now,
            new_id=UUIDv7(now),
            listeners=Listeners(),
            hasher=hashing,
            mailer=mailing,
            limiter=counting,
            language_model=asking,
            base_url=None if base_url is None else check_base_url(base_url),
            app_name=app_name,
            auth=chosen,
            prefer=prefer,
            owned=tuple(made for made, given in backends if made is not None and made is not given),
            blocking=self._blocking,
            turns=ThreadTurns() if self._blocking else TaskTurns(),
        )
        # Without a mailer the outbox holds nothing for a relay, but other stores may hold parcels.
        self._mails = mailing is not None
        self._relays = relay and (self._mails or self._routed_store is not None)
        self._resumes = relay
        self._offer()
        self._assembly.realms[self._realm] = self._outbox

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
        view = self._view(self._store, check_realm(name))
        self._assembly.realms.setdefault(name, view._outbox)
        return view

    def jwks(self) -> Mapping[str, Any]:
        """Return the public keys that access tokens are verified with (RFC 7517).

        It is an empty set where a shared secret signs them; no private key is ever in it.
        """
        return self._authentication.jwks()

    @property
    def is_open(self) -> bool:
        """Tell whether the kit was opened, by whichever of its views, and not closed since."""
        return bool(self._assembly.opened)

    def wiring(self) -> Wiring:
        """Return what integrations of frameworks are built from."""
        assembly = self._assembly
        return Wiring(
            realm=self._realm,
            keys=assembly.keys,
            now=assembly.now,
            base_url=assembly.base_url,
            app_name=assembly.app_name,
            authentication=self._authentication,
            offered=self._built,
        )

    def routes(self) -> Sequence[AnyRoute]:
        """Return what the features of this kit offer over HTTP, for integrations of frameworks."""
        features = self._assembly.features
        offered = ((each.routes, self._built[each.name]) for each in features)
        routes = [route for routes, what in offered if routes is not None for route in routes(what)]
        return [vetoed(route, features) for route in routes]

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
        self._built, self._authentication = self._assembly.build(self._store, self._realm)
        self._outbox = self._built["outbox"]
        self._offered = self._mirrored(self._built)

    def _mirrored(self, built: Mapping[str, Any]) -> Mapping[str, Any]:
        return built

    def _open(self, store: str | Store, prefer: Mapping[str, str] | None) -> Store:
        from userkit.plugins.opening import open_store

        if isinstance(store, str):
            store = open_store(store, blocking=self._blocking, prefer=prefer or {})
        return self._fit(store)

    def _cached(self, main: Store, cache: str | Cache | None, prefer: Mapping[str, str] | None) -> Store:
        """Return the main store, or one with a cache before it."""
        if cache is None:
            return main
        from userkit.plugins.backends import open_cache
        from userkit.storage.cached import CachedStore

        opened = open_cache(cache, blocking=self._blocking, prefer=prefer)
        turns: Turns = ThreadTurns() if self._blocking else TaskTurns()
        # Under the routes, so that what is forwarded to the main store passes the cache as well.
        self._cached_store = CachedStore(main, opened, turns=turns)
        return self._cached_store

    def _routed(
        self,
        main: Store,
        homes: Mapping[type[Entity], str | Store],
        features: Sequence[AnyFeature],
        prefer: Mapping[str, str] | None,
        now: Clock,
    ) -> Store:
        """Return the main store, or one of it and those that kinds of entities are routed to."""
        if not homes:
            return main
        from userkit.storage.routed import RoutedStore

        # One URL is one store, and so is one object.
        opened = {target: self._open(target, prefer) for target in dict.fromkeys(homes.values())}
        routes = {entity: opened[target] for entity, target in homes.items()}
        self._routed_store = RoutedStore(main, routes, records=records_of(features), now=now)
        return self._routed_store

    async def _work(self) -> None:
        """Do what a relay does, again and again."""
        await (self._assembly.deliver() if self._mails else self._assembly.resume())

    def _joined(self, store: Store) -> Store:
        """Return a store that joins the application's transaction, with the cache and the routes."""
        joined = store if self._cached_store is None else self._cached_store.joined(store)
        return joined if self._routed_store is None else self._routed_store.joined(joined)

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

        async with UserKit("sqlite:///app.db", secret=SECRET) as kit:
            user = await kit.users.register(email="ada@example.com", name="Ada Lovelace")

    Entering it connects and creates the tables that are missing; leaving it closes everything.
    """

    _blocking = False
    _relay: TaskRelay | None = None

    @property
    def users(self) -> Users:
        """Return what can be done with users."""
        return self._offered["users"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def passwords(self) -> Passwords:
        """Return what can be done with passwords."""
        return self._offered["passwords"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def sessions(self) -> Sessions:
        """Return what can be done with sign-ins and sessions."""
        return self._offered["sessions"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def email_verification(self) -> EmailVerification:
        """Return what can be done to confirm and change addresses."""
        return self._offered["email_verification"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def password_reset(self) -> PasswordReset:
        """Return what can be done about forgotten passwords."""
        return self._offered["password_reset"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def registration(self) -> Registration:
        """Return what can be done about opening accounts."""
        return self._offered["registration"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def api_keys(self) -> ApiKeys:
        """Return what can be done with API keys."""
        return self._offered["api_keys"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def roles(self) -> Roles:
        """Return what can be done with roles and permissions."""
        return self._offered["roles"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def audit(self) -> Audit:
        """Return what can be read of the audit trail."""
        return self._offered["audit"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def throttling(self) -> Throttling:
        """Return how attempts are limited."""
        return self._offered["throttling"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def outbox(self) -> Outbox:
        """Return what is still to be done, such as mail to send."""
        return self._offered["outbox"]  # type: ignore[no-any-return]  # every kit has this feature

    def __getitem__(self, feature: Feature[A, Any]) -> A:
        """Return what one of the application's own features offers."""
        return self._what_offers(feature)  # type: ignore[no-any-return]  # built by this feature

    async def open(self) -> None:
        """Connect and prepare, unless it is open. Raises StoreUnavailableError and SchemaOutdatedError."""
        if self.is_open:
            return
        self._assembly.opened.append(True)
        try:
            await self._assembly.prepare(self._store, create=self._prepare)
            if self._relays:
                self._relay = TaskRelay(self._work)
                await self._relay.start()
            elif self._resumes:
                await self._assembly.resume()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close everything. Closing again does no harm, and a kit may be opened again."""
        self._assembly.opened.clear()
        relay, self._relay = self._relay, None
        if relay is not None:
            await relay.stop()
        await self._assembly.close()
        await self._store.close()

    async def forward(self) -> None:
        """See to what dead processes have left undone between stores; the relay does so by itself."""
        await self._assembly.forward()

    async def authenticate(self, credential: str) -> Identity:
        """Return whose credential this is: an access token, a session token or an API key.

        Raises UnauthenticatedError.
        """
        return await self._authentication(credential)

    async def with_store(self, store: Store) -> Self:
        """Return the same kit over another store, such as one on the application's own session."""
        store = self._joined(self._fit(store))
        await self._assembly.prepare(store, create=False)
        return self._view(store, self._realm)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()


class SyncUserKit(_Kit):
    """User accounts for an application without an event loop.

        with SyncUserKit("sqlite:///app.db", secret=SECRET) as kit:
            user = kit.users.register(email="grace@example.com", name="Grace Hopper")

    Entering it connects and creates the tables that are missing; leaving it closes everything.
    """

    _blocking = True
    _relay: ThreadRelay | None = None

    @property
    def users(self) -> SyncUsers:
        """Return what can be done with users."""
        return self._offered["users"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def passwords(self) -> SyncPasswords:
        """Return what can be done with passwords."""
        return self._offered["passwords"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def sessions(self) -> SyncSessions:
        """Return what can be done with sign-ins and sessions."""
        return self._offered["sessions"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def email_verification(self) -> SyncEmailVerification:
        """Return what can be done to confirm and change addresses."""
        return self._offered["email_verification"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def password_reset(self) -> SyncPasswordReset:
        """Return what can be done about forgotten passwords."""
        return self._offered["password_reset"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def registration(self) -> SyncRegistration:
        """Return what can be done about opening accounts."""
        return self._offered["registration"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def api_keys(self) -> SyncApiKeys:
        """Return what can be done with API keys."""
        return self._offered["api_keys"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def roles(self) -> SyncRoles:
        """Return what can be done with roles and permissions."""
        return self._offered["roles"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def audit(self) -> SyncAudit:
        """Return what can be read of the audit trail."""
        return self._offered["audit"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def throttling(self) -> SyncThrottling:
        """Return how attempts are limited."""
        return self._offered["throttling"]  # type: ignore[no-any-return]  # every kit has this feature

    @property
    def outbox(self) -> SyncOutbox:
        """Return what is still to be done, such as mail to send."""
        return self._offered["outbox"]  # type: ignore[no-any-return]  # every kit has this feature

    def __getitem__(self, feature: Feature[Any, S]) -> S:
        """Return what one of the application's own features offers."""
        return self._what_offers(feature)  # type: ignore[no-any-return]  # mirrored by this feature

    def open(self) -> None:
        """Connect and prepare, unless it is open. Raises StoreUnavailableError and SchemaOutdatedError."""
        if self.is_open:
            return
        self._assembly.opened.append(True)
        try:
            run(self._assembly.prepare(self._store, create=self._prepare))
            if self._relays:
                self._relay = ThreadRelay(lambda: run(self._work()))
                self._relay.start()
            elif self._resumes:
                run(self._assembly.resume())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close everything. Closing again does no harm, and a kit may be opened again."""
        self._assembly.opened.clear()
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.stop()
        run(self._assembly.close())
        run(self._store.close())

    def forward(self) -> None:
        """See to what dead processes have left undone between stores; the relay does so by itself."""
        run(self._assembly.forward())

    def authenticate(self, credential: str) -> Identity:
        """Return whose credential this is: an access token, a session token or an API key.

        Raises UnauthenticatedError.
        """
        return run(self._authentication(credential))

    def with_store(self, store: Store) -> Self:
        """Return the same kit over another store, such as one on the application's own session."""
        store = self._joined(self._fit(store))
        run(self._assembly.prepare(store, create=False))
        return self._view(store, self._realm)

    def _mirrored(self, built: Mapping[str, Any]) -> Mapping[str, Any]:
        return {each.name: each.mirror(built[each.name]) for each in self._assembly.features}

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
