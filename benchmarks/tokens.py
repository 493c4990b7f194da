"""Access tokens with all our checks against bare PyJWT, and signing against the bare primitive."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, NoReturn

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.measure import Contest, contest
from userkit.backends.jwt.plugin import jwt as plugin
from userkit.kernel.clock import utc_now
from userkit.kernel.ids import UUIDv7
from userkit.kernel.keys import Keyring
from userkit.ports.authentication import AuthParts, SessionFacts, TokenIssuer
from userkit.ports.tokens import KeySet, SigningAlgorithm, SigningKey, TokenSettings
from userkit.sync import run as step

__all__ = ["run"]

TOKENS = 1000
SECRET = bytes(range(1, 33))
KID = "2026-01"


@dataclass(frozen=True, slots=True)
class Rival:
    """A key as cryptography and PyJWT take it, parsed already, and what bare signing is."""

    algorithm: SigningAlgorithm
    private: Any
    public: Any
    sign: Callable[[bytes], bytes] | None = None

    def material(self) -> bytes:
        """Return the key as userkit takes it."""
        if self.sign is None:
            return SECRET
        pem: bytes = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem


def rivals() -> list[Rival]:
    """Make a key of each kind."""
    r = rsa.generate_private_key(65537, 2048)
    e = ec.generate_private_key(ec.SECP256R1())
    d = ed25519.Ed25519PrivateKey.generate()
    return [
        Rival("HS256", SECRET, SECRET),
        Rival("RS256", r, r.public_key(), lambda text: r.sign(text, padding.PKCS1v15(), SHA256())),
        Rival("ES256", e, e.public_key(), lambda text: e.sign(text, ec.ECDSA(SHA256()))),
        Rival("EdDSA", d, d.public_key(), d.sign),
    ]


def run() -> Iterator[Contest]:
    """Verify and sign with each algorithm."""
    contestants = [(rival, Ours(rival)) for rival in rivals()]
    for rival, ours in contestants:
        token = ours.issue()
        yield contest(
            f"{rival.algorithm}: verify",
            "jwt.decode",
            partial(repeat, partial(ours.verify, token)),
            partial(repeat, partial(decode, rival, token)),
            goal="P11",
            at_most=1.2,
        )
    for rival, ours in contestants:
        claims = jwt.decode(ours.issue(), options={"verify_signature": False})
        yield contest(
            f"{rival.algorithm}: issue",
            "jwt.encode",
            partial(repeat, ours.issue),
            partial(repeat, partial(encode, rival, claims)),
        )
        if rival.sign is not None:
            text = ours.issue().rpartition(".")[0].encode()
            yield contest(
                f"{rival.algorithm}: issue",
                "the bare signature",
                partial(repeat, ours.issue),
                partial(repeat, partial(rival.sign, text)),
                # The others sign so fast that making the claims takes as long.
                goal="P11" if rival.algorithm == "RS256" else "",
                at_most=1.2 if rival.algorithm == "RS256" else None,
            )


class Ours:
    """The auth backend, as a kit makes it."""

    def __init__(self, rival: Rival) -> None:
        key = SigningKey(kid=KID, algorithm=rival.algorithm, material=rival.material())
        new_id = UUIDv7(utc_now)
        backend = plugin.factory(
            AuthParts(
                realm="default",
                now=utc_now,
                new_id=new_id,
                keys=Keyring.of(SECRET),
                sessions=Nothing(),
                accounts=Nothing(),
                settings={"jwt": TokenSettings(keys=KeySet(key), lifetime=timedelta(hours=1))},
            )
        )
        assert isinstance(backend, TokenIssuer)
        self.issuer, self.backend = backend, backend
        self.session = SessionFacts(
            id=new_id(),
            user_id=new_id(),
            epoch=0,
            methods=frozenset({"pwd"}),
            authenticated_at=utc_now(),
            expires_at=utc_now() + timedelta(days=30),
        )

    def issue(self) -> str:
        return step(self.issuer.issue(self.session)).token.reveal().decode()

    def verify(self, token: str) -> None:
        assert self.backend.recognises(token)
        assert step(self.backend.authenticate(token)).user_id == self.session.user_id


class Nothing:
    """Sessions and accounts that a token which is believed does not ask for."""

    async def live(self, session_id: str, user_id: str) -> NoReturn:
        raise LookupError(session_id)

    async def opened_by(self, token: str) -> NoReturn:
        raise LookupError

    async def by_id(self, user_id: str) -> NoReturn:
        raise LookupError(user_id)

    async def by_email(self, email: str) -> NoReturn:
        raise LookupError


def decode(rival: Rival, token: str) -> None:
    """Verify as PyJWT's documentation does, with audience and issuer."""
    claims = jwt.decode(
        token, rival.public, algorithms=[rival.algorithm], audience="userkit", issuer="userkit"
    )
    assert claims["sub"]


def encode(rival: Rival, claims: Mapping[str, Any]) -> None:
    """Sign fresh times and a fresh header, as an application does."""
    now = int(time.time())
    fresh = {**claims, "iat": now, "exp": now + 3600}
    jwt.encode(fresh, rival.private, rival.algorithm, headers={"kid": KID, "typ": "at+jwt"})


def repeat(work: Callable[[], object]) -> int:
    """Do something often enough to be measured."""
    for _ in range(TOKENS):
        work()
    return TOKENS
