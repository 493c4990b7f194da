"""Mistakes that a type checker sees: an ignore that is not needed is itself an error."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from userkit import SyncUserKit, User, UserKit, UserRegistered, UserUpdated


async def asynchronous(kit: UserKit) -> None:
    """Wrong names, missing and superfluous arguments, wrong types."""
    await kit.users.register(mail="ada@example.com", name="Ada")  # type: ignore[call-arg]  # email
    await kit.users.register(email="ada@example.com")  # type: ignore[call-arg]  # no name
    await kit.users.register("ada@example.com", "Ada")  # type: ignore[call-arg]  # by name only
    await kit.users.register(email=None, name="Ada")  # type: ignore[arg-type]  # text
    await kit.users.update("id", email="x@example.com")  # type: ignore[call-arg]  # not by this use case
    await kit.users.list(limit="10")  # type: ignore[arg-type]  # a number
    await kit.users.rename("id", name="Ada")  # type: ignore[attr-defined]  # no such use case


def synchronous(kit: SyncUserKit) -> None:
    """The mirror loses nothing."""
    kit.users.register(mail="ada@example.com", name="Ada")  # type: ignore[call-arg]  # email
    kit.users.register(email="ada@example.com")  # type: ignore[call-arg]  # no name
    kit.users.register(email=None, name="Ada")  # type: ignore[arg-type]  # text
    kit.users.update("id", email="x@example.com")  # type: ignore[call-arg]  # not by this use case
    kit.users.list(limit="10")  # type: ignore[arg-type]  # a number
    kit.users.rename("id", name="Ada")  # type: ignore[attr-defined]  # no such use case


def values(user: User) -> None:
    """What is read cannot be changed in place."""
    user.name = "Ada"  # type: ignore[misc]  # frozen


def listening(kit: UserKit) -> None:
    """A listener of one event does not take another."""

    def compare(event: UserUpdated) -> None:
        assert event.before.name

    kit.listen(UserRegistered, compare)  # type: ignore[arg-type]  # another event


def made() -> None:
    """A secret is needed, and a store is a URL or a store."""
    UserKit("memory://")  # type: ignore[call-arg]  # no secret
    UserKit(42, secret="text")  # type: ignore[arg-type]  # no store
    SyncUserKit("memory://", secret=None)  # type: ignore[arg-type]  # no secret
