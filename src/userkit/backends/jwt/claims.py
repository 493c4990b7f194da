"""What an access token says: written for a session, and believed when every claim is as we write it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

from userkit.errors import UsageError
from userkit.kernel.identity import Identity
from userkit.kernel.ids import is_id
from userkit.ports.authentication import SessionFacts
from userkit.ports.tokens import TokenSettings, custom_claims

__all__ = ["BACKEND", "Claims"]

BACKEND = "jwt"
"""The name of the backend in what it tells of people."""

# What a scope may be made of: RFC 6749, section 3.3. A space would make two of one.
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+", re.ASCII)
_SCOPES = re.compile(rf"(?:{_SCOPE.pattern}(?: {_SCOPE.pattern})*)?", re.ASCII)
# The clocks of two servers are never equal, and a token is used as soon as it is made.
_DRIFT = 5.0
_END_OF_TIME = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_LARGEST = 2**63 - 1  # that a store keeps
# A token that begins later, or is bound to a key that the caller must have, is none of ours.
_FOREIGN = ("nbf", "cnf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Write and read the claims of one realm."""

    realm: str
    settings: TokenSettings

    def of(self, session: SessionFacts, *, jti: str, now: datetime) -> dict[str, Any]:
        """Return the claims of a token for a session, in whole seconds since 1970.

        Raises UsageError for custom claims that may not be, and for a scope that is two.
        """
        settings = self.settings
        added = {} if settings.claims is None else custom_claims(settings.claims, session)
        return added | {
            "iss": settings.issuer,
            "aud": settings.audience,
            "sub": session.user_id,
            "sid": session.id,
            "epoch": session.epoch,
            "jti": jti,
            "iat": _seconds(now),
            "exp": _seconds(now + min(settings.lifetime, session.expires_at - now)),
            "auth_time": _seconds(session.authenticated_at),
            "amr": sorted(session.methods),
            "realm": self.realm,
            "scope": _scope(session.scopes),
        }

    def identity(self, claims: Mapping[str, Any], *, now: float) -> Identity | None:
        """Return who genuine claims are about, or None when they are not for here and now."""
        if self._is_for_here(claims) and self._is_for_now(claims, now) and _is_about_somebody(claims):
            return Identity(
                user_id=claims["sub"],
                session_id=claims["sid"],
                epoch=claims["epoch"],
                methods=frozenset(claims["amr"]),
                authenticated_at=datetime.fromtimestamp(claims["auth_time"], UTC),
                scopes=frozenset(claims["scope"].split()),
                backend=BACKEND,
                realm=self.realm,
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        return None

    def _is_for_here(self, claims: Mapping[str, Any]) -> bool:
        return (
            claims.get("iss") == self.settings.issuer
            and claims.get("aud") == self.settings.audience
            and claims.get("realm") == self.realm
            and not any(name in claims for name in _FOREIGN)
        )

    def _is_for_now(self, claims: Mapping[str, Any], now: float) -> bool:
        issued, expires = claims.get("iat"), claims.get("exp")
        leeway = self.settings.leeway.total_seconds()
        return (
            _is_time(issued)
            and _is_time(expires)
            and issued <= now + max(leeway, _DRIFT)
            and now < expires + leeway
        )


def _is_about_somebody(claims: Mapping[str, Any]) -> bool:
    methods, scope = claims.get("amr"), claims.get("scope")
    return (
        is_id(claims.get("sub"))
        and is_id(claims.get("sid"))
        and is_id(claims.get("jti"))
        and _is_count(claims.get("epoch"))
        and _is_time(claims.get("auth_time"))
        and isinstance(methods, list)
        and all(isinstance(each, str) for each in methods)
        and isinstance(scope, str)
        and _SCOPES.fullmatch(scope) is not None
    )


def _is_time(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= _END_OF_TIME  # True is an int, too


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _scope(scopes: frozenset[str]) -> str:
    for each in scopes:
        if not _SCOPE.fullmatch(each):
            raise UsageError(
                f"A scope is made of printable ASCII without space, quote and backslash: {each!r}"
            )
    return " ".join(sorted(scopes))
