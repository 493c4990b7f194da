"""ETag and If-Match: a change that is made only to the revision that the client has seen (RFC 9110, 13)."""

import re

from userkit.http.messages import Request
from userkit.http.problems import PreconditionFailedError

__all__ = ["etag_of", "expected_version"]

_ETAG = re.compile(r'"v(\d{1,18})"', re.ASCII)


def etag_of(version: int) -> str:
    """Return the entity tag of a revision."""
    return f'"v{version}"'


def expected_version(request: Request, current: int) -> int | None:
    """Return the revision that a change must be made to, None for any.

    ``current`` is the one that is stored; If-Match may name several, of which it must be one.
    Raises PreconditionFailedError. Weak tags match nothing, as they should, and neither does an empty list.
    """
    headers = request.values("if-match")
    given = ",".join(headers).strip()
    if not headers or given == "*":
        return None
    tags = [_ETAG.fullmatch(tag.strip()) for tag in given.split(",")]
    if current not in {int(tag[1]) for tag in tags if tag is not None}:
        raise PreconditionFailedError
    return current
