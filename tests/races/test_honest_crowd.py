"""Many who know their password and sign in at once from one address are all let in."""

import asyncio
from pathlib import Path

from tests.security.world import PASSWORD, SECRET
from userkit import Limit, TokenPair, UserKit, passwords
from userkit.features.passwords import ADDRESS_LIMIT
from userkit.testing import InstantHasher

CROWD = 100


def test_an_honest_crowd_behind_one_address_gets_in(tmp_path: Path) -> None:
    """They count under one key, and take turns instead of refusing each other."""
    generous = Limit(name=ADDRESS_LIMIT.name, attempts=10 * CROWD, within=ADDRESS_LIMIT.within)

    async def main() -> list[TokenPair]:
        kit = UserKit(
            f"sqlite:///{tmp_path}/crowd.db",
            secret=SECRET,
            hasher=InstantHasher(),
            features=[passwords(address_limit=generous)],
        )
        async with kit:
            emails = [f"user{number}@example.com" for number in range(CROWD)]
            for email in emails:
                await kit.users.register(email=email, name="Somebody", password=PASSWORD)
            return await asyncio.gather(
                *(kit.sessions.sign_in(email=email, password=PASSWORD) for email in emails)
            )

    assert len({pair.session_id for pair in asyncio.run(main())}) == CROWD
