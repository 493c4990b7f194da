"""What a feature is, and what it may be built from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from userkit.authentication import Authentication
from userkit.errors import UsageError, UserKitError
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event, Listeners
from userkit.kernel.ids import Id, NewId
from userkit.kernel.json import JSONObject
from userkit.kernel.keys import Keyring
from userkit.storage.collection import Collection
from userkit.storage.disclosure import Disclosure
from userkit.storage.journal import Journal, Participants
from userkit.storage.port import Store
from userkit.storage.rewriting import anew, discard, discard_all, rewrite

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute
    from userkit.ports.language_model import LanguageModel
    from userkit.ports.mail import Mailer
    from userkit.ports.passwords import PasswordHasher
    from userkit.ports.rate_limit import RateLimiter
    from userkit.ports.turns import Turns

# What features are written with, beside userkit.storage: those of others import all of it from here.
__all__ = [
    "Clock",
    "Cursors",
    "Disclose",
    "Disclosure",
    "Erase",
    "Erased",
    "Event",
    "Feature",
    "Forget",
    "Id",
    "Journal",
    "Listeners",
    "NewId",
    "Participants",
    "Parts",
    "anew",
    "discard",
    "discard_all",
    "rewrite",
]

A = TypeVar("A")
S = TypeVar("S")

Forget = Callable[[str], Awaitable[None]]
"""Takes the id of a deleted user, and deletes what a feature kept of them. It may be called again."""

Disclose = Callable[[str], AsyncGenerator[JSONObject, None]]
"""Takes the id of a user, and yields what a feature keeps of them, as JSON without secrets and digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Somebody who is to be forgotten, also by what stays.

    ``email_key`` is their canonical address as long as anybody knows it; ``is_address`` and ``is_name``
    tell whether a text is that address, in whatever spelling, or the name that they had last, also when
    nobody knows them any more.
    """

    user_id: str
    email_key: str | None = field(default=None, repr=False)
    is_address: Callable[[str], bool] = field(repr=False)
    is_name: Callable[[str], bool] = field(repr=False)


Erase = Callable[[Erased], Awaitable[None]]
"""Takes out of what stays who somebody was. It is called after ``Forget``, and may be called again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a feature is built from, for one realm.

    - ``journal``: commits changes together with what is recorded of them, then tells of them.
    - ``listeners``: are told after a commit. ``participants`` are asked before it: they add changes
      or veto it.
    - ``forget``: how features delete what they kept of a deleted user; add to it.
    - ``disclose``: how features hand out what they keep of a user, by their names; add to it.
    - ``erase``: how features forget who somebody was in what stays of them; add to it.
    - ``turns``: lets callers in this process wait for each other. ``shared``: what all views of this
      realm in this kit have in common, by names that features choose.
    - ``blocking``: whether the kit is synchronous, so that nothing may wait for an event loop.
    - ``authentication``: the auth backends of the kit, ready when all features are built.
    - ``limiter``: what counts attempts; None leaves it to the store.
    - ``language_model``: what features ask that need judgement; None where the kit has none.
    - ``base_url``: where links in mails lead; ``app_name``: what they call the application.
    """

    store: Store
    now: Clock
    new_id: NewId
    keys: Keyring
    cursors: Cursors
    realm: str
    journal: Journal
    listeners: Listeners
    participants: Participants
    hasher: PasswordHasher
    authentication: Authentication
    blocking: bool = False
    mailer: Mailer | None = None
    limiter: RateLimiter | None = None
    language_model: LanguageModel | None = None
    base_url: str | None = None
    app_name: str = "userkit"
    turns: Turns | None = None
    shared: MutableMapping[str, object] = field(default_factory=dict)
    forget: list[Forget] = field(default_factory=list)
    disclose: MutableMapping[str, Disclose] = field(default_factory=dict)
    erase: list[Erase] = field(default_factory=list)
    built: Mapping[str, object]

    def use(self, feature: Feature[A, Any]) -> A:
        """Return what a feature offers that was built before, because ``requires`` names it."""
        try:
            return self.built[feature.name]  # type: ignore[return-value]  # built by this very feature
        except KeyError:
            raise UsageError(f"{feature.name} is not built yet: name it in requires.") from None

    def offer(self, kind: type[A]) -> A:
        """Return the offer of this type, of a feature that ``requires`` names."""
        for offered in self.built.values():
            if isinstance(offered, kind):
                return offered
        raise UsageError(f"{kind.__qualname__} is not built yet: name its feature in requires.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature(Generic[A, S]):
    """Something that a kit can do, as a value.

    ``build`` makes the object with its use cases, which the asynchronous kit offers as it is;
    ``mirror`` makes that object's synchronous twin. ``requires`` names features to build first.
    ``routes`` says how that object is offered over HTTP; it is called when a framework asks. ``vetoes``
    are errors with which it refuses what the routes of other features do, by their names.

    ``brings`` are features that come along, unless the kit has one of that name already.

    ``together`` are the kinds of entities that it changes in one commit, and that must be in one store
    therefore. Of these, what is in ``decides`` may be elsewhere, for its change decides whether the
    others happen. ``records`` are only added, to commits of every kind.
    """

    name: str
    build: Callable[[Parts], A]
    mirror: Callable[[A], S]
    collections: tuple[Collection[Any], ...] = ()
    together: tuple[type[Entity], ...] = ()
    decides: tuple[type[Entity], ...] = ()
    records: tuple[type[Entity], ...] = ()
    requires: tuple[str, ...] = ()
    brings: tuple[Feature[Any, Any], ...] = ()
    routes: Callable[[A], Sequence[AnyRoute]] | None = None
    vetoes: Mapping[str, tuple[type[UserKitError], ...]] = field(default_factory=dict, hash=False)
