"""The door for second factors and vetoes: checks between a right password and an open session."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from userkit.features.users.model import User

__all__ = ["SignInAttempt", "SignInCheck"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """Somebody who has proved something, and is not let in yet.

    ``methods`` is what they proved so far; ``proofs`` is what else they sent, by method.
    """

    user: User
    methods: frozenset[str]
    proofs: Mapping[str, str] = field(default_factory=dict, repr=False)


SignInCheck = Callable[[SignInAttempt], Awaitable[Iterable[str]]]
"""Returns the methods that an attempt proves in addition, none if it has nothing to say.

It vetoes by raising: ForbiddenError or one of its kinds, or ProofRequiredError to ask for more.
"""
