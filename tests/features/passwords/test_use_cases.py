"""Changing, setting, importing and removing passwords, and what happens when others are faster."""

from collections.abc import Callable, Iterator

import pytest

from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD, World
from tests.storage.doubles import OvertakenStore
from userkit import (
    InvalidCredentialsError,
    OverloadedError,
    PasswordChanged,
    StaleError,
    UnknownHashError,
    User,
    UserNotFoundError,
    WeakPasswordError,
)
from userkit.backends.memory import MemoryStore
from userkit.features.passwords import PasswordCredential
from userkit.ports.passwords import Verification
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import InstantHasher

OTHER_PASSWORD = "eleven brave marmots whistle"


@pytest.fixture
def here() -> Iterator[World]:
    """A world in memory."""
    world = World("memory://")
    yield world
    world.close()


def overtaken(rival: Callable[[Store], object], **changes: object) -> World:
    """Return a world whose commits come after a rival's, from when the rival acts."""
    world = World("memory://", store=OvertakenStore(MemoryStore(), rival))
    world.open(**changes)
    return world


def credential(here: World, user: User) -> PasswordCredential | None:
    """Return what is kept of a password."""
    return run(here.kit._store.realm(here.realm).get(PasswordCredential, user.id))


def test_a_user_may_have_no_password(here: World) -> None:
    """And get one later."""
    ada = here.ada(password=None)
    assert not here.kit.passwords.exists(ada.id)
    here.kit.passwords.set(ada.id, password=PASSWORD)
    assert here.kit.passwords.exists(ada.id)
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_nobody_is_registered_with_a_weak_password(here: World) -> None:
    """The account is not made, and the address stays free."""
    with pytest.raises(WeakPasswordError):
        here.ada(password="short")
    assert here.kit.users.count() == 0


def test_those_who_do_not_exist_have_no_password(here: World) -> None:
    """Nor can they be given one."""
    for user_id in ("", "nobody", "\ud800", "0192a0b0-0000-7000-8000-000000000000"):
        assert not here.kit.passwords.exists(user_id)
        with pytest.raises(UserNotFoundError):
            here.kit.passwords.set(user_id, password=PASSWORD)
        with pytest.raises(UserNotFoundError):
            here.kit.passwords.change(user_id, current_password=PASSWORD, new_password=NEW_PASSWORD)
        with pytest.raises(UserNotFoundError):
            here.kit.passwords.remove(user_id)
        with pytest.raises(UserNotFoundError):
            here.kit.passwords.import_hash(user_id, f"plain:{PASSWORD}")


def test_a_weak_new_password_changes_nothing_and_costs_no_hash(here: World) -> None:
    """Whoever sets or changes it."""
    ada = here.ada()
    runs = here.hasher.runs
    with pytest.raises(WeakPasswordError):
        here.kit.passwords.set(ada.id, password="short")
    with pytest.raises(WeakPasswordError):
        here.kit.passwords.change(ada.id, current_password=PASSWORD, new_password=EMAIL)
    assert here.hasher.runs == runs
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_a_second_factor_lets_a_password_be_shorter(here: World) -> None:
    """Features with one say who has it on."""
    ada, bo = here.ada(), here.kit.users.register(email="bo@example.com", name="Bo")

    async def has_one(user_id: str) -> bool:
        return user_id == ada.id

    here.kit._built["passwords"].new.second_factors.append(has_one)
    here.kit.passwords.set(ada.id, password="otters! 9")
    with pytest.raises(WeakPasswordError):
        here.kit.passwords.set(bo.id, password="otters! 9")


def test_the_password_of_elsewhere_is_taken_over_and_made_anew(here: World) -> None:
    """At the first sign-in; what cannot be verified is refused."""
    ada = here.ada(password=None)
    told = here.heard(PasswordChanged)
    for wrong in ("", "rot13:cnffjbeq", None, 7):
        with pytest.raises(UnknownHashError):
            here.kit.passwords.import_hash(ada.id, wrong)  # type: ignore[arg-type]  # what people pass
    here.kit.passwords.import_hash(ada.id, f"old:{PASSWORD}")
    assert [event.how for event in told if isinstance(event, PasswordChanged)] == ["import"]
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    kept = credential(here, ada)
    assert kept is not None
    assert kept.hash == f"plain:{PASSWORD}"
    assert kept.changed_at == here.clock()
    assert "plain" not in repr(kept)


