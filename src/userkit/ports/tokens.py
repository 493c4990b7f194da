"""What access tokens are signed with, how long they live, and what they say."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from userkit.errors import ConfigurationError, UsageError
from userkit.kernel.json import UnfitJSONError, fit_json
from userkit.kernel.keys import Keyring, hkdf
from userkit.kernel.secret import Secret
from userkit.ports.authentication import SessionFacts

__all__ = [
    "RESERVED_CLAIMS",
    "ClaimsHook",
    "KeySet",
    "Revocation",
    "SigningAlgorithm",
    "SigningKey",
    "TokenSettings",
    "custom_claims",
]

SigningAlgorithm = Literal["HS256", "ES256", "EdDSA", "RS256"]
"""HMAC with SHA-256, ECDSA on P-256, Ed25519, or RSA with PKCS #1 v1.5 (RFC 7518, RFC 8037)."""

Revocation = Literal["stateless", "checked"]
"""Whether a token is believed until it expires, or its session is looked up each time."""

ClaimsHook = Callable[[SessionFacts], Mapping[str, Any]]
"""Returns what else a token says: names, and JSON for values. It must not wait."""

RESERVED_CLAIMS = frozenset(
    {"iss", "aud", "sub", "sid", "epoch", "jti", "iat", "exp", "auth_time", "amr", "realm", "scope"}
    | {"nbf", "cnf"}
)
"""The claims that userkit sets itself, or never sets because they would change what a token is."""

_KID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_SHORTEST = timedelta(seconds=1)
_LARGEST_LEEWAY = timedelta(seconds=60)
_LONGEST_TEXT = 255


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class SigningKey:
    """One key for one algorithm.

    ``material`` is PEM for ES256, EdDSA and RS256: of a private key, or of a public key that only
    verifies; and at least 32 bytes of chance for HS256. ``kid`` names it in tokens: letters,
    digits, ``.``, ``_`` and ``-``, up to 64. From ``not_after`` on it verifies nothing.
    """

    kid: str
    algorithm: SigningAlgorithm
    material: Secret
    not_after: datetime | None

    def __init__(
        self,
        *,
        kid: str,
        algorithm: SigningAlgorithm,
        material: str | bytes | Secret,
        not_after: datetime | None = None,
    ) -> None:
        """Take a key. Raises ConfigurationError, and WeakSecretError for a weak shared secret."""
        if not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise ConfigurationError("The kid of a key is 1 to 64 letters, digits, '.', '_' and '-'.")
        if algorithm not in get_args(SigningAlgorithm):
            known = ", ".join(get_args(SigningAlgorithm))
            raise ConfigurationError(f"The key {kid}: the algorithm is one of {known}.")
        if not_after is not None and not_after.tzinfo is None:
            raise ConfigurationError(f"The key {kid}: not_after is an aware time.")
        object.__setattr__(self, "kid", kid)
        object.__setattr__(self, "algorithm", algorithm)
        object.__setattr__(self, "material", _material(kid, algorithm, material))
        object.__setattr__(self, "not_after", not_after)

    def __repr__(self) -> str:
        return f"SigningKey({self.kid}: {self.algorithm})"


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False, weakref_slot=True)
class KeySet:
    """Keys for access tokens: the first signs, all verify. A key that is taken out verifies no more."""

    keys: tuple[SigningKey, ...]

    def __init__(self, *keys: SigningKey) -> None:
        """Take the keys. Raises ConfigurationError when there is none, or two have the same kid."""
        if not keys or not all(isinstance(key, SigningKey) for key in keys):
            raise ConfigurationError("A key set holds at least one SigningKey: KeySet(SigningKey(...)).")
        kids = [key.kid for key in keys]
        twice = next((kid for kid in kids if kids.count(kid) > 1), None)
        if twice is not None:
            raise ConfigurationError(f"Two keys have the kid {twice}; give each key a name of its own.")
        if keys[0].not_after is not None:
            raise ConfigurationError(
                f"The key {kids[0]} is the first, so it signs, and cannot have an end: "
                "put another key before it, or leave not_after out."
            )
        object.__setattr__(self, "keys", keys)

    @classmethod
    def derived_from(cls, keyring: Keyring) -> "KeySet":
        """Return keys for HS256, one for each secret of the application.

        Their names are derived as well, so that they tell nothing about the secrets.
        """
        materials = dict.fromkeys(keyring.derive("access tokens"))
        return cls(
            *(
                SigningKey(
                    kid=hkdf(material, purpose="userkit access token kid", length=8).hex(),
                    algorithm="HS256",
                    material=material,
                )
                for material in materials
            )
        )

    def __iter__(self) -> Iterator[SigningKey]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"KeySet({', '.join(f'{key.kid}: {key.algorithm}' for key in self.keys)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """How access tokens are made and judged.

    - ``issuer``, ``audience``: who makes the tokens and for whom; others are refused.
    - ``lifetime``: how long a token is good, in whole seconds. It never outlives its session.
    - ``leeway``: by how much the clocks of your servers may differ. A token is accepted for so
      much longer.
    - ``keys``: by default derived from the application's secret.
    - ``revocation``: ``stateless`` believes a token until it expires and asks no store. ``checked``
      looks the session up each time, so that signing out and disabling act at once.
    - ``claims``: returns what else the tokens say.
    """

    issuer: str = "userkit"
    audience: str = "userkit"
    lifetime: timedelta = timedelta(minutes=10)
    leeway: timedelta = timedelta(0)
    keys: KeySet | None = None
    revocation: Revocation = "stateless"
    claims: ClaimsHook | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what lets nobody in, or too many. Raises ConfigurationError."""
        for name in ("issuer", "audience"):
            _refuse_text(name, getattr(self, name))
        _refuse_time("lifetime", self.lifetime, at_least=_SHORTEST)
        _refuse_time("leeway", self.leeway, at_most=_LARGEST_LEEWAY)
        if self.keys is not None and not isinstance(self.keys, KeySet):
            raise ConfigurationError("The keys of access tokens are a KeySet: keys=KeySet(SigningKey(...)).")
        if self.revocation not in get_args(Revocation):
            raise ConfigurationError("revocation is 'stateless' or 'checked'.")
        if self.claims is not None and not callable(self.claims):
            raise ConfigurationError("claims is a function that takes the session and returns a mapping.")


