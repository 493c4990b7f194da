"""What is inferred of guards in Flask: views keep their signatures, and users are users."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Callable
from typing import assert_type

from flask import Flask

from userkit import Identity, SyncUserKit, User, UserKit
from userkit.integrations.flask import (
    UserKitExtension,
    current_identity,
    current_user,
    get_current_identity,
    get_current_user,
    get_optional_identity,
    get_optional_user,
    login_required,
    require,
    require_fresh,
)


@login_required
def plain() -> dict[str, str]:
    """Look at who asks."""
    assert_type(current_user, User)
    assert_type(current_user.id, str)
    assert_type(current_identity, Identity)
    assert_type(get_current_user(), User)
    assert_type(get_optional_user(), User | None)
    assert_type(get_current_identity(), Identity)
    assert_type(get_optional_identity(), Identity | None)
    return {"user_id": current_user.id}


@require("orders:write")
def with_arguments(number: int, *, quiet: bool = False) -> str:
    """Take what stands in the path."""
    return f"{number}{quiet}"


@require_fresh(minutes=5)
@login_required
def twice(id: str) -> tuple[str, int]:
    """Be guarded by two."""
    return id, 201


def taken(view: Callable[[str], tuple[str, int]]) -> None:
    """Take a view that takes one text."""
    assert_type(view("id"), tuple[str, int])


def called() -> None:
    """A guarded view is called as before."""
    assert_type(plain(), dict[str, str])
    assert_type(with_arguments(1, quiet=True), str)
    assert_type(twice("id"), tuple[str, int])
    taken(twice)
    with_arguments("one")  # type: ignore[arg-type]  # a number
    plain(1)  # type: ignore[call-arg]  # takes nothing
    require_fresh(5)  # type: ignore[call-arg]  # by name only
    current_user.name = "Ada"  # type: ignore[misc]  # frozen


def extended(app: Flask, kit: SyncUserKit, other: UserKit) -> None:
    """An extension takes a synchronous kit."""
    assert_type(UserKitExtension(app, kit), UserKitExtension)
    UserKitExtension(kit=kit, prefix="/auth", transports=("bearer",), pages=True).init_app(app)
    UserKitExtension().init_app(app, kit)
    UserKitExtension(app, other)  # type: ignore[arg-type]  # asynchronous