class StubbornHasher(InstantHasher):
    """A hasher that compares, and cannot make a hash anew."""

    async def hash(self, password: str) -> str:
        """Be too busy."""
        raise OverloadedError


def test_st_1_a_hash_that_cannot_be_made_anew_lets_its_owner_in(here: World) -> None:
    """It is tried again the next time."""
    ada = here.ada(password=None)
    here.kit.passwords.import_hash(ada.id, f"old:{PASSWORD}")
    stubborn = here.open(hasher=StubbornHasher())
    assert stubborn.sessions.sign_in(email=EMAIL, password=PASSWORD)
    kept = credential(here, ada)
    assert kept is not None
    assert kept.hash == f"old:{PASSWORD}"


class BusyHasher(InstantHasher):
    """A hasher whose queue is full."""

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """Turn everybody away."""
        raise OverloadedError


def test_whoever_is_turned_away_has_guessed_nothing(here: World) -> None:
    """Their attempts are not counted."""
    here.ada()
    busy = here.open(hasher=BusyHasher())
    for _ in range(20):
        with pytest.raises(OverloadedError):
            busy.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_without_a_password_there_is_nothing_to_remove(here: World) -> None:
    """And removing it twice is no error."""
    ada = here.ada()
    for _ in range(2):
        here.kit.passwords.remove(ada.id)
    with pytest.raises(InvalidCredentialsError):
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    with pytest.raises(InvalidCredentialsError):
        here.kit.passwords.change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD)


class Rival:
    """Somebody who renames Ada just before the next so many commits of a user."""

    def __init__(self) -> None:
        """Do nothing yet."""
        self.times = 0

    def __call__(self, store: Store) -> None:
        """Rename her."""
        if self.times:
            self.times -= 1
            for user in run(store.find(User)).items:
                run(store.commit(Save(user, user.evolve(name=f"Ada {self.times}"))))


@pytest.mark.parametrize(
    "act",
    [
        lambda kit, ada: kit.passwords.set(ada.id, password=NEW_PASSWORD),
        lambda kit, ada: kit.passwords.remove(ada.id),
        lambda kit, ada: kit.passwords.import_hash(ada.id, f"plain:{NEW_PASSWORD}"),
    ],
)
def test_when_somebody_was_faster_it_is_done_on_what_is_there_now(act: Callable[..., None]) -> None:
    """Up to three times; then the caller hears of it, and nothing is changed."""
    rival = Rival()
    here = overtaken(rival)
    ada = here.ada()
    rival.times = 2
    act(here.kit, ada)
    with pytest.raises(InvalidCredentialsError):
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert here.kit.users.get(ada.id).name == "Ada 0"
    here.kit.passwords.set(ada.id, password=PASSWORD)
    rival.times = 5
    with pytest.raises(StaleError):
        act(here.kit, ada)
    rival.times = 0
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_a_change_that_was_overtaken_by_another_is_refused() -> None:
    """The password that was proved is not the one any more, and the first change stands."""
    acted: list[int] = []

    def rival(store: Store) -> None:
        held = run(store.find(PasswordCredential)).items
        if held and armed and not acted:
            acted.append(1)
            run(store.commit(Save(held[0], held[0].evolve(hash=f"plain:{OTHER_PASSWORD}"))))

    armed: list[int] = []
    here = overtaken(rival)
    ada = here.ada()
    armed.append(1)
    with pytest.raises(InvalidCredentialsError):
        here.kit.passwords.change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD)
    kept = credential(here, ada)
    assert kept is not None
    assert kept.hash == f"plain:{OTHER_PASSWORD}"


def test_a_change_that_was_overtaken_by_a_new_name_is_made() -> None:
    """What was proved is proved again, and the new password is hashed once."""
    rival = Rival()
    here = overtaken(rival)
    ada = here.ada()
    runs = here.hasher.runs
    rival.times = 1
    here.kit.passwords.change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD)
    assert here.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
    assert here.hasher.runs - runs <= 4
