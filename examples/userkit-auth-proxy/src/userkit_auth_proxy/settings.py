"""What an application says about its proxy."""

from dataclasses import dataclass, field
from datetime import timedelta

from userkit.errors import ConfigurationError
from userkit.ports.authentication import Keyring, SecretInput

__all__ = ["ProxySettings"]

_LONGEST_WINDOW = timedelta(minutes=5)
_LARGEST_LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProxySettings:
    """How the assertions of a proxy are judged.

    - ``key``: at least 32 random bytes that the proxy and this application share, and nothing else knows.
      Several to rotate them: all verify.
    - ``window``: how old an assertion may be. Within it, whoever reads one can say it again.
    - ``leeway``: by how much the clock of the proxy may be ahead.
    - ``register``: whether somebody who is not known yet gets an account at their first request.
    - ``unconfirmed``: whether to believe that an account with a password belongs to the owner of its
      address, though nobody has confirmed the address.
    """

    key: SecretInput = field(repr=False)
    window: timedelta = timedelta(seconds=30)
    leeway: timedelta = timedelta(seconds=5)
    register: bool = False
    unconfirmed: bool = False

    def __post_init__(self) -> None:
        """Refuse what lets nobody in, or too many. Raises ConfigurationError and WeakSecretError."""
        Keyring.of(self.key)
        _refuse_time("window", self.window, at_least=timedelta(seconds=1), at_most=_LONGEST_WINDOW)
        _refuse_time("leeway", self.leeway, at_least=timedelta(0), at_most=_LARGEST_LEEWAY)
        for name in ("register", "unconfirmed"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigurationError(f"{name} of the auth backend proxy is True or False.")

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Return the keys as bytes: each verifies."""
        return tuple(each.reveal() for each in Keyring.of(self.key).secrets)


def _refuse_time(name: str, value: object, *, at_least: timedelta, at_most: timedelta) -> None:
    if not isinstance(value, timedelta) or not at_least <= value <= at_most:
        raise ConfigurationError(
            f"{name} of the auth backend proxy is a timedelta from {at_least} to {at_most} "
            "(hours:minutes:seconds)."
        )
