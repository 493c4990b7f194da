"""Passwords: check, hash, compare, change, and take over from elsewhere."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from userkit.feature import Feature, Parts
from userkit.features.passwords.collection import PASSWORDS
from userkit.features.passwords.events import PasswordChanged, PasswordRefused, PasswordRemoved
from userkit.features.passwords.model import PasswordCredential
from userkit.features.passwords.offer import Passwords, SyncPasswords
from userkit.features.passwords.policy import PasswordPolicy
from userkit.features.throttling import Throttling
from userkit.features.users.model import User
from userkit.features.users.offer import Users
from userkit.ports.rate_limit import Limit
from userkit.storage.disclosure import Disclosure
from userkit.storage.rewriting import discard

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "ACCOUNT_LIMIT",
    "ADDRESS_LIMIT",
    "PASSWORDS",
    "PasswordChanged",
    "PasswordCredential",
    "PasswordPolicy",
    "PasswordRefused",
    "PasswordRemoved",
    "Passwords",
    "SyncPasswords",
    "passwords",
]

ACCOUNT_LIMIT = Limit(name="password of an account", attempts=5, within=timedelta(minutes=15))
"""How many wrong passwords an account takes before it makes everybody wait."""

ADDRESS_LIMIT = Limit(name="passwords from an address", attempts=50, within=timedelta(minutes=15))
"""How many wrong passwords are taken from one client address, whatever the accounts."""


def passwords(
    *,
    min_length: int = 15,
    min_length_with_second_factor: int = 8,
    words: Iterable[str] = (),
    account_limit: Limit = ACCOUNT_LIMIT,
    address_limit: Limit = ADDRESS_LIMIT,
) -> Feature[Passwords, SyncPasswords]:
    """Return the feature.

    - ``min_length``: in characters, at least 8 (NIST SP 800-63B-4, 3.1.1.2: 15 where a password
      is the only factor).
    - ``min_length_with_second_factor``: the same where a second factor is on, at least 8; never more
      than ``min_length``.
    - ``words``: what a password must not consist of, such as the name of the service.
    - ``account_limit``: how many wrong ones are taken for one account.
    - ``address_limit``: how many wrong ones are taken from one client address.
    """
    policy = PasswordPolicy(
        min_length=min_length,
        min_length_with_second_factor=min(min_length_with_second_factor, min_length),
        words=tuple(words),
    )

    def build(parts: Parts) -> Passwords:
        built = Passwords.build(
            parts, policy=policy, account_limit=account_limit, address_limit=address_limit
        )
        parts.offer(Users).enrolment.by_password = built.new.first

        async def forget(user_id: str) -> None:
            await discard(parts.store, PasswordCredential, user_id)

        parts.forget.append(forget)
        parts.disclose["passwords"] = Disclosure(parts.store, PasswordCredential, ("changed_at",), by="id")
        parts.offer(Throttling).personal.append(account_limit)
        return built

    return Feature(
        name="passwords",
        collections=(PASSWORDS,),
        together=(User, PasswordCredential),
        requires=("users", "throttling"),
        build=build,
        mirror=SyncPasswords,
        routes=_routes,
    )


def _routes(passwords: Passwords) -> "Sequence[AnyRoute]":
    from userkit.features.passwords.routes import routes

    return routes(passwords)
