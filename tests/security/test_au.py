"""AU: the trail has an entry for whatever happens, and nobody can forge or hide one.

That every event of every feature reaches it is tested with the features; here is how it is written.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.audit.world import World, prepared, world
from tests.servers.postgres import PostgresServer
from tests.storage.doubles import BareStore
from userkit.backends.memory import MemoryStore
from userkit.errors import DuplicateError, ForbiddenError, StoreUnavailableError
from userkit.features.audit import AuditEntry
from userkit.features.users import User
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from
from userkit.kernel.secret import Secret
from userkit.plugins.opening import open_store
from userkit.storage.changes import Add, Change
from userkit.sync import run
from userkit.testing.broken import KeepsFirstChanges

HOSTILE = [
    "Mozilla/5.0\r\n2026-01-01 admin signed in",
    "\n\n\n",
    "a\u2028b\u2029c\x85d\x0be\x0cf",
    "\x1b[2J\x1b[1;1Hall is well",
    "\x1b]0;title\x07\x1b]8;;https://evil.example\x07link",
    "\x9b31mred",
    "\u202egnp.exe",
    "\u2066\u2069\u200b\u200d\ufeff",
    "a\0b",
    "\udcff\ud800",
    "\x7f\b\b\b\b",
    "x" * 100_000 + "\n",
    '"},{"event":"user_registered"}',
    "'; DROP TABLE userkit_audit; --",
    "=HYPERLINK(1)",
]


REALMS = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessFailed(Event):
    """Somebody guessed wrong."""

    user_id: str | None = None
    said: str = ""
    secret: Secret | None = None


@pytest.fixture(scope="module")
def database(postgres18: PostgresServer) -> str:
    """The URL of a database of a server; each test has a realm of its own in it."""
    return postgres18.url(database=postgres18.create_database())


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The trail over a store in memory, over a file, and over a server."""
    url = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path}/app.db"}.get(request.param)
    store = open_store(url or request.getfixturevalue("database"), blocking=True)
    yield world(prepared(store), realm=f"r-{next(REALMS)}")
    run(store.close())


def lines_of(entry: AuditEntry) -> str:
    """Return an entry as a naive program would print it, all texts one after the other."""
    texts = (entry.event, entry.actor_id, entry.session_id, entry.address, entry.user_agent)
    return " ".join(map(str, (*texts, *entry.facts.values())))


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_au_1_no_text_breaks_a_line_or_commands_a_terminal(here: World, text: str) -> None:
    """Whoever sent it, and by whichever way; what it was can still be recognised."""
    with coming_from(actor_id=text, session_id=text, address=text, user_agent=text):
        here.tell(GuessFailed(at=here.clock(), said=text))
    entry = here.last()
    shown = lines_of(entry)
    assert shown.isprintable()
    assert len(shown.splitlines()) == 1
    assert len(shown) < 5 * 256
    assert entry.address == "unknown"
    assert entry.facts["said"] == "".join(each if each.isprintable() else "\ufffd" for each in text[:255])


@given(st.text(), st.text())
def test_au_1_any_text_can_be_recorded_and_handed_out(agent: str, said: str) -> None:
    """No text makes the commit fail, and each entry is one line of JSON that says the same."""
    here = world(prepared(MemoryStore()))
    with coming_from(user_agent=agent):
        here.tell(GuessFailed(at=here.clock(), said=said))
    lines: list[str] = []
    here.audit.export(lines.append)
    (line,) = "".join(lines).splitlines()
    assert json.loads(line) == here.last().document()
    assert line.isascii()
    assert lines_of(here.last()).isprintable()


def test_au_1_a_failure_is_recorded_like_a_success(here: World) -> None:
    """Also one about nobody, such as a guess at an address that nobody has."""
    with coming_from(address="192.0.2.7"):
        here.tell(GuessFailed(at=here.clock()))
    entry = here.last()
    assert (entry.event, entry.user_id, entry.address) == ("guess_failed", None, "192.0.2.7")


