"""PW on every path where a password comes in: register, set, change and reset."""

import unicodedata
from collections.abc import Callable

import pytest

from tests.security.world import EMAIL, PASSWORD, World
from userkit import InvalidCredentialsError, UserKitError, WeakPasswordError

Path = Callable[[World, str], object]


def register(here: World, password: str) -> object:
    return here.kit.users.register(email="new@example.com", name="Grace Brewster Hopper", password=password)


def set_one(here: World, password: str) -> object:
    return here.kit.passwords.set(here.kit.users.get_by_email(EMAIL).id, password=password)


def change(here: World, password: str) -> object:
    user_id = here.kit.users.get_by_email(EMAIL).id
    return here.kit.passwords.change(user_id, current_password=PASSWORD, new_password=password)


def reset(here: World, password: str) -> object:
    here.kit.password_reset.request(email=EMAIL)
    return here.kit.password_reset.complete(token=here.token("reset_password"), password=password)


PATHS = [register, set_one, change, reset]
everywhere = pytest.mark.parametrize("path", PATHS)


@everywhere
@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "fourteen chars",
        "passwordpassword",
        "123456789012345678",
        "qwertyuiopasdfgh",
        "aaaaaaaaaaaaaaaaaaaa",
        "\ud800" * 20,
        "mauve otters\0juggle",
        "x" * 1025,
        None,
        {"$ne": None},
    ],
)
def test_pw_4_what_is_weak_is_refused(in_memory: World, path: Path, weak: str) -> None:
    """Alike on each path; nothing is changed, and a link is not spent."""
    in_memory.ada()
    if path is register and weak is None:
        return  # somebody without a password
    with pytest.raises(WeakPasswordError) as caught:
        path(in_memory, weak)
    assert str(weak) not in str(caught.value)
    assert in_memory.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert in_memory.kit.users.count() == 1


@everywhere
def test_pw_4_what_others_know_of_somebody_is_no_password(in_memory: World, path: Path) -> None:
    """The own address and name, with a little added."""
    in_memory.ada()
    known = (
        ["new@example.com1", "Grace Brewster Hopper", "gracebrewsterhopper!"]
        if path is register
        else ["ada@example.com!", "Ada Lovelace 1815", "lovelacelovelace"]
    )
    for word in known:
        with pytest.raises(WeakPasswordError):
            path(in_memory, word)


@everywhere
def test_pw_3_composed_and_decomposed_are_one_password(here: World, path: Path) -> None:
    """However it was typed; and case and blanks count."""
    here.ada()
    word = "  Ünïted otters Å juggle  "
    path(here, unicodedata.normalize("NFD", word))
    email = "new@example.com" if path is register else EMAIL
    assert here.kit.sessions.sign_in(email=email, password=unicodedata.normalize("NFC", word))
    for other in (word.strip(), word.lower(), unicodedata.normalize("NFKC", word).upper(), word[:20]):
        with pytest.raises(InvalidCredentialsError):
            here.kit.sessions.sign_in(email=email, password=other)
        here.clock.advance(hours=1)


@everywhere
def test_pw_2_long_passwords_are_taken_whole(here: World, path: Path) -> None:
    """To the last character."""
    here.ada()
    word = "otters juggle mauve teapots quietly " * 8
    path(here, word)
    email = "new@example.com" if path is register else EMAIL
    with pytest.raises(UserKitError):
        here.kit.sessions.sign_in(email=email, password=word[:-1])
    assert here.kit.sessions.sign_in(email=email, password=word)
