"""Checks of stores: reached, with the schema that is wanted, on time, and set up to keep things."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from userkit.cli.doctor.finding import Finding, State, fail, judged, ok, skipped, warn
from userkit.cli.doctor.patient import Home
from userkit.errors import MissingExtraError, SchemaOutdatedError, StoreUnavailableError
from userkit.kernel.clock import utc_now
from userkit.kernel.ids import UUIDv7
from userkit.storage.capabilities import Inspectable, Migratable, migratable, supports
from userkit.storage.inspection import Inspection
from userkit.storage.migrations import Migrations, SchemaState
from userkit.sync import run

__all__ = ["clock_finding", "engine_findings", "reach_findings", "schema_findings"]

_ROUND_TRIPS = 5
_SLOW = 0.05
_SKEW_WARNS = timedelta(seconds=2)
_SKEW_FAILS = timedelta(seconds=30)
_MOST_TOLD = 3
_UPGRADE = "Run `userkit db upgrade` before the application starts."


def reach_findings(home: Home) -> Iterator[Finding]:
    """Connect to a store; nothing is found where that succeeds."""
    try:
        _prepared(home)
    except StoreUnavailableError as error:
        yield fail(
            f"{home.name}: reached",
            error.detail,
            f"See that {home.shown} runs, that this machine may connect, and that user and password fit.",
        )


def schema_findings(home: Home, *, prepare: bool) -> Iterator[Finding]:
    """Look whether the tables are as wanted, and how long a question takes."""
    wanted = _prepared(home)
    if supports(home.store, Migratable):
        yield from _migration_findings(home, wanted, prepare=prepare)
    elif wanted is None:
        yield ok(f"{home.name}: schema", "what the features need is there")
    else:
        yield _lacking(home, wanted, prepare=prepare)
    if wanted is None:
        yield _round_trip(home)


def engine_findings(home: Home) -> Iterator[Finding]:
    """Look at the clock of an engine, and at how it is set up."""
    if not isinstance(home.store, Inspectable):
        yield skipped(
            f"{home.name}: engine", "this store tells nothing of its engine, so nothing was checked"
        )
        yield skipped(f"{home.name}: clock", "this store does not tell its time")
        return
    before = datetime.now(UTC)
    told = run(home.store.inspect())
    after = datetime.now(UTC)
    yield ok(f"{home.name}: engine", told.engine)
    yield clock_finding(home.name, told, before, after)
    for remark in told.remarks:
        yield judged(f"{home.name}: {remark.subject}", remark.found, well=remark.ok, advice=remark.advice)


def clock_finding(name: str, told: Inspection, before: datetime, after: datetime) -> Finding:
    """Compare the clock of an engine with this machine's, before and after it was asked."""
    check = f"{name}: clock"
    if told.clock is None:
        return skipped(check, "this engine has no clock of its own, or does not tell")
    zero = timedelta(0)
    skew = max(told.clock - after, before - told.clock, zero)
    found = f"it differs from this machine's by {skew.total_seconds():.1f} s"
    advice = "Have both machines keep their time by NTP: sessions and links end by the clock."
    if skew > _SKEW_FAILS:
        return fail(check, found, advice)
    return judged(check, found, well=skew <= _SKEW_WARNS, advice=advice)


def _prepared(home: Home) -> SchemaOutdatedError | None:
    try:
        run(home.store.prepare(home.collections, create=False))
    except SchemaOutdatedError as error:
        return error
    return None


def _migration_findings(
    home: Home, wanted: SchemaOutdatedError | None, *, prepare: bool
) -> Iterator[Finding]:
    try:
        migrations = migratable(home.store).migrations()
    except MissingExtraError as error:
        yield skipped(f"{home.name}: drift", error.detail)
        if wanted is not None:
            yield _lacking(home, wanted, prepare=prepare)
        return
    state = migrations.current()
    if state.at is None and not state.obstacles:
        yield _no_tables(home, prepare=prepare)
        return
    found = list(_differences(home, state, migrations))
    yield from found
    if wanted is not None and all(each.state is State.OK for each in found):
        # What plugins keep is not in our history.
        yield _lacking(home, wanted, prepare=prepare)


def _no_tables(home: Home, *, prepare: bool) -> Finding:
    check = f"{home.name}: schema"
    if prepare:
        return warn(check, "there are no tables yet; the first start makes them", _UPGRADE)
    return fail(check, "there are no tables yet, and USERKIT_PREPARE is false", _UPGRADE)


def _differences(home: Home, state: SchemaState, migrations: Migrations) -> Iterator[Finding]:
    found = list(migrations.check())
    if state.pending and not state.obstacles:
        yield fail(f"{home.name}: schema", f"the tables are at {state.at}, not {state.head}", _UPGRADE)
        return
    indexes = [each for each in found if " has no index " in each]
    others = [each for each in [*state.obstacles, *found] if each not in indexes]
    by_hand = (
        "No upgrade mends this: put right by hand what differs, or restore a backup; see `userkit db check`."
    )
    if others:
        yield fail(f"{home.name}: schema", _some(dict.fromkeys(others)), by_hand)
    else:
        yield ok(f"{home.name}: schema", f"the tables are as {state.head} made them")
    if indexes:
        yield fail(
            f"{home.name}: indexes",
            _some(indexes),
            "Create them again; without them every look-up reads all.",
        )
    else:
        yield ok(f"{home.name}: indexes", "every index is there")


def _some(sentences: Sequence[str] | dict[str, None]) -> str:
    told = list(sentences)
    more = len(told) - _MOST_TOLD
    return " ".join([*told[:_MOST_TOLD], *([f"And {more} more."] if more > 0 else [])])


def _lacking(home: Home, error: SchemaOutdatedError, *, prepare: bool) -> Finding:
    check = f"{home.name}: schema"
    if prepare:
        return warn(check, error.detail, "The first start makes what is missing, if it may.")
    return fail(check, error.detail, "Start the application once with USERKIT_PREPARE=true.")


def _round_trip(home: Home) -> Finding:
    entity, nobody, times = home.collections[0].entity, UUIDv7(utc_now)(), []
    for _ in range(_ROUND_TRIPS):
        begun = perf_counter()
        run(home.store.get(entity, nobody))
        times.append(perf_counter() - begun)
    taken = median(times)
    return judged(
        f"{home.name}: reached",
        f"{home.shown} answers within {taken * 1000:.1f} ms",
        well=taken < _SLOW,
        advice="Move the application and the database nearer to each other: a request asks several times.",
    )
