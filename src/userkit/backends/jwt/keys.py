"""Keys made ready once: parsed, checked, and with the header that names each."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from jwt import get_algorithm_by_name
from jwt.algorithms import Algorithm
from jwt.exceptions import InvalidKeyError

from userkit.errors import ConfigurationError, MissingExtraError, WeakSecretError
from userkit.ports.tokens import KeySet, SigningKey

__all__ = ["TOKEN_TYPE", "ReadyKey", "ready_keys"]

TOKEN_TYPE = "at+jwt"  # noqa: S105  # the type of access tokens (RFC 9068, section 2.1)

_SMALLEST_RSA = 2048
_PUBLIC_FIELDS = ("kty", "crv", "x", "y", "n", "e")
_KINDS = {"ES256": "an EC key on P-256", "EdDSA": "an Ed25519 key", "RS256": "an RSA key"}

# To parse an RSA key costs as much as a hundred signatures, and every realm makes a backend.
_ready: "WeakKeyDictionary[KeySet, tuple[ReadyKey, ...]]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyKey:
    """A key as PyJWT's algorithm wants it.

    ``header`` is the first segment of every token that it signs. ``private`` is None for a key
    that only verifies, ``jwk`` for one that must stay secret. ``ends`` is in seconds since 1970.
    """

    kid: str
    header: bytes
    algorithm: Algorithm = field(repr=False)
    private: Any = field(repr=False)
    public: Any = field(repr=False)
    jwk: Mapping[str, str] | None = None
    ends: float | None = None

    def is_over(self, now: float) -> bool:
        """Tell whether it verifies nothing any more."""
        return self.ends is not None and now >= self.ends


def ready_keys(keys: KeySet) -> tuple[ReadyKey, ...]:
    """Parse and check the keys of a set, once in its life.

    Raises ConfigurationError for what cannot be used, and MissingExtraError without cryptography.
    """
    ready = _ready.get(keys)
    if ready is None:
        ready = tuple(_ready_key(key) for key in keys)
        if ready[0].private is None:
            raise ConfigurationError(
                f"The key {ready[0].kid} is public, but the first key of a set signs: give its private key."
            )
        _ready[keys] = ready
    return ready


def _ready_key(key: SigningKey) -> ReadyKey:
    private, public = _shared(key) if key.algorithm == "HS256" else _pair(key)
    algorithm = get_algorithm_by_name(key.algorithm)
    return ReadyKey(
        kid=key.kid,
        header=_header(key),
        algorithm=algorithm,
        private=private,
        public=public,
        jwk=None if key.algorithm == "HS256" else _jwk(key, algorithm, public),
        ends=None if key.not_after is None else key.not_after.timestamp(),
    )


def _header(key: SigningKey) -> bytes:
    names = {"alg": key.algorithm, "kid": key.kid, "typ": TOKEN_TYPE}
    return base64.urlsafe_b64encode(json.dumps(names, separators=(",", ":")).encode()).rstrip(b"=")


def _jwk(key: SigningKey, algorithm: Algorithm, public: Any) -> dict[str, str]:
    told = algorithm.to_jwk(public, as_dict=True)
    # Named one by one, so that nothing private is published whatever PyJWT returns.
    numbers = {name: str(told[name]) for name in _PUBLIC_FIELDS if name in told}
    return {**numbers, "kid": key.kid, "use": "sig", "alg": key.algorithm}


def _shared(key: SigningKey) -> tuple[bytes, bytes]:
    try:
        secret: bytes = get_algorithm_by_name("HS256").prepare_key(key.material.reveal())
    except InvalidKeyError:
        raise ConfigurationError(
            f"The key {key.kid} is an asymmetric key, a certificate or a JWK, and so no secret for HS256."
        ) from None
    return secret, secret


def _pair(key: SigningKey) -> tuple[Any, Any]:
    """Return the private key, or None, and the public key."""
    loaded = _loaded(key)
    private, public = (loaded, loaded.public_key()) if hasattr(loaded, "public_key") else (None, loaded)
    if not _fits(key, public):
        raise ConfigurationError(f"The key {key.kid}: {key.algorithm} needs {_KINDS[key.algorithm]}.")
    if key.algorithm == "RS256" and public.key_size < _SMALLEST_RSA:
        raise WeakSecretError(
            f"The key {key.kid} has {public.key_size} bits; an RSA key needs at least {_SMALLEST_RSA}."
        )
    return private, public


def _loaded(key: SigningKey) -> Any:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed, and {key.algorithm} needs it: pip install 'userkit-sdk[crypto]'"
        ) from error
    pem = key.material.reveal()
    try:
        return load_pem_private_key(pem, None) if b"PRIVATE KEY-----" in pem else load_pem_public_key(pem)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        # What they say may repeat a part of the key.
        raise ConfigurationError(
            f"The key {key.kid} cannot be read: it is PEM of a private or public key without a password."
        ) from None


def _fits(key: SigningKey, public: Any) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if key.algorithm == "ES256":
        return isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1)
    kind = rsa.RSAPublicKey if key.algorithm == "RS256" else ed25519.Ed25519PublicKey
    return isinstance(public, kind)
