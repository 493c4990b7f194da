"""``userkit doctor``: each defect is made, found, and said how to mend."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import SECRET, Commands
from userkit.cli.doctor.finding import Finding, State
from userkit.cli.doctor.hashing import time_finding
from userkit.cli.doctor.patient import Home, examined
from userkit.cli.doctor.stores import clock_finding, engine_findings, schema_findings
from userkit.errors import MissingExtraError, StoreUnavailableError
from userkit.features.audit import AuditEntry
from userkit.features.audit.collection import AUDIT
from userkit.features.users.collection import USERS
from userkit.plugins.opening import open_store
from userkit.storage.changes import Add
from userkit.storage.inspection import Inspection, Remark
from userkit.storage.migrations import Migrations
from userkit.sync import run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IN_MEMORY = "memory://"  # for what asks no database: it takes half of the time
FRONT = "a-host-of-its-own.example"


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was upgraded, for copies."""
    found = Commands(tmp_path_factory.mktemp("upgraded"))
    found.said("db", "upgrade")
    return found.folder / "app.db"


@pytest.fixture
def commands(tmp_path: Path, upgraded: Path) -> Commands:
    """Such a database, and settings that are fit for production."""
    shutil.copy(upgraded, tmp_path / "app.db")
    return Commands(
        tmp_path,
        USERKIT_BASE_URL=f"https://{FRONT}",
        USERKIT_MAILER="smtp://ada:hidden@mail.example?sender=no-reply@app.example",
        USERKIT_SERVE_TRUSTED_PROXIES="10.0.0.1",
    )


def findings(commands: Commands, *arguments: str, **environment: str | None) -> dict[str, dict[str, str]]:
    """Return what is found, by the name of the check; whatever the exit code is."""
    result = commands("doctor", "--json", *arguments, **environment)
    assert result.stderr == "", result.stderr
    document = json.loads(result.stdout)
    assert document["ok"] is (result.exit_code == 0)
    assert all(each["advice"] for each in document["findings"] if each["state"] == "warn")
    return {each["check"]: each for each in document["findings"]}


def state(commands: Commands, check: str, *arguments: str, **environment: str | None) -> tuple[str, str]:
    """Return how one thing is, and what is said of it."""
    found = findings(commands, *arguments, **environment)[check]
    return found["state"], f"{found['found']} {found['advice']}"


def execute(commands: Commands, script: str) -> None:
    with closing(sqlite3.connect(commands.folder / "app.db")) as connection:
        connection.executescript(script)


def test_a_well_kept_deployment_has_nothing_that_fails(commands: Commands) -> None:
    """What is not looked at is said to be so."""
    found = findings(commands)
    states = {check: each["state"] for check, each in found.items()}
    assert "fail" not in states.values()
    assert states["store: clock"] == states["language model"] == "skipped"
    assert {
        check for check, how in states.items() if how == "warn" and not check.startswith(("password", "var"))
    } == set()
    table = commands.said("doctor")
    assert "store: indexes" in table
    assert "hidden" not in table
    assert SECRET not in table


def test_warnings_fail_only_with_strict(commands: Commands) -> None:
    """Exit code 0 or 1."""
    warned = {"USERKIT_MAILER": None}
    assert commands("doctor", **warned).exit_code == 0
    assert commands("doctor", "--strict", **warned).exit_code == 1
    assert commands("doctor", USERKIT_SECRET="weak").exit_code == 1


def test_nothing_is_changed(commands: Commands) -> None:
    """Not a byte of the database, and no file beside it."""
    commands.create()
    before = (commands.folder / "app.db").read_bytes()
    commands("doctor", "--all")
    assert (commands.folder / "app.db").read_bytes() == before


def test_without_a_store_it_says_what_to_give(commands: Commands) -> None:
    """Like the other commands."""
    assert "set USERKIT_DATABASE" in commands.refused("doctor", USERKIT_DATABASE=None)


