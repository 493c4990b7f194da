"""Exact numbers per operation: what is sent, thread hops, memory, instructions, and plans of reads."""

from collections.abc import Iterator

from benchmarks.counting.engines import ENGINES, Counts, counts_of
from benchmarks.counting.hops import hops
from benchmarks.counting.instructions import Executed, executed, is_installed
from benchmarks.counting.memory import footprints
from benchmarks.counting.operations import ROWS
from benchmarks.counting.plans import SYSTEMS, plans
from benchmarks.measure import Contest, Count, Result

__all__ = ["promised", "run", "table"]

_OF_ANY = {
    ("register", "commits"): 1,
    ("refresh", "reads"): 1,
    ("refresh", "commits"): 1,
}
_ON_ENGINES = {
    "get": 1,
    "find": 1,
    "save": 1,
    "verify a token": 0,
    "request with a token": 0,
    "request with a token, user read": 1,
    "verify a session token": 1,
}
_HOPS = ("get", "find", "save")
_GOALS = {"store": "P7", "token": "P11"}
_RIVALS = {"store": "sqlite3", "token: verify": "jwt.decode", "token: issue": "jwt.encode"}


def run() -> Iterator[Result]:
    """Count on every engine, then in the process."""
    for engine in ENGINES:
        yield from _engine(engine, counts_of(engine))
    for name, number in hops().items():
        bound = {"goal": "P7", "at_most": 1.0} if name in _HOPS else {}
        yield Count(name=f"SQLite, asynchronous: {name}", value=number, unit="thread hops", **bound)  # type: ignore[arg-type]  # as named
    for name, footprint in footprints().items():
        yield Count(name=f"SQLite: {name}", value=footprint.bytes, unit="bytes at the highest")
        yield Count(
            name=f"SQLite: {name}",
            value=footprint.garbage,
            unit="blocks left to the collector",
            is_exact=False,
        )
    for system in SYSTEMS:
        looked_at, bad = plans(system)
        yield Count(name=f"{system}: plans of reads", value=looked_at, unit="plans")
        yield Count(name=f"{system}: plans that scan or sort", value=bad, unit="plans", goal="P5", at_most=0)
    if is_installed():
        yield from _executed(executed())
    else:
        yield "There is no valgrind here to count instructions with."


def promised(engine: str, operation: str, what: str) -> float | None:
    """Return how many of something an operation may take at most, None where nothing is promised."""
    if engine == "any store":
        return _OF_ANY.get((operation, what))
    sent = "requests" if engine == "SQLite" else "round trips"
    if what != sent or operation not in _ON_ENGINES:
        return None
    return 2 if (engine, operation) == ("DynamoDB", "find") else _ON_ENGINES[operation]


def _engine(engine: str, counts: Counts) -> Iterator[Count | str]:
    """Yield what is promised, and a table of all."""
    for operation, counted in counts.items():
        for what, number in counted.items():
            bound = promised(engine, operation, what)
            if bound is not None:
                unit = "statements" if what == "requests" else what
                yield Count(name=f"{engine}: {operation}", value=number, unit=unit, goal="P8", at_most=bound)
    yield f"All that was counted on {engine}; a bulk load is one of {ROWS:,} users.\n\n{table(counts)}"


def table(counts: Counts) -> str:
    """Return Markdown with a row for each operation."""
    columns = list(counts["get"])
    told = ["statements" if column == "requests" else column for column in columns]
    head = [f"| operation | {' | '.join(told)} |", f"|---{'|---' * len(told)}|"]
    rows = [
        f"| {operation} | {' | '.join(f'{counted[column]:,}' for column in columns)} |"
        for operation, counted in counts.items()
    ]
    return "\n".join([*head, *rows])


def _executed(all_executed: dict[str, Executed]) -> Iterator[Contest | Count]:
    nothing = all_executed["nothing"]
    stepped = all_executed["a stepped coroutine"]
    yield Count(
        name="stepping a coroutine, beyond a call",
        value=stepped.instructions - nothing.instructions,
        unit="instructions",
        goal="P13",
    )
    for name, ours in all_executed.items():
        rival = all_executed.get(f"bare {name}")
        if rival is not None:
            yield _compared(name, ours, rival)
        if name.startswith(("store", "kit", "token")):
            yield Count(name=name, value=ours.allocations, unit="allocations")
        if name.startswith("kit"):
            yield Count(name=name, value=ours.instructions, unit="instructions", is_exact=False)


def _compared(name: str, ours: Executed, rival: Executed) -> Contest:
    kind = name.partition(":")[0]
    ratio = ours.instructions / rival.instructions
    return Contest(
        name=name,
        rival=_RIVALS.get(name) or _RIVALS[kind],
        ours_us=ours.instructions,
        rival_us=rival.instructions,
        ratio=ratio,
        lowest=ratio,
        highest=ratio,
        unit="instructions",
        goal=_GOALS[kind],
    )
