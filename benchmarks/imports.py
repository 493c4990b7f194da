"""What ``import userkit`` costs: modules (exact) and CPU, against importing fastapi-users."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.measure import Contest, Count, Result, contest

__all__ = ["run"]

OURS = "userkit.integrations.fastapi"
THEIRS = "fastapi_users, fastapi_users.authentication, fastapi_users.db"
ROUNDS, PER_ROUND = 7, 2
# What is there before is not counted; what has no bytecode yet is told, for compiling is not importing.
_PROGRAM = """
import sys, time
{0}
before = set(sys.modules)
begin = time.process_time()
{1}
spent = time.process_time() - begin
import os
cached = [getattr(module.__spec__, "cached", None) for module in [*sys.modules.values()]
          if getattr(module, "__spec__", None)]
print(spent, sum(1 for path in cached if path and not os.path.exists(path)))
print(*sorted(set(sys.modules) - before - {{"os", "time"}}))
"""
_HEAVY = frozenset(
    {
        *("alembic", "argon2", "asyncio", "asyncpg", "bcrypt", "boto3", "cryptography", "fastapi", "flask"),
        *("jinja2", "jwt", "psycopg", "pydantic", "pymongo", "pymysql", "redis", "sqlalchemy", "sqlite3"),
        *("ssl", "starlette", "typer", "uvicorn", "werkzeug"),
    }
)


def run() -> Iterator[Result]:
    """Compare with fastapi-users where it is installed."""
    with tempfile.TemporaryDirectory() as bytecode:
        yield from _userkit(bytecode)
        if find_spec("fastapi_users") is None:
            yield "fastapi-users is not installed here: nothing to compare with."
        else:
            yield from _against_fastapi_users(bytecode)


def _userkit(bytecode: str) -> Iterator[Count]:
    loaded = _Importing("userkit", bytecode).modules()
    heavy = {name.partition(".")[0] for name in loaded} & _HEAVY
    name = "import userkit: modules above bare Python"
    yield Count(name=name, value=len(loaded), unit="modules", goal="P12", at_most=150)
    name = "import userkit: drivers, frameworks and cryptography among them"
    yield Count(name=name, value=len(heavy), unit="packages", goal="P12", at_most=0)


def _against_fastapi_users(bytecode: str) -> Iterator[Contest | Count]:
    ours, theirs = _Importing("userkit", bytecode), _Importing("fastapi_users", bytecode)
    yield _modules("import fastapi_users: modules above bare Python", theirs)
    yield _compared("import userkit", "import fastapi_users", ours, theirs, at_most=0.2)
    yield _cpu("import userkit: CPU", ours)
    ours, theirs = (_Importing(each, bytecode, after="fastapi") for each in (OURS, THEIRS))
    name, rival = f"import {OURS} beyond FastAPI", "import fastapi_users beyond FastAPI"
    yield _modules(f"{name}: modules", ours, goal="P12")
    yield _modules(f"{rival}: modules", theirs)
    yield _compared(name, rival, ours, theirs)
    yield _cpu(f"{name}: CPU", ours, at_most=60)


class _Importing:
    """Imports modules in one fresh process after the other, and adds up the CPU of nothing else."""

    def __init__(self, modules: str, bytecode: str, *, after: str = "sys") -> None:
        self._command = [sys.executable, "-c", _PROGRAM.format(f"import {after}", f"import {modules}")]
        self._environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.each: list[float] = []
        self._once()  # from here on everything is compiled

    def modules(self) -> list[str]:
        """Return what is loaded."""
        return self._once().splitlines()[1].split()

    def __call__(self) -> int:
        """Import some times."""
        for _ in range(PER_ROUND):
            spent, uncompiled = self._once().splitlines()[0].split()
            assert uncompiled == "0", "bytecode cannot be kept here"
            self.each.append(float(spent))
        return PER_ROUND

    def _once(self) -> str:
        done = subprocess.run(
            self._command, env=self._environment, check=True, capture_output=True, text=True
        )
        return done.stdout


def _compared(
    name: str, rival: str, ours: _Importing, theirs: _Importing, *, at_most: float | None = None
) -> Contest:
    return contest(
        name,
        rival,
        ours,
        theirs,
        rounds=ROUNDS,
        # The one that is not imported adds nothing.
        clock=lambda: sum(ours.each) + sum(theirs.each),
        goal="P12",
        at_most=at_most,
    )


def _cpu(name: str, ours: _Importing, *, at_most: float | None = None) -> Count:
    milliseconds = statistics.median(ours.each) * 1000
    return Count(name=name, value=milliseconds, unit="ms", goal="P12", at_most=at_most, is_exact=False)


def _modules(name: str, importing: _Importing, *, goal: str = "") -> Count:
    return Count(name=name, value=len(importing.modules()), unit="modules", goal=goal)
