"""A world for access tokens: sessions that are known, keys of every kind, and tokens made by hand.

Tokens are forged here with the standard library alone, so that no mistake of ours hides itself.
"""

import base64
import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from userkit.backends.jwt.auth import JwtAuth
from userkit.errors import UnauthenticatedError
from userkit.kernel.identity import Identity
from userkit.kernel.ids import UUIDv7
from userkit.kernel.keys import Keyring, SecretInput
from userkit.ports.authentication import Account, AuthParts, SessionFacts
from userkit.ports.tokens import KeySet, SigningAlgorithm, SigningKey, TokenSettings
from userkit.sync import run
from userkit.testing.clock import FrozenClock

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
OTHER_SECRET = SECRET[::-1]
SHARED = bytes(range(1, 33))
KID = "2026-01"
USER = "01980000-0000-7000-8000-000000000001"
SESSION = "01980000-0000-7000-8000-000000000002"
EPOCH = 3
JTI = "01980000-0000-7000-8000-000000000003"
ALGORITHMS: tuple[SigningAlgorithm, ...] = ("HS256", "ES256", "EdDSA", "RS256")


@dataclass
class Gate:
    """Sessions that a test opens and ends by hand."""

    open: dict[str, SessionFacts] = field(default_factory=dict)
    asked: int = 0

    async def live(self, session_id: str, user_id: str) -> SessionFacts:
        """Return what is open, and count the questions."""
        self.asked += 1
        session = self.open.get(session_id)
        if session is None or session.user_id != user_id:
            raise UnauthenticatedError
        return session

    async def opened_by(self, token: str) -> SessionFacts:
        """Know no opaque tokens."""
        raise UnauthenticatedError


class Nobody:
    """Accounts that a backend for tokens has no reason to look up."""

    async def by_id(self, user_id: str) -> Account | None:
        """Find nobody."""
        return None

    async def by_email(self, email: str) -> Account | None:
        """Find nobody."""
        return None


@dataclass
class World:
    """One realm with its clock, its sessions and its backend."""

    settings: Any = None
    realm: str = "default"
    secret: SecretInput = SECRET
    clock: FrozenClock = field(default_factory=FrozenClock)
    gate: Gate = field(default_factory=Gate)

    def __post_init__(self) -> None:
        """Build the backend as a kit does."""
        self.parts = AuthParts(
            realm=self.realm,
            now=self.clock,
            new_id=UUIDv7(self.clock),
            keys=Keyring.of(self.secret),
            sessions=self.gate,
            accounts=Nobody(),
            settings={} if self.settings is None else {"jwt": self.settings},
        )
        self.auth = JwtAuth.of(self.parts)

    def session(self, **changes: Any) -> SessionFacts:
        """Return an open session of a month that began a minute ago."""
        now = self.clock()
        facts = SessionFacts(
            id=SESSION,
            user_id=USER,
            epoch=EPOCH,
            methods=frozenset({"pwd", "otp"}),
            authenticated_at=now - timedelta(minutes=1),
            expires_at=now + timedelta(days=30),
        )
        facts = replace(facts, **changes)
        self.gate.open[facts.id] = facts
        return facts

    def issue(self, **changes: Any) -> str:
        """Return the text of a token for an open session."""
        return run(self.auth.issue(self.session(**changes))).token.reveal().decode()

    def accept(self, token: Any) -> Identity:
        """Return whose token this is."""
        return run(self.auth.authenticate(token))

    def refuses(self, token: Any) -> bool:
        """Tell whether a token is refused the one way there is, and nothing else is raised."""
        refusal: UnauthenticatedError | None = None
        try:
            self.accept(token)
        except UnauthenticatedError as error:
            refusal = error
        # All refusals are alike, and nothing leads from one to the text that was refused.
        assert refusal is None or (refusal.__context__, refusal.detail) == (None, refusal.summary)
        return refusal is not None

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a token that is accepted here and now; a change to `...` takes one out."""
        now = int(self.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": "userkit",
            "aud": "userkit",
            "sub": USER,
            "sid": SESSION,
            "epoch": EPOCH,
            "jti": JTI,
            "iat": now,
            "exp": now + 600,
            "auth_time": now - 60,
            "amr": ["otp", "pwd"],
            "realm": self.realm,
            "scope": "*",
        }
        return {name: value for name, value in (claims | changes).items() if value is not ...}


def shared_world(**settings: Any) -> World:
    """Return a world whose one key is SHARED, so that a test can sign for it."""
    return World(TokenSettings(keys=KeySet(shared_key()), **settings))


def shared_key(kid: str = KID) -> SigningKey:
    """Return SHARED as a key."""
    return SigningKey(kid=kid, algorithm="HS256", material=SHARED)


def base64url(value: bytes | str) -> str:
    """Return base64url without padding."""
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def json_of(value: Any) -> str:
    """Return JSON as short as it gets; text is taken as it is."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def header(**changes: Any) -> dict[str, Any]:
    """Return the header of a genuine token; a change to `...` takes a name out."""
    names = {"alg": "HS256", "kid": KID, "typ": "at+jwt"} | changes
    return {name: value for name, value in names.items() if value is not ...}


def signed(signing_input: str, secret: bytes = SHARED, digest: str = "sha256") -> str:
    """Return a text of two segments with its HMAC as the third."""
    return f"{signing_input}.{base64url(hmac.digest(secret, signing_input.encode(), digest))}"


def forge(head: Any, claims: Any, secret: bytes = SHARED, digest: str = "sha256") -> str:
    """Return a token with a right signature over any header and any claims, given as JSON or as text."""
    payload = claims if isinstance(claims, bytes) else json_of(claims)
    return signed(f"{base64url(json_of(head))}.{base64url(payload)}", secret, digest)


def pem(algorithm: str, number: int = 0) -> str:
    """Return a private key for an algorithm, the same in every test of this process."""
    return _pem(algorithm, number)


@cache
def _pem(algorithm: str, number: int) -> str:
    keys: dict[str, Any] = {
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
        "RSA-1024": lambda: rsa.generate_private_key(65537, 1024),
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
    }
    return private_pem(keys[algorithm]())


def private_pem(key: Any) -> str:
    """Return a private key as PEM."""
    value: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return value.decode()


def public_pem(private: str) -> str:
    """Return the public half of a private key as PEM."""
    public = load_pem_private_key(private.encode(), None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key(algorithm: SigningAlgorithm, kid: str = KID, number: int = 0) -> SigningKey:
    """Return a key that signs with an algorithm."""
    material: str | bytes = hmac.digest(SHARED, str(number).encode(), "sha256")
    if algorithm != "HS256":
        material = pem(algorithm, number)
    return SigningKey(kid=kid, algorithm=algorithm, material=material)
