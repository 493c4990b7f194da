"""How backends and hooks are found, chosen and loaded. What is installed does nothing until it is named.

- Stores: ``userkit.storage.plugin.StorePlugin`` behind an entry point of the group ``userkit.stores``.
- Hooks: functions marked with ``userkit.plugins.hookimpl``, in a module or object behind an entry
  point of the group ``userkit.hooks``; ``userkit.plugins.hookspecs`` lists them. They need the
  extra ``hooks``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from userkit.plugins.hookspecs import hookimpl

__all__ = ["hookimpl"]


def __getattr__(name: str) -> Any:
    # pluggy is imported by those who write hooks, not by everybody who opens a store.
    if name == "hookimpl":
        from userkit.plugins.hookspecs import hookimpl

        return hookimpl
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
