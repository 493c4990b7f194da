"""What we ship for the tests of others. It needs the extra ``testing``.

``StoreConformance`` is the suite that every store passes, ``RateLimiterConformance`` that of
limiters, ``LanguageModelConformance`` that of language models, ``HttpConformance`` that of integrations of
frameworks. ``FrozenClock`` is time that stands
still, ``InstantHasher`` hashes passwords in no time, ``ScriptedModel`` is a language model that answers
what a test has written down.
"""

import pytest

pytest.register_assert_rewrite(
    "userkit.testing.suite",
    "userkit.testing.http",
    "userkit.testing.language_models",
    "userkit.testing.limits",
    "userkit.testing.machine",
    "userkit.testing.race",
)

from userkit.testing.clock import FrozenClock  # noqa: E402 - assertions are rewritten at the first import
from userkit.testing.conformance import StoreConformance  # noqa: E402
from userkit.testing.hashing import InstantHasher  # noqa: E402
from userkit.testing.http.conformance import HttpConformance  # noqa: E402
from userkit.testing.language_model import ScriptedModel  # noqa: E402
from userkit.testing.language_models import LanguageModelConformance  # noqa: E402
from userkit.testing.limits import RateLimiterConformance  # noqa: E402
from userkit.testing.standard import deviation  # noqa: E402

__all__ = [
    "FrozenClock",
    "HttpConformance",
    "InstantHasher",
    "LanguageModelConformance",
    "RateLimiterConformance",
    "ScriptedModel",
    "StoreConformance",
    "deviation",
]