def custom_claims(hook: ClaimsHook, session: SessionFacts) -> dict[str, Any]:
    """Return what the application adds to the tokens of a session.

    Raises UsageError for what is not JSON, and for a claim that belongs to userkit.
    """
    claims = hook(session)
    if not isinstance(claims, Mapping):
        raise UsageError(f"The claims hook returned a {type(claims).__name__} where a mapping belongs.")
    taken = sorted(RESERVED_CLAIMS & claims.keys())
    if taken:
        raise UsageError(f"The claims hook may not set {', '.join(taken)}: userkit does, or nobody.")
    try:
        fit: dict[str, Any] = fit_json(claims)
    except UnfitJSONError as error:
        raise UsageError(f"The claims hook returned what is not JSON: {error}.") from None
    return fit


def _material(kid: str, algorithm: SigningAlgorithm, given: str | bytes | Secret) -> Secret:
    try:
        material = Secret(given)
    except TypeError:
        raise ConfigurationError(f"The key {kid}: material is text or bytes.") from None
    is_pem = b"-----BEGIN " in material.reveal()
    if algorithm == "HS256" and is_pem:
        # Whoever knows a public key could sign with it.
        raise ConfigurationError(f"The key {kid} is PEM, and so no secret for HS256; name its own algorithm.")
    if algorithm != "HS256" and not is_pem:
        raise ConfigurationError(f"The key {kid}: material for {algorithm} is a key in PEM.")
    if algorithm == "HS256":
        Keyring.of(material)  # raises WeakSecretError
    return material


def _refuse_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or not value.isprintable():
        raise ConfigurationError(
            f"The {name} of access tokens is text of 1 to {_LONGEST_TEXT} characters, such as "
            f'{name}="https://app.example".'
        )


def _refuse_time(
    name: str, value: object, *, at_least: timedelta = timedelta(0), at_most: timedelta = timedelta.max
) -> None:
    if not isinstance(value, timedelta) or not at_least <= value <= at_most:
        bound = f"at least {at_least}" if at_most == timedelta.max else f"from {at_least} to {at_most}"
        raise ConfigurationError(
            f"The {name} of access tokens is a timedelta, {bound} (hours:minutes:seconds)."
        )
