"""What a kit is put together from, and how its features are built for each realm."""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from userkit.authentication import Authentication
from userkit.errors import ConfigurationError, StoreUnavailableError
from userkit.feature import Feature, Parts
from userkit.features.outbox import Delivery
from userkit.features.outbox.erasing import Erasing
from userkit.features.outbox.forgetting import Forgetting
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.entity import Entity
from userkit.kernel.events import Listeners, Publisher
from userkit.kernel.ids import NewId
from userkit.kernel.keys import Keyring
from userkit.ports.authentication import AuthParts
from userkit.storage.capabilities import forwarding
from userkit.storage.journal import Journal, Participants
from userkit.storage.port import Store

if TYPE_CHECKING:
    from userkit.features.outbox import Outbox
    from userkit.http.route import AnyRoute
    from userkit.ports.language_model import LanguageModel
    from userkit.ports.mail import Mailer
    from userkit.ports.passwords import PasswordHasher
    from userkit.ports.rate_limit import RateLimiter
    from userkit.ports.turns import Turns

__all__ = [
    "AUTH_BACKENDS",
    "AnyFeature",
    "Assembly",
    "Wiring",
    "auth_settings",
    "features_in_order",
    "homes_of",
    "records_of",
    "vetoed",
]

AnyFeature = Feature[Any, Any]

_log = logging.getLogger("userkit.relay")

AUTH_BACKENDS = ("jwt", "session", "api-key")
"""The auth backends of a kit that names none, in the order in which they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What the views of all realms share. ``opened`` holds something while the kit is open."""

    features: tuple[AnyFeature, ...]
    keys: Keyring
    now: Clock
    new_id: NewId
    listeners: Listeners
    hasher: PasswordHasher
    mailer: Mailer | None
    limiter: RateLimiter | None
    language_model: LanguageModel | None
    base_url: str | None
    app_name: str
    auth: Mapping[str, Any]
    prefer: Mapping[str, str] | None
    owned: tuple[PasswordHasher | Mailer | RateLimiter | LanguageModel, ...]
    blocking: bool
    turns: Turns
    realms: dict[str, Outbox] = field(default_factory=dict)
    shared: dict[str, dict[str, object]] = field(default_factory=dict)
    opened: list[bool] = field(default_factory=list)
    views: dict[str, Store] = field(default_factory=dict)

    def build(self, store: Store, realm: str) -> tuple[Mapping[str, Any], Authentication]:
        """Build every feature and then every auth backend over one realm of a store."""
        from userkit.plugins.backends import build_auth

        view, authentication = store.realm(realm), Authentication()
        self.views.setdefault(realm, view)
        listeners, participants = Listeners(wider=self.listeners), Participants()
        publish = Publisher(realm, listeners)
        built: dict[str, Any] = {}
        parts = Parts(
            store=view,
            now=self.now,
            new_id=self.new_id,
            keys=self.keys,
            cursors=Cursors(self.keys.derive("cursors"), realm),
            realm=realm,
            journal=Journal(store=view, realm=realm, participants=participants, publish=publish),
            listeners=listeners,
            participants=participants,
            hasher=self.hasher,
            authentication=authentication,
            blocking=self.blocking,
            mailer=self.mailer,
            limiter=self.limiter,
            language_model=self.language_model,
            base_url=self.base_url,
            app_name=self.app_name,
            turns=self.turns,
            shared=self.shared.setdefault(realm, {}),
            built=MappingProxyType(built),
        )
        for feature in self.features:
            built[feature.name] = feature.build(parts)
        build_auth(authentication, self._auth_parts(parts), prefer=self.prefer)
        return built, authentication

    async def prepare(self, store: Store, *, create: bool) -> None:
        """Prepare a store for what the features keep."""
        collections = [each for feature in self.features for each in feature.collections]
        await store.prepare(collections, create=create)

    async def deliver(self, topics: Container[str] | None = None) -> Delivery:
        """Do what is due in the outbox of every realm that this kit has been asked for, after ``forward``."""
        await self.forward()
        delivery = Delivery()
        for outbox in list(self.realms.values()):
            delivery += await outbox.deliver(topics=topics)
        return delivery

    async def forward(self) -> None:
        """See to what a store of several has left behind of commits, in every such realm."""
        for view in list(self.views.values()):
            await _forward(view)

    async def resume(self) -> None:
        """Finish what a crash has left half-way, in a process that does not look at the outbox again."""
        await self.deliver(topics=(Forgetting.TOPIC, Erasing.TOPIC))

    async def close(self) -> None:
        """Close what the kit made beside the store."""
        for backend in self.owned:
            await backend.close()

    def _auth_parts(self, parts: Parts) -> AuthParts:
        from userkit.features.sessions import Sessions

        sessions = parts.offer(Sessions)
        return AuthParts(
            realm=parts.realm,
            now=self.now,
            new_id=self.new_id,
            keys=self.keys,
            sessions=sessions.auth_gate,
            accounts=sessions.accounts,
            settings=self.auth,
            offered=parts.built,
        )