def test_au_1_a_secret_in_an_event_does_not_get_into_the_trail(here: World) -> None:
    """Even if a feature forgets that events hold none."""
    here.tell(GuessFailed(at=here.clock(), secret=Secret("hunter2-hunter2")))
    assert here.last().facts == {"said": ""}
    assert "hunter2" not in repr(here.last()) + json.dumps(here.last().document())


def outcome_on(here: World) -> tuple[int, int]:
    """Let the entry of a registration fail, and count the users and the entries that are there."""
    here.tell(GuessFailed(at=here.clock()))
    (taken,) = here.trail()

    async def takes_the_id(event: Event) -> list[Change]:
        return [Add(taken)]

    here.participants.add(Event, takes_the_id)
    with pytest.raises(DuplicateError):
        here.ada()
    return len(run(here.store.find(User)).items), len(here.trail())


def test_au_1_nothing_happens_without_its_entry(here: World) -> None:
    """When the entry cannot be written, the user is not there either."""
    assert outcome_on(here) == (0, 1)


def test_au_1_the_test_would_notice_a_store_that_keeps_half() -> None:
    """One that does one change after the other leaves a user without an entry."""
    users, entries = outcome_on(world(prepared(KeepsFirstChanges())))
    assert users == 1
    assert entries == 2  # the entry that was to be refused with the rest is there as well


class FailingStore(BareStore):
    """A store whose database is away when something is to be committed."""

    async def commit(self, *changes: Change) -> None:
        """Fail."""
        raise StoreUnavailableError


@pytest.mark.parametrize(
    "act",
    [
        lambda here, ada: here.users.register(email="bo@example.com", name="Bo"),
        lambda here, ada: here.users.update(ada.id, name="Other"),
        lambda here, ada: here.users.disable(ada.id),
        lambda here, ada: here.users.delete(ada.id),
        lambda here, ada: here.tell(GuessFailed(at=here.clock())),
    ],
    ids=["register", "update", "disable", "delete", "fail"],
)
def test_au_1_what_cannot_be_recorded_fails(act: Callable[[World, User], object]) -> None:
    """It raises, nothing changes and nobody is told."""
    memory = prepared(MemoryStore())
    ada, told = world(memory).ada(), list[Event]()
    away = world(FailingStore(memory))
    away.listeners.add(GuessFailed, told.append)
    with pytest.raises(StoreUnavailableError):
        act(away, ada)
    assert run(memory.find(User)).items == (ada,)
    assert len(run(memory.find(AuditEntry)).items) == 1
    assert told == []


def test_au_1_a_participant_cannot_swallow_an_entry(here: World) -> None:
    """One that fails vetoes the whole commit; one that returns nothing changes nothing."""

    async def silent(event: Event) -> list[Change]:
        return []

    async def veto(event: Event) -> list[Change]:
        raise ForbiddenError

    here.participants.add(GuessFailed, silent)
    here.tell(GuessFailed(at=here.clock()))
    assert len(here.trail()) == 1
    here.participants.add(GuessFailed, veto)
    with pytest.raises(ForbiddenError):
        here.tell(GuessFailed(at=here.clock()))
    assert len(here.trail()) == 1


def test_au_1_the_trail_offers_no_way_to_change_it(here: World) -> None:
    """It is read, handed out, and purged of what has expired."""
    here.ada()
    assert {name for name in vars(here.audit) if not name.startswith("_")} == {"list", "export", "purge"}
    assert here.audit.purge() == 0
    assert len(here.trail()) == 1


def test_au_1_a_name_in_the_trail_is_an_id() -> None:
    """The names and addresses of users are not copied, so none of them can be hostile or outlive them."""
    here = world(prepared(MemoryStore()))
    ada = here.users.register(email="ada@example.com", name="Ada [31m Lovelace")
    here.users.update(ada.id, name="]0; King")
    told = json.dumps([entry.document() for entry in here.trail()])
    assert not any(word in told for word in ("Ada", "Lovelace", "King", "ada@example.com"))
