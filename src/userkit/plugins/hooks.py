"""Hook plugins, loaded by name and called in the order in which they are named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from userkit.errors import (
    ConfigurationError,
    PluginError,
    PluginLoadError,
    UnsupportedStoreError,
    UserKitError,
)
from userkit.feature import Feature
from userkit.plugins.advice import did_you_mean
from userkit.plugins.offers import Offer, one_line
from userkit.plugins.opening import is_store, put_away
from userkit.plugins.registry import Registry
from userkit.plugins.urls import StoreURL
from userkit.storage.port import Store

if TYPE_CHECKING:
    import pluggy

__all__ = ["HOOKS", "Hooks", "load_hooks"]

_SPECIFIED = ("userkit_features", "userkit_wrap_store")


class Hooks:
    """The hook plugins of one kit. ``manager`` is pluggy's, or None when there are no plugins."""

    def __init__(self, manager: pluggy.PluginManager | None = None) -> None:
        """Take plugins that are registered and verified."""
        self.manager = manager

    def features(self) -> tuple[Feature[Any, Any], ...]:
        """Return the features that the plugins add, in the order of the plugins.

        Raises PluginLoadError when a hook fails or returns something else.
        """
        calls = self._calls("userkit_features")
        return tuple(each for name, call in calls for each in _features(name, _called(name, call)))

    def wrap_store(self, store: Store, url: str | None) -> Store:
        """Return the store with what the plugins put around it, in the order of the plugins.

        ``url`` is the one that the store was opened by, or None; plugins do not get to see its
        user, password and query. Raises PluginLoadError when a hook fails or returns something
        else, and UnsupportedStoreError when one changes whether the store is blocking.
        """
        shown = None if url is None else StoreURL.read(url).shown
        for name, call in self._calls("userkit_wrap_store"):
            wrapped = _called(name, call, store=store, url=shown)
            if wrapped is not None:
                store = _in_place_of(store, name, wrapped)
        return store

    def _calls(self, hook: str) -> list[tuple[str, Callable[..., object]]]:
        if self.manager is None:
            return []
        # pluggy keeps the implementation that it calls first at the end.
        found = reversed(getattr(self.manager.hook, hook).get_hookimpls())
        return [(each.plugin_name, partial(_call, each)) for each in found]


def _features(name: str, returned: object) -> Iterator[Feature[Any, Any]]:
    if not isinstance(returned, list | tuple | None):
        raise PluginLoadError(f"userkit_features of {name} must return a list of features, or None.")
    for each in returned or ():
        if not isinstance(each, Feature):
            raise PluginLoadError(f"userkit_features of {name} returns a {type(each).__name__} as a feature.")
        yield each


def _in_place_of(store: Store, name: str, wrapped: object) -> Store:
    if not is_store(wrapped):
        raise PluginLoadError(f"userkit_wrap_store of {name} must return a store, or None.")
    if wrapped.blocking != store.blocking:
        raise UnsupportedStoreError(
            f"userkit_wrap_store of {name} returns a store with blocking={wrapped.blocking}, "
            f"in the place of one with blocking={store.blocking}."
        )
    return wrapped


def load_hooks(
    hooks: Sequence[str | object],
    *,
    prefer: Mapping[str, str] | None = None,
    registry: Registry[object] | None = None,
) -> Hooks:
    """Load hook plugins by the names of their entry points, or take them as modules or objects.

    They are called in the order given, within what ``tryfirst`` and ``trylast`` ask for. Without
    hooks nothing is imported.

    Raises UnknownBackendError, PluginConflictError, PluginLoadError for a plugin that fails or
    whose hooks are not ours, PluginError for one that is given twice, and MissingExtraError
    without the extra ``hooks``.
    """
    if isinstance(hooks, str):
        raise ConfigurationError(f"hooks takes a list of names: hooks=[{hooks!r}].")
    if not hooks:
        return Hooks()
    found = [_find(each, prefer, HOOKS if registry is None else registry) for each in hooks]
    manager = _manager()
    # pluggy calls what is registered last first.
    for name, plugin in reversed(found):
        _register(manager, name, plugin)
    return Hooks(manager)


def _find(
    hook: str | object, prefer: Mapping[str, str] | None, registry: Registry[object]
) -> tuple[str, object]:
    if isinstance(hook, str):
        offer = registry.choose(hook, prefer=prefer)
        return str(offer), registry.open(offer)
    return getattr(hook, "__name__", None) or f"{type(hook).__qualname__} at {id(hook):#x}", hook


def _manager() -> pluggy.PluginManager:
    # First, for it says which extra is missing.
    from userkit.plugins import hookspecs  # isort: skip
    import pluggy

    manager = pluggy.PluginManager("userkit")
    manager.add_hookspecs(hookspecs)
    return manager


def _register(manager: pluggy.PluginManager, name: str, plugin: object) -> None:
    if isinstance(plugin, type):
        raise PluginLoadError(f"The hook plugin {name} is a class; make it an object.")
    if manager.is_registered(plugin) or manager.has_plugin(name):
        raise PluginError(f"The hook plugin {name} is given twice.")
    try:
        manager.register(plugin, name)
    except Exception as error:
        raise PluginLoadError(f"The hook plugin {name} does not fit: {one_line(error)}") from error
    _verify(name, manager.get_hookcallers(plugin) or ())


def _verify(name: str, callers: Collection[pluggy.HookCaller]) -> None:
    """Refuse hooks that would never be called, or not as we call them."""
    ours = ", ".join(_SPECIFIED)
    if not callers:
        raise PluginLoadError(
            f"The hook plugin {name} implements none of {ours}. Mark them with @userkit.plugins.hookimpl."
        )
    for caller in callers:
        implementations = caller.get_hookimpls()
        if not caller.has_spec() and not all(each.optionalhook for each in implementations):
            question = did_you_mean(caller.name, _SPECIFIED)
            raise PluginLoadError(
                f"The hook plugin {name} implements {caller.name}, which is no hook. {question}Hooks: {ours}."
            )
        if any(each.wrapper or each.hookwrapper for each in implementations):
            raise PluginLoadError(f"The hook plugin {name} wraps {caller.name}; userkit calls no wrappers.")


def _accept(offer: Offer, loaded: object) -> object:
    _register(_manager(), str(offer), loaded)
    return loaded


HOOKS: Registry[object] = Registry("userkit.hooks", kind="hook plugin", accept=_accept)
"""The hook plugins of this environment."""


def _call(implementation: pluggy.HookImpl, **arguments: object) -> object:
    return implementation.function(*(arguments[name] for name in implementation.argnames))


def _called(name: str, call: Callable[..., object], **arguments: object) -> object:
    try:
        return put_away(call(**arguments))
    except (KeyboardInterrupt, UserKitError):
        raise
    except BaseException as error:
        detail = f"{type(error).__name__}: {one_line(error)}"
        raise PluginLoadError(f"The hook plugin {name} failed: {detail}") from error