def test_a_store_in_memory_is_looked_at_as_well(commands: Commands) -> None:
    """It has no tables, no clock, and nothing to tell of its engine."""
    found = findings(commands, "memory://")
    assert found["store: schema"]["state"] == "ok"
    assert found["store: engine"]["state"] == found["store: clock"]["state"] == "skipped"


@pytest.mark.parametrize(
    ("url", "check"),
    [
        ("sqlite:////nowhere/to/be/app.db", "store: reached"),
        ("no-such-engine://ada:hidden@db.example", "store"),
    ],
)
def test_a_store_that_is_not_reached_fails(commands: Commands, url: str, check: str) -> None:
    """What cannot be checked then is said to be skipped, and no password is repeated."""
    found = findings(commands, USERKIT_DATABASE=url)
    assert found[check]["state"] == "fail"
    assert found[check]["advice"]
    assert "hidden" not in str(found)


def test_routed_stores_are_looked_at_as_well(commands: Commands) -> None:
    """Each under the name of what is kept there."""
    found = findings(commands, USERKIT_ROUTES="sessions=memory://")
    assert found["store of sessions: schema"]["state"] == "ok"
    refused = findings(commands, USERKIT_ROUTES="users=memory://")
    assert refused["store"]["state"] == "fail"


def test_tables_that_are_not_there_yet_are_a_warning_or_a_failure(commands: Commands) -> None:
    """Depending on whether the application makes them."""
    empty = f"sqlite:///{commands.folder}/empty.db"
    assert state(commands, "store: reached", empty)[0] == "fail"
    assert not Path(commands.folder, "empty.db").exists(), "looking makes nothing"
    Path(commands.folder, "empty.db").touch()
    assert state(commands, "store: schema", empty)[0] == "warn"
    how, told = state(commands, "store: schema", empty, USERKIT_PREPARE="false")
    assert how == "fail"
    assert "userkit db upgrade" in told


def test_drift_is_found(commands: Commands) -> None:
    """A column of ours that somebody took away."""
    execute(commands, "ALTER TABLE userkit_users DROP COLUMN name;")
    how, told = state(commands, "store: schema")
    assert how == "fail"
    assert "userkit db check" in told
    assert findings(commands)["store: what is stored"]["state"] == "skipped"


def test_a_pending_upgrade_is_found(commands: Commands) -> None:
    """Tables that an older userkit made."""
    execute(commands, "UPDATE userkit_alembic_version SET version_num = '0001';")
    assert findings(commands)["store: schema"]["state"] == "fail"


def test_a_missing_index_is_found(commands: Commands) -> None:
    """By its name."""
    with closing(sqlite3.connect(commands.folder / "app.db")) as connection:
        asked = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%ON userkit_sessions%'"
        name = connection.execute(asked).fetchone()[0]
    execute(commands, f"DROP INDEX {name};")
    how, told = state(commands, "store: indexes")
    assert how == "fail"
    assert name in told


@pytest.mark.parametrize(
    ("secret", "told"),
    [("short", "at least 32"), ("your-secret-key-for-production-use-only", "looks like an example")],
)
def test_a_weak_secret_is_found(commands: Commands, secret: str, told: str) -> None:
    """It is not repeated."""
    how, said = state(commands, "secret: strength", IN_MEMORY, USERKIT_SECRET=secret)
    assert how == "fail"
    assert told in said
    assert secret not in str(findings(commands, IN_MEMORY, USERKIT_SECRET=secret))


def test_a_secret_that_something_else_holds_is_found(commands: Commands) -> None:
    """The variable is named."""
    how, told = state(commands, "secret: shared", IN_MEMORY, DJANGO_KEY=f"x{SECRET}")
    assert how == "fail"
    assert "DJANGO_KEY" in told


