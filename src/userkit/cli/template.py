"""Stores whose tables can be created beforehand from a template."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from userkit.errors import UnsupportedStoreError
from userkit.storage.port import Store

__all__ = ["Templated", "template_text"]


@runtime_checkable
class Templated(Protocol):
    """A store with a template of its table, such as one for CloudFormation."""

    def template(self) -> Mapping[str, Any]:
        """Return the template; nothing is connected to."""
        ...


def template_text(store: Store) -> str:
    """Return the template of a store as JSON, or raise UnsupportedStoreError."""
    if not isinstance(store, Templated):
        raise UnsupportedStoreError(
            f"{type(store).__name__} has no template: there is one of dynamodb://TABLE only."
        )
    return json.dumps(store.template(), indent=2)