async def _forward(view: Store) -> None:
    left_behind = forwarding(view)
    if left_behind is not None:
        try:
            await left_behind.forward()
        except StoreUnavailableError as error:
            # A store that is away holds up nothing else.
            _log.warning("What was left behind of commits waits: %s", error.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a kit is to the integrations of frameworks, for one realm.

    ``offered`` is what each feature offers, by its name: the asynchronous use cases, which never wait
    in a synchronous kit.
    """

    realm: str
    keys: Keyring
    now: Clock
    base_url: str | None
    app_name: str
    authentication: Authentication
    offered: Mapping[str, Any]


def auth_settings(auth: Sequence[str] | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return auth backends by name with their settings, None for the defaults."""
    if isinstance(auth, str):
        raise ConfigurationError(f"auth is a list of names or a mapping: auth=[{auth!r}].")
    return dict(auth) if isinstance(auth, Mapping) else dict.fromkeys(auth)


def features_in_order(built_in: Sequence[AnyFeature], given: Sequence[AnyFeature]) -> tuple[AnyFeature, ...]:
    """Return features so that each comes after those it requires; given ones replace built-in ones.

    What a feature brings comes along, unless one of that name is there.
    """
    given = _with_brought(built_in, given)
    by_name = {feature.name: feature for feature in given}
    own = {feature.name for feature in built_in}
    others = [feature for feature in given if feature.name not in own or by_name[feature.name] is not feature]
    return _in_order([*(by_name.get(feature.name, feature) for feature in built_in), *others])


def _with_brought(built_in: Sequence[AnyFeature], given: Sequence[AnyFeature]) -> tuple[AnyFeature, ...]:
    known = {each.name for each in (*built_in, *given)}
    brought = {each.name: each for feature in given for each in feature.brings if each.name not in known}
    return (*given, *brought.values())


def records_of(features: Sequence[AnyFeature]) -> tuple[type[Entity], ...]:
    """Return the kinds of entities that are only added, to commits of every kind."""
    return tuple(each for feature in features for each in feature.records)


def vetoed(route: AnyRoute, features: Sequence[AnyFeature]) -> AnyRoute:
    """Return a route with what features may refuse it with beside its own feature."""
    more = [error for feature in features for error in feature.vetoes.get(route.name, ())]
    return replace(route, errors=(*route.errors, *more)) if more else route


def homes_of(
    features: Sequence[AnyFeature], routes: Mapping[type[Entity] | str, str | Store], *, main: str | Store
) -> Mapping[type[Entity], str | Store]:
    """Return where each kind of entities is kept that is not in the main store.

    A kind is named by its class or by its collection. Raises ConfigurationError for kinds that nobody
    stores or that are routed twice, and where a commit would span stores that it must not span.
    """
    homes: dict[type[Entity], str | Store] = {}
    for named, target in routes.items():
        entity = _stored(features, named)
        if entity in homes:
            raise ConfigurationError(f"{entity.__name__} is routed twice: by its class and by its name.")
        homes[entity] = target
    for feature in features:
        for entity in feature.records:
            if homes.get(entity, main) != main:
                raise ConfigurationError(
                    f"{entity.__name__} goes along with commits of every kind, and stays in the main store."
                )
        _check_together(feature, homes, main)
    return {entity: target for entity, target in homes.items() if target != main}


def _stored(features: Sequence[AnyFeature], named: type[Entity] | str) -> type[Entity]:
    collections = [each for feature in features for each in feature.collections]
    for each in collections:
        if named in (each.entity, each.name):
            return each.entity
    name = named if isinstance(named, str) else named.__name__
    known = ", ".join(f"{each.entity.__name__} ({each.name})" for each in collections)
    raise ConfigurationError(f"No feature of this kit stores {name}; there are {known}.")


def _check_together(
    feature: AnyFeature, homes: Mapping[type[Entity], str | Store], main: str | Store
) -> None:
    bound = {homes.get(each, main) for each in feature.together if each not in feature.decides}
    deciding = {homes.get(each, main) for each in feature.decides}
    # What decides may be elsewhere, in one place, as long as the rest is in the main store.
    apart = bound == {main} and len(deciding - bound) < 2
    if not apart and len(bound | deciding) > 1:
        names = ", ".join(each.__name__ for each in feature.together)
        free = " and ".join(each.__name__ for each in feature.decides)
        raise ConfigurationError(
            f"The feature {feature.name} changes {names} in one commit: route all of them to the same store, "
            + (f"{free} alone, or none." if free else "or none.")
        )


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
