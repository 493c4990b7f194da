"""What a hook plugin may do. Hooks are called once, while a kit is put together, and never wait.

What happens at run time is the business of events and checks. A hook plugin is a module or an
object whose functions are marked::

    from userkit.plugins import hookimpl

    @hookimpl
    def userkit_features():
        return [badges()]

and does nothing until the application names it: ``UserKit(..., hooks=["badges"])``. An
implementation may leave out arguments that it does not need. Who imports this needs the extra
``hooks``.
"""

from collections.abc import Sequence
from typing import Any

from userkit.errors import MissingExtraError
from userkit.feature import Feature
from userkit.storage.port import Store

try:
    import pluggy
except ModuleNotFoundError as error:
    raise MissingExtraError(f"{error.name} is not installed: pip install 'userkit-sdk[hooks]'") from error

__all__ = ["hookimpl", "userkit_features", "userkit_wrap_store"]

hookspec = pluggy.HookspecMarker("userkit")

hookimpl = pluggy.HookimplMarker("userkit")
"""Marks a function as the implementation of the hook of the same name."""


@hookspec
def userkit_features() -> Sequence[Feature[Any, Any]] | None:
    """Return features to add to the kit, after those that the application gives."""


@hookspec
def userkit_wrap_store(store: Store, url: str | None) -> Store | None:
    """Return a store that stands in the place of ``store``, or None to leave it.

    Hooks apply in the order in which they are named, each to the result of the one before. The
    new store must be ``blocking`` exactly if the old one is, and pass on ``realm`` and ``close``.
    ``url`` is without user, password and query; it is None when the application gave a store.
    """
