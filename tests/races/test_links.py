"""X2: of sixteen who use one link at the same time, exactly one succeeds, and what it did survives.

The callers are threads over a blocking store, and tasks over an asynchronous one, on every kind of
storage. Afterwards the storage is opened anew and read.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from tests.features.email_verification.world import ADA, COLLECTIONS, World, prepared, token_in, world
from tests.servers.postgres import PostgresServer
from tests.storage.doubles import WaitingStore
from userkit.backends.memory import MemoryStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import InvalidTokenError, StaleError, UserKitError
from userkit.features.links import Promise
from userkit.kernel.identity import Identity
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.sync import run
from userkit.testing.broken import LosesUpdates

CALLERS = 16
NEW = "ada@new.example"
LIFETIME = timedelta(hours=1)

Outcome = type[UserKitError] | None
Job = Callable[[World, str, int], Awaitable[object]]


@dataclass(frozen=True)
class Ground:
    """Where a race takes place: the same storage for those who block and for those who wait."""

    blocking: Callable[[], Store]
    waiting: Callable[[], Store]

    @contextmanager
    def here(self) -> Iterator[World]:
        """Give a world to set up a race in, and to look at it afterwards."""
        store = prepared(self.blocking())
        try:
            yield world(store)
        finally:
            run(store.close())

    def as_threads(self, jobs: Sequence[Job], token: str) -> list[Outcome]:
        """Let threads begin at the same moment, with one store."""
        gate = Barrier(len(jobs))
        with self.here() as here, ThreadPoolExecutor(len(jobs)) as threads:

            def enter(number: int) -> Outcome:
                gate.wait()
                return run(outcome(jobs[number], here, token, number))

            return list(threads.map(enter, range(len(jobs))))

    def as_tasks(self, jobs: Sequence[Job], token: str) -> list[Outcome]:
        """Let tasks take turns, with one store."""

        async def all_at_once() -> list[Outcome]:
            store = self.waiting()
            try:
                await store.prepare(COLLECTIONS)
                here = world(store)
                return await asyncio.gather(
                    *(outcome(job, here, token, number) for number, job in enumerate(jobs))
                )
            finally:
                await store.close()

        return asyncio.run(all_at_once())


async def outcome(job: Job, here: World, token: str, number: int) -> Outcome:
    """Do one job, and tell how it ended."""
    try:
        await job(here, token, number)
    except UserKitError as error:
        return type(error)
    return None


@pytest.fixture
def memory() -> Ground:
    """One store in memory, which lets other tasks run before every verb."""
    store = prepared(MemoryStore())
    return Ground(lambda: store, lambda: WaitingStore(store))


@pytest.fixture
def sqlite(tmp_path: Path) -> Ground:
    """A file, opened anew each time."""
    opened = partial(open_url, f"sqlite:///{tmp_path}/links.db", blocking=True)
    return Ground(opened, lambda: ThreadedStore(opened()))


@pytest.fixture
def postgresql(postgres18: PostgresServer) -> Ground:
    """A database, over the blocking and the asynchronous driver."""
    name = postgres18.create_database()
    return Ground(
        partial(open_url, postgres18.url("psycopg", database=name), blocking=True),
        partial(open_url, postgres18.url("asyncpg", database=name), blocking=False),
    )


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def ground(request: pytest.FixtureRequest) -> Ground:
    """Each kind of storage."""
    found: Ground = request.getfixturevalue(request.param)
    return found


Race = Callable[[Ground, Sequence[Job], str], list[Outcome]]

both = pytest.mark.parametrize("race", [Ground.as_threads, Ground.as_tasks], ids=["threads", "tasks"])


def sent(here: World, template: str) -> str:
    """Deliver what is due, and return the token in the last letter of a kind."""
    return token_in([message.text for message in here.mails() if message.template == template][-1])


async def claim(here: World, token: str, number: int) -> None:
    """Verify the address without showing who one is."""
    await here.built["email_verification"].complete(token=token)


async def reset(here: World, token: str, number: int) -> None:
    """Set a password of one's own."""
    await here.built["password_reset"].complete(token=token, password=password_of(number))


async def move(here: World, token: str, number: int) -> None:
    """Confirm the new address."""
    await here.built["email_verification"].confirm_change(token=token)


def password_of(number: int) -> str:
    """Return the password that a caller wants to set."""
    return f"caller {number} sets this password"


def the_winner(outcomes: Sequence[Outcome]) -> int:
    """Return who succeeded; everybody else heard that the link is dead."""
    assert Counter(outcomes) == {None: 1, InvalidTokenError: CALLERS - 1}
    return outcomes.index(None)


@both
def test_x2_of_sixteen_who_verify_one_succeeds(ground: Ground, race: Race) -> None:
    """The account is claimed once: the next revision, no password, no session, one letter."""
    with ground.here() as here:
        ada = here.ada()
        session, token = here.session(), sent(here, "verify_email")
        the_winner(race(ground, [claim] * CALLERS, token))
        after = here.users.get(ada.id)
        assert (after.version, after.session_epoch) == (ada.version + 1, ada.session_epoch + 1)
        assert after.is_email_verified
        assert here.credential(ada) is None
        assert not here.is_open(session)
        assert here.letters() == [("password_removed", ADA)]
        (link,) = here.stored_links()
        assert link.spent_at is not None
        assert race(ground, [claim], token) == [InvalidTokenError]


