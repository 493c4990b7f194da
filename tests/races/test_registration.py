"""X1: of fifty who register one address at the same time, in five spellings, one succeeds."""

import threading
from functools import partial
from pathlib import Path

import pytest

from tests.races.callers import register
from tests.races.kits import Arena, Ground, Job, KitCrew, LooseStore, Storages, as_threads
from tests.security.world import PASSWORD
from tests.servers.postgres import PostgresServer
from userkit.errors import EmailAlreadyExistsError
from userkit.features.audit import AuditEntry
from userkit.features.outbox import OutboxEntry
from userkit.features.passwords import PasswordCredential
from userkit.features.users import User
from userkit.kernel.entity import Entity
from userkit.kernel.words import words_of
from userkit.testing.broken import ChecksThenWrites, KeepsFirstChanges

CALLERS = 50
JOBS: list[Job] = [partial(register, number=number) for number in range(CALLERS)]


def assert_one_account(arena: Arena, user: User, number: int) -> None:
    """Everything in the realm belongs to this user, and nothing is missing."""
    assert arena.stored(User) == [user]
    (credential,) = arena.stored(PasswordCredential)
    assert (credential.id, credential.hash) == (user.id, f"plain:{PASSWORD} {number}")
    (entry,) = arena.stored(AuditEntry)
    assert (entry.event, entry.user_id) == ("user_registered", user.id)
    assert {each.user_id for each in arena.stored(OutboxEntry)} <= {user.id}
    words = {user.email_key} | words_of(user.name)
    assert arena.words() == [user.id] * (len(words) if arena.ground.is_sql else 1)


@pytest.mark.parametrize("held", [True, False], ids=["all read first", "as they come"])
def test_x1_of_fifty_registrations_of_one_address_one_succeeds(arena: Arena, held: bool) -> None:
    """The others find it taken. One user, one password, one entry in the trail, and their words."""
    result = arena.race(JOBS, held=held)
    winner = result.sole_winner(EmailAlreadyExistsError)
    assert result.errors == {EmailAlreadyExistsError: CALLERS - 1}
    assert_one_account(arena, result.values[0], winner)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def without_uniqueness(
    request: pytest.FixtureRequest, tmp_path: Path, kit_crew: KitCrew, storages: Storages
) -> Arena:
    """A database whose table of users was made without its constraint, for two processes."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/loose.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres18")
        url = server.url("psycopg", database=server.create_database())
    return Arena(Ground(url=url, wrap=LooseStore), kit_crew.race, storages)


def test_x1_would_notice_a_database_without_its_constraint(without_uniqueness: Arena) -> None:
    """Two processes see to it that looking first is not enough."""
    assert len(without_uniqueness.race(JOBS).winners) == CALLERS
    assert len(without_uniqueness.stored(User)) == CALLERS


class TwoLook(ChecksThenWrites):
    """The first who would write a user waits until another has looked as well."""

    def __init__(self) -> None:
        super().__init__()
        self._both, self._lock, self._waiting = threading.Barrier(2), threading.Lock(), 2

    async def _write(self, kind: type[Entity], id: str, entity: Entity | None) -> None:
        with self._lock:
            waits = kind is User and self._waiting > 0
            self._waiting -= waits
        if waits:
            self._both.wait(timeout=60)
        await super()._write(kind, id, entity)


def test_x1_would_notice_a_store_that_looks_before_it_writes(storages: Storages) -> None:
    """When several have looked, several write."""
    arena = Arena(Ground(memory=TwoLook()), partial(as_threads, storages), storages)
    assert len(arena.race(JOBS).winners) > 1


def test_x1_would_notice_what_is_half_made(storages: Storages) -> None:
    """A store that keeps the first changes of a commit leaves a password without a user, or the reverse."""

    class Reversed(KeepsFirstChanges):
        """The user comes last, as in a feature that was written the other way round."""

        async def commit(self, *changes: object) -> None:
            await super().commit(*reversed(changes))  # type: ignore[arg-type]

    arena = Arena(Ground(memory=Reversed()), partial(as_threads, storages), storages)
    result = arena.race(JOBS)
    with pytest.raises((AssertionError, ValueError)):
        assert_one_account(arena, result.values[0], result.winners[0])
