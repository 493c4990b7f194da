"""``userkit mail``: what it does, what it prints, and how it ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import NOBODY, Commands
from tests.plugins.site import Site
from userkit.features.outbox import OutboxEntry, OutboxState
from userkit.kernel.clock import utc_now
from userkit.kernel.ids import UUIDv7
from userkit.plugins.opening import open_store
from userkit.storage.changes import Add
from userkit.storage.parcels import PARCELS, Parcel
from userkit.sync import run

NEW_ID = UUIDv7(utc_now)
# What every kit does without sending anything: it forgets somebody who is gone.
FORGET = "user.deleted"


@pytest.fixture
def userkit(tmp_path: Path) -> Commands:
    """The command line over a file, with mail going to a folder."""
    return Commands(
        tmp_path, USERKIT_MAILER=f"directory://{tmp_path}/mail", USERKIT_BASE_URL="https://app.example"
    )


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two hook plugins, for signals while an entry is done, and for a database that is away for a moment."""
    site = Site(tmp_path / "site")
    site.install(
        "userkit-signals",
        entry_points={"userkit.hooks": {"signals": "signals_hook", "flaky": "flaky_hook"}},
        modules={
            "flaky_hook": """
                from tests.storage.doubles import BareStore
                from userkit.errors import StoreUnavailableError
                from userkit.plugins import hookimpl

                looks = []

                class FlakyStore(BareStore):
                    async def find(self, *args, **kwargs):
                        looks.append(args[0].__name__)
                        if looks.count("OutboxEntry") == 2 and looks[-1] == "OutboxEntry":
                            raise StoreUnavailableError
                        return await super().find(*args, **kwargs)

                @hookimpl
                def userkit_wrap_store(store):
                    return FlakyStore(store)
            """,
            "signals_hook": """
                import os, signal
                from userkit.feature import Feature
                from userkit.features.outbox import Outbox
                from userkit.plugins import hookimpl

                async def send(entry):
                    os.kill(os.getpid(), getattr(signal, entry.payload["signal"]))

                def build(parts):
                    parts.offer(Outbox).handle("signal", send)
                    return object()

                @hookimpl
                def userkit_features():
                    return [
                        Feature(name="signals", requires=("outbox",), build=build, mirror=lambda it: it)
                    ]
            """,
        },
    )
    monkeypatch.setattr(sys, "path", [str(site.path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    site.forget()


def entry(topic: str = FORGET, *, due: timedelta = timedelta(0), **fields: Any) -> OutboxEntry:
    """Return something to do."""
    now = utc_now()
    return OutboxEntry(id=NEW_ID(), topic=topic, user_id=NOBODY, created_at=now, due_at=now + due, **fields)


def given_up() -> OutboxEntry:
    """Return what has failed as often as it may."""
    return entry("letter", state=OutboxState.FAILED, attempts=20, problem="MailUnavailableError")


def waiting(userkit: Commands, *entries: OutboxEntry, realm: str = "default") -> list[OutboxEntry]:
    """Put entries into the outbox."""
    with userkit.outbox(realm) as store:
        for each in entries:
            run(store.commit(Add(each)))
    return list(entries)


def is_done(userkit: Commands, entry: OutboxEntry) -> bool:
    """Tell whether an entry is out of the outbox."""
    with userkit.outbox() as store:
        return run(store.get(OutboxEntry, entry.id)) is None


def test_what_a_dead_process_left_behind_is_seen_to(userkit: Commands, tmp_path: Path) -> None:
    """Between the store that sessions are routed to and the main one."""
    other = f"sqlite:///{tmp_path}/other.db"
    routed = {"USERKIT_ROUTES": f"sessions={other}"}
    userkit.said("mail", "work", "--once", **routed)
    store = open_store(other, blocking=True)
    run(store.prepare([PARCELS]))
    nothing: dict[str, Any] = {"changes": []}
    an_hour_ago = utc_now() - timedelta(hours=1)
    moment = an_hour_ago.replace(microsecond=0)
    run(store.commit(Add(Parcel(id=NEW_ID(), changes=nothing, undo=nothing, created_at=moment))))
    userkit.said("mail", "work", "--once", **routed)
    assert run(store.find(Parcel)).items == ()
    run(store.close())


def test_once_does_what_is_due_and_ends(userkit: Commands) -> None:
    """However much it is; what is due later stays."""
    later = entry(due=timedelta(hours=1))
    waiting(userkit, later, *(entry() for _ in range(20)))
    assert userkit.document("mail", "work", "--once") == {"schema": 1, "done": 20, "failed": 0}
    assert userkit.said("mail", "work", "--once") == "0 done, 0 failed and to be tried again.\n"
    assert not is_done(userkit, later)


def test_what_fails_is_counted_and_tried_again_later(userkit: Commands) -> None:
    """And is no failure of the command."""
    waiting(userkit, entry("unheard.of"), entry())
    assert userkit.said("mail", "work", "--once") == "1 done, 1 failed and to be tried again.\n"
    assert userkit.said("mail", "work", "--once") == "0 done, 0 failed and to be tried again.\n"


def test_mail_is_sent(userkit: Commands, tmp_path: Path) -> None:
    """What the application has written is in the folder afterwards."""
    with userkit.kit(mailer=f"directory://{tmp_path}/mail", base_url="https://app.example") as kit:
        ada = kit.users.register(email="ada@example.com", name="Ada")
        kit.email_verification.request(ada.id)
    done = userkit.document("mail", "work", "--once")["done"]
    mails = [file.read_bytes() for file in (tmp_path / "mail").glob("*.eml")]
    assert len(mails) == done >= 1
    assert all(b"ada@example.com" in mail for mail in mails)


def test_each_realm_that_is_named_is_worked_for(userkit: Commands) -> None:
    """And no other."""
    for realm in ("default", "acme", "globex"):
        waiting(userkit, entry(), realm=realm)
    named = ("--realm", "acme", "--realm", "globex", "--realm", "acme")
    assert userkit.document("mail", "work", "--once", *named)["done"] == 2
    assert userkit.document("mail", "work", "--once", USERKIT_REALM="acme")["done"] == 0
    assert userkit.document("mail", "work", "--once")["done"] == 1


@pytest.mark.parametrize("mailer", [None, ""])
def test_without_a_mailer_there_is_nothing_to_work_with(userkit: Commands, mailer: str | None) -> None:
    """It says what to set."""
    waiting(userkit, entry())
    told = userkit.refused("mail", "work", "--once", USERKIT_MAILER=mailer)
    assert told == "Set USERKIT_MAILER to the URL of a mailer, such as smtp://mail.example."


def test_a_mailer_that_is_not_understood_is_one_line(userkit: Commands) -> None:
    """Without the password."""
    told = userkit.refused("mail", "work", USERKIT_MAILER="smtpz://ada:hunter2@mail.example")
    assert "smtpz" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_lets_the_entry_in_hand_be_finished(userkit: Commands, hook: None, name: str) -> None:
    """What comes after it stays for others, and what did the program before a signal does it again."""
    first, second = waiting(userkit, entry("signal", payload={"signal": name}), entry())
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    said = userkit.said("mail", "work", USERKIT_HOOKS="signals")
    assert said == "1 done, 0 failed and to be tried again.\n"
    assert (is_done(userkit, first), is_done(userkit, second)) == (True, False)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_it_looks_again_and_again_until_it_is_stopped(userkit: Commands, hook: None) -> None:
    """What is put into the outbox meanwhile is done, too."""
    waiting(userkit, entry(), entry("signal", due=timedelta(seconds=0.3), payload={"signal": "SIGTERM"}))
    said = userkit.said("mail", "work", "--pause", "0.1", USERKIT_HOOKS="signals")
    assert said == "2 done, 0 failed and to be tried again.\n"


def test_a_program_ends_at_a_signal_while_it_waits(userkit: Commands) -> None:
    """With exit code 0, and says what it did."""
    (only,) = waiting(userkit, entry())
    environment = {**os.environ, **{name: value for name, value in userkit.environment.items() if value}}
    worker = subprocess.Popen(
        [sys.executable, "-m", "userkit.cli", "mail", "work", "--pause", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    try:
        tick = threading.Event()
        while not is_done(userkit, only):
            assert worker.poll() is None
            tick.wait(0.05)
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=20)
    finally:
        worker.kill()
    assert (worker.returncode, out, err) == (0, "1 done, 0 failed and to be tried again.\n", "")


def test_a_database_that_goes_away_is_reported_and_waited_for(userkit: Commands, hook: None) -> None:
    """Once it was there; at the start it is an error."""
    waiting(userkit, entry(), entry("signal", due=timedelta(seconds=0.3), payload={"signal": "SIGTERM"}))
    result = userkit("mail", "work", "--pause", "0.1", USERKIT_HOOKS="signals,flaky")
    assert (result.exit_code, result.stdout) == (0, "2 done, 0 failed and to be tried again.\n")
    assert result.stderr == "error: The database is not available; try again later.\n"
    userkit.refused("mail", "work", USERKIT_DATABASE="sqlite:////nowhere/at/all/app.db")


def test_a_database_that_goes_away_is_an_error_for_those_who_look_once(userkit: Commands, hook: None) -> None:
    """So that whoever calls it every minute hears of it."""
    waiting(userkit, entry())
    told = userkit.refused("mail", "work", "--once", USERKIT_HOOKS="flaky")
    assert told == "The database is not available; try again later."


def test_what_was_given_up_is_listed(userkit: Commands) -> None:
    """And nothing else."""
    first, second, _ = waiting(userkit, given_up(), given_up(), entry())
    page = userkit.document("mail", "failed", "--limit", "1")
    assert page["entries"] == [
        {
            "id": first.id,
            "topic": "letter",
            "user_id": NOBODY,
            "state": "failed",
            "attempts": 20,
            "problem": "MailUnavailableError",
            "created_at": first.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "due_at": first.due_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
    ]
    rest = userkit.document("mail", "failed", "--after", page["next"])
    assert ([each["id"] for each in rest["entries"]], rest["next"]) == ([second.id], None)
    rows = userkit.said("mail", "failed", "--limit", "1").splitlines()
    assert rows[0].split() == ["Id", "Topic", "User", "Attempts", "Problem", "Created"]
    assert rows[1].split()[:5] == [first.id, "letter", NOBODY, "20", "MailUnavailableError"]
    assert rows[-1] == f"There is more: --after {page['next']}"


def test_what_was_given_up_is_tried_again(userkit: Commands) -> None:
    """As if for the first time."""
    (gone,) = waiting(userkit, given_up())
    found = userkit.document("mail", "retry", gone.id)
    (again,) = found["entries"]
    assert (again["state"], again["attempts"], again["problem"]) == ("pending", 0, None)
    assert (found["schema"], found["dry_run"]) == (1, False)
    said = userkit.said("mail", "retry", gone.id)
    assert said == "1 due now; `userkit mail work` or the application will do it.\n"
    assert userkit.document("mail", "failed")["entries"] == []


def test_many_are_tried_again_at_once(userkit: Commands) -> None:
    """By their ids, or all; a dry run says which, and changes nothing."""
    first, second, third = waiting(userkit, given_up(), given_up(), given_up())
    dry = userkit.document("mail", "retry", "--all", "--dry-run")
    assert ([each["state"] for each in dry["entries"]], dry["dry_run"]) == (["failed"] * 3, True)
    assert userkit.said("mail", "retry", first.id, "--dry-run").splitlines()[-1] == "1 would be due now."
    assert len(userkit.document("mail", "failed")["entries"]) == 3
    assert userkit.refused("mail", "retry", first.id, NOBODY) == f"There is no entry '{NOBODY}'."
    assert len(userkit.document("mail", "failed")["entries"]) == 3
    userkit.said("mail", "retry", first.id, third.id)
    assert [each["id"] for each in userkit.document("mail", "failed")["entries"]] == [second.id]
    assert len(userkit.document("mail", "retry", "--all")["entries"]) == 1
    assert userkit.document("mail", "retry", "--all")["entries"] == []


@pytest.mark.parametrize("arguments", [(), (NOBODY, "--all")])
def test_what_to_try_again_is_said(userkit: Commands, arguments: tuple[str, ...]) -> None:
    """Either by ids or by --all."""
    assert userkit("mail", "retry", *arguments).exit_code == 2


def test_a_dry_run_sends_nothing(userkit: Commands) -> None:
    """It counts what is due, and what is not yet."""
    waiting(userkit, entry(), entry(), entry(due=timedelta(hours=1)), given_up())
    assert userkit.document("mail", "work", "--dry-run") == {
        "schema": 1,
        "dry_run": True,
        "due": 2,
        "later": 1,
    }
    assert userkit.said("mail", "work", "--dry-run", "--realm", "acme") == "0 due now, 0 later.\n"
    assert userkit.document("mail", "work", "--once")["done"] == 2


@pytest.mark.parametrize("id", [NOBODY, "nothing", ""])
def test_what_is_not_there_cannot_be_tried_again(userkit: Commands, id: str) -> None:
    """One line."""
    assert userkit.refused("mail", "retry", id) == f"There is no entry {id!r}."
