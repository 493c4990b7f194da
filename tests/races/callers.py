"""What callers in races want. Plain functions, since some are sent to other processes."""

from typing import Any

from tests.races.kits import Desk
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from userkit import TokenPair, User
from userkit.errors import StaleError

__all__ = [
    "SPELLINGS",
    "change_password",
    "delete",
    "disable",
    "end",
    "end_all",
    "insisting",
    "refresh",
    "register",
    "rename",
    "sign_in",
    "use",
]

SPELLINGS = (
    "ada@example.com",
    "Ada@Example.COM",
    "ADA@EXAMPLE.COM",
    "ada@EXAMPLE.com",
    "aDa@eXample.cOm",
)


async def register(desk: Desk, *, number: int) -> User:
    """Register one address in one of its spellings, with a password."""
    user: User = await desk.users.register(
        email=SPELLINGS[number % len(SPELLINGS)], name=f"Ada {number}", password=f"{PASSWORD} {number}"
    )
    return user


async def refresh(desk: Desk, *, token: str) -> TokenPair:
    """Exchange a refresh token."""
    pair: TokenPair = await desk.sessions.refresh(token)
    return pair


async def sign_in(desk: Desk, *, password: str = PASSWORD) -> TokenPair:
    """Sign Ada in."""
    pair: TokenPair = await desk.sessions.sign_in(email=EMAIL, password=password)
    return pair


async def use(desk: Desk, *, token: str) -> str:
    """Show a session token, whose use is noted."""
    identity = await desk.authenticate(token)
    return str(identity.session_id)


async def rename(desk: Desk, *, user_id: str, name: str) -> None:
    """Give Ada another name."""
    await desk.users.update(user_id, name=name)


async def insisting(call: Any, *arguments: Any, **named: Any) -> None:
    """Call again as long as somebody else was faster."""
    while True:
        try:
            await call(*arguments, **named)
        except StaleError:
            continue
        return


async def disable(desk: Desk, *, user_id: str) -> None:
    """Close an account, whatever others do."""
    await insisting(desk.users.disable, user_id)


async def delete(desk: Desk, *, user_id: str) -> None:
    """Delete an account, whatever others do."""
    await insisting(desk.users.delete, user_id)


async def end(desk: Desk, *, session_id: str) -> None:
    """Sign out of one session, whatever others do."""
    await insisting(desk.sessions.end, session_id)


async def end_all(desk: Desk, *, user_id: str) -> None:
    """Sign out everywhere, whatever others do."""
    await insisting(desk.sessions.end_all, user_id)


async def change_password(desk: Desk, *, user_id: str) -> None:
    """Change the password, whatever others do."""
    await insisting(desk.passwords.change, user_id, current_password=PASSWORD, new_password=NEW_PASSWORD)