@both
def test_x2_of_sixteen_signed_in_owners_who_verify_one_succeeds(ground: Ground, race: Race) -> None:
    """As with one who clicks again and again: nothing is lost."""
    with ground.here() as here:
        ada = here.ada()
        session, token = here.session(), sent(here, "verify_email")
        owner = Identity(user_id=ada.id, authenticated_at=here.clock())

        async def verify(here: World, token: str, number: int) -> None:
            await here.built["email_verification"].complete(token=token, identity=owner)

        the_winner(race(ground, [verify] * CALLERS, token))
        assert here.users.get(ada.id).version == ada.version + 1
        assert here.passwords.exists(ada.id)
        assert here.is_open(session)


@both
@pytest.mark.parametrize("had_one", [True, False], ids=["a password before", "none before"])
def test_x2_of_sixteen_who_reset_one_succeeds(ground: Ground, race: Race, had_one: bool) -> None:
    """The password that survives is that of the one who was told of success."""
    with ground.here() as here:
        ada = here.ada("a password that is forgotten" if had_one else None)
        here.reset.request(email=ADA)
        token = sent(here, "reset_password")
        winner = the_winner(race(ground, [reset] * CALLERS, token))
        credential = here.credential(ada)
        assert credential is not None
        assert credential.hash == f"plain:{password_of(winner)}"
        assert credential.version == 1 + had_one
        assert here.users.get(ada.id).version == ada.version + 1
        assert here.letters() == [("password_reset_done", ADA)]
        assert here.session(password=password_of(winner))


@both
def test_x2_of_sixteen_who_confirm_a_change_one_succeeds(ground: Ground, race: Race) -> None:
    """The user moves once, and the old address is told once."""
    with ground.here() as here:
        ada = here.ada()
        here.mails()
        here.verification.change(ada.id, email=NEW)
        the_winner(race(ground, [move] * CALLERS, sent(here, "change_email")))
        after = here.users.get(ada.id)
        assert (after.email, after.version) == (NEW, ada.version + 1)
        assert here.letters() == [("email_changed", ADA)]


@both
def test_x2_two_links_of_one_account_at_once(ground: Ground, race: Race) -> None:
    """Each is used once at most; a reset and a change of address never half undo each other."""
    with ground.here() as here:
        ada = here.ada()
        here.reset.request(email=ADA)
        here.verification.change(ada.id, email=NEW)
        letters = {message.template: message.text for message in here.mails()}
        tokens = {kind: token_in(letters[kind]) for kind in ("reset_password", "change_email")}

        async def reset_or_move(here: World, _: str, number: int) -> None:
            job, kind = (reset, "reset_password") if number % 2 else (move, "change_email")
            await job(here, tokens[kind], number)

        outcomes = race(ground, [reset_or_move] * CALLERS, "")
        assert set(outcomes) <= {None, InvalidTokenError}
        resets, moves = outcomes[1::2].count(None), outcomes[0::2].count(None)
        after = here.users.get(ada.id)
        # Whichever comes first kills the other: the address is no longer the one that the reset was
        # sent to, and the sessions in which the change was asked for have ended.
        assert (resets, moves) in {(1, 0), (0, 1)}
        assert after.version == ada.version + 1
        assert (after.email == NEW) is bool(moves)


@both
def test_x2_a_letter_delivered_again_gives_nobody_a_second_use(ground: Ground, race: Race) -> None:
    """Callers use a link while its letter is delivered again and again, with the same link in it."""
    with ground.here() as here:
        ada = here.ada()
        here.mails()
        promise = Promise.to(ada, now=here.clock())
        make = partial(here.built["links"].promised, "verify_email", promise, lifetime=LIFETIME)
        token = run(make())
        assert token is not None

        async def deliver_again(here: World, _: str, number: int) -> None:
            again = await here.built["links"].promised("verify_email", promise, lifetime=LIFETIME)
            assert again in (token, None)

        outcomes = race(ground, [claim, deliver_again] * (CALLERS // 2), token)
        claims = Counter(outcomes[0::2])
        assert claims.keys() <= {None, InvalidTokenError, StaleError}
        assert claims[None] <= 1
        assert here.users.get(ada.id).is_email_verified is bool(claims[None])
        assert (run(make()) is None) is bool(claims[None])


def test_x2_would_notice_a_store_where_the_last_write_wins() -> None:
    """There every caller uses the link."""
    store = prepared(LosesUpdates())
    broken = Ground(lambda: store, lambda: WaitingStore(store))
    with broken.here() as here:
        here.ada()
        here.reset.request(email=ADA)
        token = sent(here, "reset_password")
        assert broken.as_tasks([reset] * CALLERS, token) == [None] * CALLERS


def test_x2_would_notice_links_that_are_not_spent_in_the_same_commit() -> None:
    """The race proves something about the features as well as about the store."""

    async def forgetful(here: World, token: str, number: int) -> None:
        _, user = await here.built["links"].look(token, "verify_email")
        await here.built["users"].update(user.id, name=f"Ada {number}")

    store = prepared(MemoryStore())
    careless = Ground(lambda: store, lambda: WaitingStore(store))
    with careless.here() as here:
        here.ada()
        token = sent(here, "verify_email")
        assert careless.as_tasks([forgetful] * CALLERS, token).count(None) > 1