def test_several_secrets_are_told_in_their_order(commands: Commands) -> None:
    """The same one twice is a slip."""
    how, told = state(commands, "secret: rotation", IN_MEMORY, USERKIT_SECRET=f"n{SECRET},{SECRET}")
    assert (how, told[0]) == ("ok", "2")
    assert state(commands, "secret: rotation", IN_MEMORY, USERKIT_SECRET=f"{SECRET},{SECRET}")[0] == "warn"


def test_a_secret_that_code_gives_is_not_judged(commands: Commands) -> None:
    """It is not seen from here."""
    assert state(commands, "secret", IN_MEMORY, USERKIT_SECRET=None)[0] == "skipped"


def test_a_secret_file_that_others_read_is_found(commands: Commands) -> None:
    """And one that is not there."""
    file = commands.folder / "secret"
    file.write_text(SECRET)
    given = {"USERKIT_SECRET": None, "USERKIT_SECRET_FILE": str(file)}
    file.chmod(0o644)
    assert state(commands, "secret: file", IN_MEMORY, **given)[0] == "warn"
    file.chmod(0o600)
    assert state(commands, "secret: file", IN_MEMORY, **given)[0] == "ok"
    file.unlink()
    assert state(commands, "secret", IN_MEMORY, **given)[0] == "fail"


@pytest.mark.parametrize(
    ("url", "how", "cookies"),
    [
        (None, "warn", "skipped"),
        ("http://localhost:8000", "warn", "warn"),
        ("http://app.example", "fail", "warn"),
        ("https://app.example", "ok", "ok"),
    ],
)
def test_the_base_url_decides_on_the_cookies(
    commands: Commands, url: str | None, how: str, cookies: str
) -> None:
    """Over http they lose their prefix."""
    found = findings(commands, IN_MEMORY, USERKIT_BASE_URL=url)
    assert (found["base URL"]["state"], found["cookies"]["state"]) == (how, cookies)


@pytest.mark.parametrize(
    ("proxies", "how"),
    [(None, "skipped"), ("*", "fail"), ("0.0.0.0/0", "fail"), ("8.8.0.0/16", "warn"), ("10.0.0.0/8", "ok")],
)
def test_proxies_that_are_trusted_too_widely_are_found(
    commands: Commands, proxies: str | None, how: str
) -> None:
    """Whoever is trusted says where they come from."""
    assert state(commands, "trusted proxies", IN_MEMORY, USERKIT_SERVE_TRUSTED_PROXIES=proxies)[0] == how


def test_proxies_that_cannot_be_read_fail(commands: Commands) -> None:
    """As the server would."""
    assert state(commands, "web", IN_MEMORY, USERKIT_SERVE_TRUSTED_PROXIES="somewhere")[0] == "fail"


def test_variables_that_nobody_reads_are_found(commands: Commands) -> None:
    """With what was probably meant."""
    how, told = state(commands, "variables", IN_MEMORY, USERKIT_DATABSE="x")
    assert how == "warn"
    assert "USERKIT_DATABASE" in told


@pytest.mark.parametrize(
    ("url", "how"), [(None, "warn"), ("directory://mails", "warn"), ("smtp://mail.example", "ok")]
)
def test_a_mailer_is_made_and_sends_nothing(commands: Commands, url: str | None, how: str) -> None:
    """One that delivers to nobody is a warning."""
    assert state(commands, "mailer", IN_MEMORY, USERKIT_MAILER=url)[0] == how


def test_a_kit_that_cannot_be_made_of_the_settings_is_found(commands: Commands) -> None:
    """Such as one whose mails would come from nobody; whatever the secret is, that is another check."""
    assert state(commands, "kit", IN_MEMORY)[0] == "ok"
    assert state(commands, "kit", IN_MEMORY, USERKIT_SECRET=None)[0] == "ok"
    how, told = state(commands, "kit", IN_MEMORY, USERKIT_MAILER="smtp://mail.example")
    assert how == "fail"
    assert "sender" in told


