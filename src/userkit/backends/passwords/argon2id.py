"""Hashing with argon2id, one password at a time, in the thread that asks."""

import logging
import secrets
import unicodedata

from argon2.low_level import Type, hash_secret, hash_secret_raw

from userkit.backends.passwords.formats import StoredHash, read
from userkit.backends.passwords.formats.argon2 import HIGHEST_MEMORY, HIGHEST_TIME, HIGHEST_WORK, MOST_LANES
from userkit.errors import ConfigurationError
from userkit.ports.passwords import Verification

__all__ = ["LEAST_MEMORY", "LEAST_PARALLELISM", "LEAST_TIME", "Argon2id"]

LEAST_MEMORY = 19456
"""In KiB. With the other two the least that OWASP's Password Storage Cheat Sheet recommends."""

LEAST_TIME = 2
LEAST_PARALLELISM = 1

# RFC 9106, section 3.1
_SALT_BYTES = 16
_HASH_BYTES = 32
_NO_SALT = bytes(_SALT_BYTES)

_log = logging.getLogger("userkit.passwords")


class Argon2id:
    """Hash passwords with argon2id, and compare them with hashes of many kinds.

    Each parameter may be raised but not lowered: OWASP's sets with less memory and more passes
    are not offered, for they are not as strong against those who buy hardware.
    """

    __slots__ = ("_costs", "_length", "_prefix", "_salt")

    def __init__(
        self,
        *,
        memory_cost: int = LEAST_MEMORY,
        time_cost: int = LEAST_TIME,
        parallelism: int = LEAST_PARALLELISM,
        flask_security_salt: str | None = None,
    ) -> None:
        """Take the costs: KiB of memory, passes, threads.

        Raises ConfigurationError for less than is safe, and for more than is ever compared with.
        """
        _check("memory_cost", memory_cost, LEAST_MEMORY, HIGHEST_MEMORY, " KiB")
        _check("time_cost", time_cost, LEAST_TIME, HIGHEST_TIME)
        _check("parallelism", parallelism, LEAST_PARALLELISM, MOST_LANES)
        if memory_cost * time_cost > HIGHEST_WORK:
            raise ConfigurationError(f"memory_cost x time_cost is at most {HIGHEST_WORK} KiB.")
        self._costs = {"memory_cost": memory_cost, "time_cost": time_cost, "parallelism": parallelism}
        self._salt = flask_security_salt
        self._prefix = f"$argon2id$v=19$m={memory_cost},t={time_cost},p={parallelism}$"
        self._length = len(self._prefix) + len("$") + sum(map(_base64_length, (_SALT_BYTES, _HASH_BYTES)))

    def hash(self, password: str) -> str:
        """Return the encoded hash of a password, with a fresh salt."""
        salt = secrets.token_bytes(_SALT_BYTES)
        secret = _bytes(password)
        return hash_secret(secret, salt, **self._costs, hash_len=_HASH_BYTES, type=Type.ID).decode("ascii")

    def verify(self, password: str, encoded: str | None) -> Verification:
        """Compare a password with a hash.

        What is not a hash of today's parameters takes the time of one on top of its own, whether it
        matches or not, so that a stranger, a malformed hash and a cheap one all look alike.
        """
        known = self._read(encoded)
        if known is not None and self._is_current(encoded):
            return Verification(matches=known.matches(_bytes(password)))
        matches = known is not None and _matches(known, password)
        self._spend(password)
        return Verification(matches=matches, outdated=matches)

    def recognises(self, encoded: str) -> bool:
        """Tell whether this is a hash that ``verify`` can compare with.

        Raises ConfigurationError, as MissingExtraError, when all that is missing is a package or a
        setting; the sentence names it.
        """
        known = self._read(encoded)
        if known is None:
            return False
        known.prepare()
        return True

    def _read(self, encoded: object) -> StoredHash | None:
        return read(encoded, flask_security_salt=self._salt)

    def _is_current(self, encoded: object) -> bool:
        # Other parameters, also higher ones, would tell by the time which accounts have them.
        return isinstance(encoded, str) and encoded.startswith(self._prefix) and len(encoded) == self._length

    def _spend(self, password: str) -> None:
        hash_secret_raw(_bytes(password), _NO_SALT, **self._costs, hash_len=_HASH_BYTES, type=Type.ID)


def _matches(known: StoredHash, password: str) -> bool:
    try:
        return any(known.matches(_bytes(form)) for form in _forms(password))
    except ConfigurationError as error:
        _log.warning("A password hash cannot be compared with: %s", error)
    except ValueError:
        _log.warning("A password hash cannot be compared with: a library refuses it")
    return False


def _forms(password: str) -> dict[str, None]:
    """Return what others may have hashed: they took the bytes as a browser sent them."""
    return dict.fromkeys((password, unicodedata.normalize("NFD", password)))


def _bytes(password: str) -> bytes:
    # The policy lets no lone surrogate pass; should one get here, it is a byte string of nobody's password.
    return password.encode("utf-8", "surrogatepass")


def _base64_length(size: int) -> int:
    return -(-size * 8 // 6)


def _check(name: str, value: int, least: int, most: int, unit: str = "") -> None:
    if type(value) is not int:
        raise ConfigurationError(f"{name} is a whole number, not {type(value).__name__}.")
    if value < least:
        raise ConfigurationError(f"{name}={value} is too weak for passwords; take at least {least}{unit}.")
    if value > most:
        raise ConfigurationError(f"{name}={value} is more than any hash may cost; take at most {most}{unit}.")
