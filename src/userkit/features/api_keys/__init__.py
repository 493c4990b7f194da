"""API keys: what programs present to act for their owner, within scopes, until revoked."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Parts
from userkit.features.api_keys.collection import API_KEYS
from userkit.features.api_keys.events import ApiKeyCreated, ApiKeyRevoked, ApiKeyUsed
from userkit.features.api_keys.model import ApiKey, NewApiKey
from userkit.features.api_keys.offer import ApiKeys, SyncApiKeys
from userkit.features.users.model import User
from userkit.storage.disclosure import Disclosure
from userkit.storage.port import LARGEST_PAGE
from userkit.storage.rewriting import discard_all

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "API_KEYS",
    "ApiKey",
    "ApiKeyCreated",
    "ApiKeyRevoked",
    "ApiKeyUsed",
    "ApiKeys",
    "NewApiKey",
    "SyncApiKeys",
    "api_keys",
]

_SHOWN = ("id", "name", "prefix", "scopes", "created_at", "last_used_at", "expires_at")


def api_keys(*, most: int = 50) -> Feature[ApiKeys, SyncApiKeys]:
    """Return the feature.

    - ``most``: how many keys a user may have, those that have expired included; 1 to 1,000.

    Raises ConfigurationError.
    """
    if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= LARGEST_PAGE:
        raise ConfigurationError(f"api_keys: most is a number from 1 to {LARGEST_PAGE}, such as 50.")

    def build(parts: Parts) -> ApiKeys:
        parts.forget.append(partial(discard_all, parts.store, ApiKey, "user_id"))
        parts.disclose["api_keys"] = Disclosure(parts.store, ApiKey, _SHOWN)
        return ApiKeys.build(parts, most=most)

    return Feature(
        name="api_keys",
        collections=(API_KEYS,),
        together=(User, ApiKey),
        requires=("users", "roles", "mail"),
        build=build,
        mirror=SyncApiKeys,
        routes=_routes,
    )


def _routes(api_keys: ApiKeys) -> "Sequence[AnyRoute]":
    from userkit.features.api_keys.routes import routes

    return routes(api_keys)