def test_services_that_cannot_be_made_fail(commands: Commands) -> None:
    """Each by itself; no password is repeated."""
    found = findings(
        commands,
        IN_MEMORY,
        USERKIT_MAILER="pigeon://ada:hidden@mail.example",
        USERKIT_LIMITER="nothing://",
        USERKIT_CACHE="nothing://",
        USERKIT_AUTH="nothing",
        USERKIT_LANGUAGE_MODEL="nothing://",
    )
    names = ("mailer", "limiter", "cache", "auth backends", "language model")
    assert {found[name]["state"] for name in names} == {"fail"}
    assert "hidden" not in str(found)


def test_services_that_are_named_are_made(commands: Commands) -> None:
    """None is connected to: these servers are not there."""
    found = findings(
        commands,
        IN_MEMORY,
        USERKIT_LIMITER="redis://limits.invalid",
        USERKIT_CACHE="redis://cache.invalid",
        USERKIT_AUTH="jwt,session",
        USERKIT_LANGUAGE_MODEL="bedrock://some.model-v1:0?region=eu-central-1",
    )
    names = ("limiter", "cache", "auth backends", "language model")
    assert {found[name]["state"] for name in names} == {"ok"}


def test_addresses_that_we_would_store_otherwise_are_found(commands: Commands) -> None:
    """Such as one that another program wrote."""
    ada = commands.create("ada@example.com")
    execute(commands, "UPDATE userkit_users SET email_key = 'Ada@Example.com';")
    how, told = state(commands, "addresses: canonical form")
    assert how == "fail"
    assert ada in told
    assert state(commands, "addresses: collisions")[0] == "ok"
    execute(commands, "UPDATE userkit_users SET email = 'no address';")
    assert state(commands, "addresses: canonical form")[0] == "fail"


def test_addresses_that_collide_are_found(commands: Commands) -> None:
    """One of them stored as we store it, or neither."""
    ada, grace = commands.create("ada@example.com"), commands.create("grace@example.com")
    execute(commands, f"UPDATE userkit_users SET email = 'ADA@example.com' WHERE id = '{grace}';")
    how, told = state(commands, "addresses: collisions")
    assert how == "fail"
    assert f"{ada} and {grace}" in told
    execute(commands, f"UPDATE userkit_users SET email_key = 'Ada@example.com' WHERE id = '{ada}';")
    assert f"{ada} and {grace}" in state(commands, "addresses: collisions", "--all")[1]


def test_a_sample_looks_at_the_oldest(commands: Commands) -> None:
    """What was not looked at is not judged."""
    for name in ("ada", "grace", "hedy"):
        commands.create(f"{name}@example.com")
    execute(commands, "UPDATE userkit_users SET email_key = 'HEDY' WHERE email_key = 'hedy@example.com';")
    assert state(commands, "addresses: canonical form", "--sample", "2")[0] == "ok"
    assert state(commands, "addresses: canonical form", "--sample", "3")[0] == "fail"
    assert state(commands, "addresses: canonical form", "--realm", "other")[0] == "ok"


def test_what_expired_and_was_not_purged_is_found(commands: Commands) -> None:
    """Two days late and more; what is kept for ever is not late."""
    store = open_store(commands.url, blocking=True)
    run(store.prepare([AUDIT]))
    ends = (datetime.now(UTC) - timedelta(days=3), datetime.now(UTC) - timedelta(days=1), None)
    for number, end in enumerate(ends):
        run(store.commit(Add(entry(number, end))))
    run(store.close())
    how, told = state(commands, "expired: audit")
    assert how == "warn"
    assert told.startswith("1 of the 3 oldest")
    assert "userkit audit purge" in told
    commands.said("audit", "purge")
    assert state(commands, "expired: audit")[0] == "ok"


