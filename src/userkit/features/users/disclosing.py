"""Handing a person out what is kept of them: everything, from every feature, record by record."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import NamedTuple

from userkit.errors import UserNotFoundError
from userkit.feature import Disclose
from userkit.kernel.ids import is_id
from userkit.kernel.json import JSONObject

__all__ = ["ExportSubject", "SubjectRecord"]


class SubjectRecord(NamedTuple):
    """Something that is kept of a person: the name of the feature that keeps it, and JSON."""

    feature: str
    record: JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSubject:
    """Hand out a person's own data (GDPR, articles 15 and 20)."""

    disclose: Mapping[str, Disclose]

    async def __call__(self, user_id: str) -> AsyncGenerator[SubjectRecord, None]:
        """Yield everything that every feature keeps of a user, one feature after the other.

        The user may be gone: something may have stayed. No password, token or digest is in it, nor
        who else has done something. It takes the memory of a page, and time for the whole audit trail
        since the user was made. Raises UserNotFoundError when nothing is kept.
        """
        kept = False
        for feature, disclose in self.disclose.items() if is_id(user_id) else ():
            async with aclosing(disclose(user_id)) as records:
                async for record in records:
                    kept = True
                    yield SubjectRecord(feature, record)
        if not kept:
            raise UserNotFoundError
