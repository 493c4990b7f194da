"""What is inferred of features of one's own."""

from dataclasses import dataclass
from typing import assert_type

from userkit import Feature, Parts, SyncUserKit, UserKit
from userkit.features.users import SyncUsers, Users, users
from userkit.sync import run, synced


@dataclass(frozen=True)
class Greetings:
    """What a feature offers."""

    users: Users

    async def greet(self, user_id: str, *, loudly: bool = False) -> str:
        """Greet a user."""
        user = await self.users.get(user_id)
        return f"Hello, {user.name}{'!' if loudly else '.'}"


class SyncGreetings:
    """The same without ``await``."""

    def __init__(self, greetings: Greetings) -> None:
        """Mirror the use cases."""
        self.greet = synced(greetings.greet)


def build(parts: Parts) -> Greetings:
    """Wire the feature; what it uses has its own type."""
    used = parts.use(users())
    assert_type(used, Users)
    return Greetings(used)


GREETINGS = Feature(name="greetings", build=build, mirror=SyncGreetings, requires=("users",))


async def asynchronous(kit: UserKit) -> None:
    """The asynchronous kit offers what is built."""
    assert_type(GREETINGS, Feature[Greetings, SyncGreetings])
    assert_type(kit[GREETINGS], Greetings)
    assert_type(await kit[GREETINGS].greet("id", loudly=True), str)
    assert_type(kit[users()], Users)


def synchronous(kit: SyncUserKit) -> None:
    """The synchronous kit offers its mirror."""
    assert_type(kit[GREETINGS], SyncGreetings)
    assert_type(kit[GREETINGS].greet("id", loudly=True), str)
    assert_type(kit[users()], SyncUsers)


def stepped(greetings: Greetings) -> None:
    """Stepping a coroutine gives what it returns."""
    assert_type(run(greetings.greet("id")), str)
    assert_type(synced(greetings.greet)("id"), str)