def entry(number: int, expires_at: datetime | None) -> AuditEntry:
    if expires_at is not None:
        expires_at = expires_at.replace(microsecond=0)
    return AuditEntry(
        id=f"019c9f2f-3d7b-7000-8000-00000000000{number}",
        at=NOW,
        event="user_registered",
        user_id=None,
        expires_at=expires_at,
    )


@pytest.mark.parametrize(("seconds", "how"), [(0.01, "warn"), (0.1, "ok"), (0.9, "warn")])
def test_hashes_are_neither_too_cheap_nor_too_dear(seconds: float, how: str) -> None:
    """Fifty to five hundred milliseconds."""
    assert time_finding(seconds).state == how


def test_hashes_that_need_more_memory_than_there_is_are_found(commands: Commands) -> None:
    """Processes times workers times what one takes."""
    assert state(commands, "password hash: memory", IN_MEMORY, USERKIT_SERVE_WORKERS="1000000")[0] == "warn"
    assert state(commands, "password hash: memory", IN_MEMORY, USERKIT_ARGON2_WORKERS="2")[1].startswith(
        "1 process(es) x 2"
    )


@pytest.mark.parametrize(
    ("skew", "how"),
    [(0.0, "ok"), (-1.5, "ok"), (5.0, "warn"), (-5.0, "warn"), (40.0, "fail"), (-40.0, "fail")],
)
def test_clocks_that_differ_are_found(skew: float, how: str) -> None:
    """In both directions; the time that the question took is no difference."""
    told = Inspection(engine="an engine", clock=NOW + timedelta(seconds=skew))
    assert clock_finding("store", told, NOW - timedelta(seconds=1), NOW).state == how


def test_what_an_engine_remarks_is_told() -> None:
    """As a warning where it is not well."""

    class Told:
        blocking = True

        async def inspect(self) -> Inspection:
            bad = Remark(subject="eviction", ok=False, found="it throws things away", advice="Do not.")
            return Inspection(
                engine="an engine", remarks=(bad, Remark(subject="disk", ok=True, found="it writes"))
            )

    store: Any = Told()
    home = Home(name="store", shown="x://", store=store, collections=[USERS], is_main=True)
    states = {each.check: each.state for each in engine_findings(home)}
    assert (states["store: eviction"], states["store: disk"]) == (State.WARN, State.OK)


@pytest.mark.parametrize(
    "error", [StoreUnavailableError("It is away."), RuntimeError("hidden")], ids=["ours", "other"]
)
def test_a_check_that_cannot_go_on_fails_alone(error: Exception) -> None:
    """What it found before stays; the text of a strange error may be a secret."""

    def broken() -> Iterator[Finding]:
        yield time_finding(0.1)
        raise error

    first, last = examined("a check", broken())
    assert (first.state, last.state, last.check) == (State.OK, State.FAIL, "a check")
    assert "hidden" not in f"{last.found}{last.advice}"


def test_with_traceback_a_strange_error_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever mends userkit."""
    monkeypatch.setenv("USERKIT_TRACEBACK", "1")
    broken: Callable[[], Iterator[Finding]] = lambda: (1 / 0 for _ in range(1))  # type: ignore[misc]  # noqa: E731
    with pytest.raises(ZeroDivisionError):
        list(examined("a check", broken()))


def test_without_the_extra_for_migrations_drift_is_skipped(tmp_path: Path) -> None:
    """What the store itself finds is told all the same."""
    missing = MissingExtraError("alembic is not installed: pip install 'userkit-sdk[migrations]'")
    store = open_store(f"sqlite:///{tmp_path}/app.db", blocking=True)

    def away() -> Migrations:
        raise missing

    vars(store)["migrations"] = away
    home = Home(name="store", shown="sqlite://", store=store, collections=[USERS], is_main=True)
    states = {each.check: each.state for each in schema_findings(home, prepare=False)}
    run(store.close())
    assert states == {"store: drift": State.SKIPPED, "store: schema": State.FAIL}
