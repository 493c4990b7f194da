"""Handing out all users in the words of ``userkit import --from jsonl``."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from userkit.feature import Feature, Parts
from userkit.features.passwords import PasswordCredential
from userkit.features.users import User
from userkit.kernel.json import JSONObject
from userkit.storage.disclosure import shown, walk
from userkit.storage.port import Store
from userkit.sync import iterate

__all__ = ["EXPORTING", "ExportUsers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportUsers:
    """Hand out all users, in the order of their registration."""

    store: Store

    async def __call__(self, *, with_hashes: bool) -> AsyncGenerator[JSONObject, None]:
        """Yield each user as an import reads them; ``with_hashes`` also what passwords are compared with."""
        async with aclosing(walk(self.store, User)) as users, aclosing(self._hashes(with_hashes)) as hashes:
            id, encoded = await anext(hashes)
            async for user in users:
                # Both come in the order of ids, so that neither need be looked up.
                while id is not None and id < user.id:
                    id, encoded = await anext(hashes)
                known = {"password_hash": encoded} if id == user.id else {}
                yield {**_person(user), **known}

    async def _hashes(self, wanted: bool) -> AsyncGenerator[tuple[str | None, str], None]:
        if wanted:
            async with aclosing(walk(self.store, PasswordCredential)) as credentials:
                async for credential in credentials:
                    yield credential.id, credential.hash
        yield None, ""


def _person(user: User) -> dict[str, Any]:
    return {
        "source_id": user.id,
        "email": user.email,
        "name": user.name,
        "verified": user.is_email_verified,
        "disabled": user.is_disabled,
        **shown(user, "created_at", "attributes"),
    }


def _exporting(parts: Parts) -> ExportUsers:
    return ExportUsers(store=parts.store)


def _mirrored(export: ExportUsers) -> Callable[[bool], Generator[JSONObject, None, None]]:
    def call(with_hashes: bool) -> Generator[JSONObject, None, None]:
        return iterate(export(with_hashes=with_hashes))

    return call


EXPORTING = Feature(name="exporting", requires=("users", "passwords"), build=_exporting, mirror=_mirrored)
"""A kit that is made with this feature offers ``kit[EXPORTING](with_hashes)``."""
