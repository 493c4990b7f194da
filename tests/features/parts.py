"""The parts that a feature under test is built from, over any store."""

from typing import Any

from userkit.authentication import Authentication
from userkit.feature import Parts
from userkit.kernel.cursors import Cursors
from userkit.kernel.events import Listeners, Publisher
from userkit.kernel.ids import UUIDv7
from userkit.kernel.keys import Keyring
from userkit.ports.mail import Mailer
from userkit.ports.passwords import PasswordHasher
from userkit.ports.rate_limit import RateLimiter
from userkit.storage.journal import Journal, Participants
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.testing import FrozenClock, InstantHasher

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


def parts_over(
    store: Store,
    *,
    realm: str = DEFAULT_REALM,
    secret: str = SECRET,
    clock: FrozenClock | None = None,
    hasher: PasswordHasher | None = None,
    mailer: Mailer | None = None,
    limiter: RateLimiter | None = None,
    built: dict[str, Any] | None = None,
) -> Parts:
    """Return parts with a clock that stands still. Put what you build into ``built`` by its name."""
    now, keys, view = clock or FrozenClock(), Keyring.of(secret), store.realm(realm)
    listeners, participants = Listeners(), Participants()
    publish = Publisher(realm, listeners)
    return Parts(
        store=view,
        now=now,
        new_id=UUIDv7(now),
        keys=keys,
        cursors=Cursors(keys.derive("cursors"), realm),
        realm=realm,
        journal=Journal(store=view, realm=realm, participants=participants, publish=publish),
        listeners=listeners,
        participants=participants,
        hasher=hasher or InstantHasher(),
        authentication=Authentication(),
        mailer=mailer,
        limiter=limiter,
        base_url="https://app.example",
        built={} if built is None else built,
    )
