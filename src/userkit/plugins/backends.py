"""What a kit uses beside its store, such as hashers and mailers: chosen by name, made by plugins."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from userkit.authentication import Authentication
from userkit.errors import ConfigurationError, PluginLoadError, UserKitError
from userkit.kernel.clock import Clock
from userkit.kernel.plugin import Plugin
from userkit.plugins.advice import (
    AUTH_REQUIREMENTS,
    CACHE_REQUIREMENTS,
    HASHER_REQUIREMENTS,
    LANGUAGE_MODEL_REQUIREMENTS,
    LIMITER_REQUIREMENTS,
    MAILER_REQUIREMENTS,
)
from userkit.plugins.offers import Offer
from userkit.plugins.registry import Registry, plugins_of
from userkit.ports.authentication import AUTH_BACKEND_API, AuthBackendPlugin, AuthParts
from userkit.ports.cache import CACHE_API, Cache, CachePlugin
from userkit.ports.language_model import LANGUAGE_MODEL_API, LanguageModel, LanguageModelPlugin
from userkit.ports.mail import MAILER_API, Mailer, MailerPlugin
from userkit.ports.passwords import HASHER_API, PasswordHasher, PasswordHasherPlugin
from userkit.ports.rate_limit import RATE_LIMITER_API, RateLimiter, RateLimiterPlugin

__all__ = [
    "AUTH_BACKENDS",
    "CACHES",
    "HASHERS",
    "LANGUAGE_MODELS",
    "LIMITERS",
    "MAILERS",
    "build_auth",
    "check_auth",
    "open_cache",
    "open_hasher",
    "open_language_model",
    "open_limiter",
    "open_mailer",
]

P = TypeVar("P", bound=Plugin[Any])
T = TypeVar("T")

HASHERS = Registry(
    "userkit.password_hashers",
    kind="password hasher",
    accept=plugins_of(PasswordHasherPlugin, api_version=HASHER_API),
    known=HASHER_REQUIREMENTS,
)
"""The password hashers of this environment."""

MAILERS = Registry(
    "userkit.mailers",
    kind="mailer",
    accept=plugins_of(MailerPlugin, api_version=MAILER_API),
    known=MAILER_REQUIREMENTS,
)
"""The mailers of this environment."""

LIMITERS = Registry(
    "userkit.rate_limiters",
    kind="rate limiter",
    accept=plugins_of(RateLimiterPlugin, api_version=RATE_LIMITER_API),
    known=LIMITER_REQUIREMENTS,
)
"""The rate limiters of this environment."""

CACHES = Registry(
    "userkit.caches",
    kind="cache",
    accept=plugins_of(CachePlugin, api_version=CACHE_API),
    known=CACHE_REQUIREMENTS,
)
"""The caches of this environment."""

LANGUAGE_MODELS = Registry(
    "userkit.language_models",
    kind="language model",
    accept=plugins_of(LanguageModelPlugin, api_version=LANGUAGE_MODEL_API),
    known=LANGUAGE_MODEL_REQUIREMENTS,
)
"""The language models of this environment."""

AUTH_BACKENDS = Registry(
    "userkit.auth_backends",
    kind="auth backend",
    accept=plugins_of(AuthBackendPlugin, api_version=AUTH_BACKEND_API),
    known=AUTH_REQUIREMENTS,
)
"""The auth backends of this environment."""


def open_hasher(
    hasher: str | PasswordHasher, *, blocking: bool, prefer: Mapping[str, str] | None = None
) -> PasswordHasher:
    """Return the hasher of a name, or the object given.

    Raises what the registry raises, and ConfigurationError for one that does not fit the kit.
    """
    if isinstance(hasher, str):
        offer, plugin = _chosen(HASHERS, hasher, prefer)
        hasher = _made(offer, lambda: plugin.factory(blocking=blocking))
    return _fitting(hasher, blocking=blocking, verbs=("hash", "verify", "recognises", "close"))


def open_mailer(mailer: str | Mailer, *, blocking: bool, prefer: Mapping[str, str] | None = None) -> Mailer:
    """Return the mailer of a URL, or the object given. Raises as ``open_hasher``, and InvalidURLError."""
    if isinstance(mailer, str):
        url = mailer
        offer, plugin = _chosen(MAILERS, url.partition(":")[0].partition("+")[0], prefer)
        mailer = _made(offer, lambda: plugin.factory(url, blocking=blocking), quiet=True)
    return _fitting(mailer, blocking=blocking, verbs=("send", "close"))


def open_limiter(
    limiter: str | RateLimiter, *, blocking: bool, now: Clock, prefer: Mapping[str, str] | None = None
) -> RateLimiter:
    """Return the limiter of a URL, or the object given.

    One that is given may block in an asynchronous kit, for it may do so only for moments. Raises as
    ``open_mailer``.
    """
    if isinstance(limiter, str):
        url = limiter
        offer, plugin = _chosen(LIMITERS, url.partition(":")[0].partition("+")[0], prefer)
        made = _made(offer, lambda: plugin.factory(url, blocking=blocking, now=now), quiet=True)
        return _fitting(made, blocking=blocking, verbs=("take", "release", "forget", "close"))
    if blocking and not limiter.blocking:
        raise ConfigurationError(
            f"{type(limiter).__name__} waits for an event loop; a SyncUserKit needs one that does not."
        )
    return limiter


def open_cache(cache: str | Cache, *, blocking: bool, prefer: Mapping[str, str] | None = None) -> Cache:
    """Return the cache of a URL, or the object given. Raises as ``open_mailer``."""
    if isinstance(cache, str):
        url = cache
        offer, plugin = _chosen(CACHES, url.partition(":")[0].partition("+")[0], prefer)
        cache = _made(offer, lambda: plugin.factory(url, blocking=blocking), quiet=True)
    verbs = ("read", "fill", "fence", "lift", "renew", "pause", "close")
    return _fitting(cache, blocking=blocking, verbs=verbs)


def open_language_model(
    model: str | LanguageModel, *, blocking: bool, prefer: Mapping[str, str] | None = None
) -> LanguageModel:
    """Return the language model of a URL, or the object given. Raises as ``open_mailer``."""
    if isinstance(model, str):
        url = model
        offer, plugin = _chosen(LANGUAGE_MODELS, url.partition(":")[0].partition("+")[0], prefer)
        model = _made(offer, lambda: plugin.factory(url, blocking=blocking), quiet=True)
    return _fitting(model, blocking=blocking, verbs=("complete", "stream", "embed", "close"))


def check_auth(names: Mapping[str, Any], *, prefer: Mapping[str, str] | None = None) -> None:
    """Load the auth backends of these names, so that a mistake is found at start-up."""
    for name in names:
        _chosen(AUTH_BACKENDS, name, prefer)


def build_auth(
    authentication: Authentication,
    parts: AuthParts,
    *,
    prefer: Mapping[str, str] | None = None,
) -> None:
    """Make the auth backends that ``parts.settings`` names, in its order."""
    for name in parts.settings:
        offer, plugin = _chosen(AUTH_BACKENDS, name, prefer)
        authentication.backends[name] = _made(offer, partial(plugin.factory, parts))


def _chosen(registry: Registry[P], name: str, prefer: Mapping[str, str] | None) -> tuple[Offer, P]:
    offer = registry.choose(name, prefer=prefer)
    return offer, registry.open(offer)


def _made(offer: Offer, make: Callable[[], T], *, quiet: bool = False) -> T:
    try:
        return make()
    except UserKitError:
        raise
    except Exception as error:
        if quiet:  # what it says may repeat a password of the URL
            raise PluginLoadError(f"{offer} failed to start: {type(error).__name__}.") from None
        raise offer.failure("failed to start", error) from error


def _fitting(backend: T, *, blocking: bool, verbs: tuple[str, ...]) -> T:
    kind = type(backend).__name__
    theirs = getattr(backend, "blocking", None)
    if not isinstance(theirs, bool) or not all(callable(getattr(backend, verb, None)) for verb in verbs):
        raise ConfigurationError(f"{kind} lacks one of: blocking, {', '.join(verbs)}.")
    if blocking and not theirs:
        raise ConfigurationError(f"{kind} is asynchronous; a SyncUserKit needs one that blocks.")
    if theirs and not blocking and not getattr(backend, "in_process", False):
        raise ConfigurationError(
            f"{kind} blocks, and would stop the event loop; a UserKit needs one that does not. A mailer can "
            "be put into userkit.backends.mail.ThreadedMailer."
        )
    return backend
