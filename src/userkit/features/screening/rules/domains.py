"""Domains whose mailboxes are thrown away, and which anybody gets without saying who they are."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from userkit.errors import MissingExtraError

__all__ = ["disposable_domains", "is_disposable", "plain_domain"]

_NOTHING: frozenset[str] = frozenset()

# No domain has more labels (RFC 1035, section 2.3.4).
_MOST_LABELS = 127
_LONGEST = 253


def disposable_domains() -> AbstractSet[str]:
    """Return the domains that the installed list knows. Raises MissingExtraError."""
    try:
        from disposable_email_domains import blocklist
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed: pip install 'userkit-sdk[screening]'"
        ) from error
    return blocklist


def is_disposable(
    domain: str, *, extra: AbstractSet[str] = _NOTHING, allowed: AbstractSet[str] = _NOTHING
) -> bool:
    """Tell whether a domain or one above it is known for mailboxes that are thrown away.

    ``extra`` are more of them, and ``allowed`` those that are none, in ASCII and lower case. The
    longest one decides: below an allowed domain another may be disposable again.
    """
    known = disposable_domains()
    for name in _upwards(plain_domain(domain)):
        if name in allowed:
            return False
        if name in extra or name in known:
            return True
    return False


def plain_domain(domain: str) -> str:
    """Return a domain as it is compared: lower case, without dots around it."""
    return domain[-_LONGEST:].strip(". \t\r\n").lower()


def _upwards(domain: str) -> Iterator[str]:
    labels = domain.split(".")[-_MOST_LABELS:]
    for start in range(len(labels)):
        yield ".".join(labels[start:])
