"""What we ship for the tests of others. It needs the extra ``testing``.

``StoreConformance`` is the suite that every store passes, ``AuthBackendConformance`` that of auth
backends, ``RateLimiterConformance`` that of limiters, ``LanguageModelConformance`` that of language
models, ``HttpConformance`` that of integrations of frameworks. ``auth_parts`` is what an auth backend is
built from. ``FrozenClock`` is time that stands still, ``InstantHasher`` hashes passwords in no time,
``ScriptedModel`` is a language model that answers what a test has written down.
``userkit.testing.plugin`` are the fixtures for tests of applications.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite(
    "userkit.testing.auth_backends",
    "userkit.testing.suite",
    "userkit.testing.http",
    "userkit.testing.language_models",
    "userkit.testing.limits",
    "userkit.testing.machine",
    "userkit.testing.race",
)

if TYPE_CHECKING:
    from userkit.testing.auth_backends import AuthBackendConformance, Holder, IssueCredential
    from userkit.testing.bench import OpenStore
    from userkit.testing.clients import AsUser
    from userkit.testing.clock import FrozenClock
    from userkit.testing.conformance import StoreConformance
    from userkit.testing.hashing import InstantHasher
    from userkit.testing.http.conformance import HttpConformance
    from userkit.testing.language_model import ScriptedModel
    from userkit.testing.language_models import LanguageModelConformance, OpenModel
    from userkit.testing.limits import OpenLimiter, RateLimiterConformance
    from userkit.testing.mailbox import Mailbox
    from userkit.testing.parts import auth_parts
    from userkit.testing.standard import deviation

__all__ = [
    "AsUser",
    "AuthBackendConformance",
    "FrozenClock",
    "Holder",
    "HttpConformance",
    "InstantHasher",
    "IssueCredential",
    "LanguageModelConformance",
    "Mailbox",
    "OpenLimiter",
    "OpenModel",
    "OpenStore",
    "RateLimiterConformance",
    "ScriptedModel",
    "StoreConformance",
    "auth_parts",
    "deviation",
]

# The plugin of pytest is loaded wherever userkit is installed, and wants neither suites nor hypothesis.
_LATER = {
    "AsUser": "userkit.testing.clients",
    "AuthBackendConformance": "userkit.testing.auth_backends",
    "Holder": "userkit.testing.auth_backends",
    "IssueCredential": "userkit.testing.auth_backends",
    "auth_parts": "userkit.testing.parts",
    "FrozenClock": "userkit.testing.clock",
    "HttpConformance": "userkit.testing.http.conformance",
    "InstantHasher": "userkit.testing.hashing",
    "LanguageModelConformance": "userkit.testing.language_models",
    "Mailbox": "userkit.testing.mailbox",
    "OpenLimiter": "userkit.testing.limits",
    "OpenModel": "userkit.testing.language_models",
    "OpenStore": "userkit.testing.bench",
    "RateLimiterConformance": "userkit.testing.limits",
    "ScriptedModel": "userkit.testing.language_model",
    "StoreConformance": "userkit.testing.conformance",
    "deviation": "userkit.testing.standard",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
