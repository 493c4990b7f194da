"""`import userkit` is cheap: it loads no driver, no framework and few modules."""

import importlib.util
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

MOST_MODULES = 150

HEAVY = {
    "alembic",
    "aiosqlite",
    "anyio",
    "argon2",
    "asyncio",
    "asyncmy",
    "asyncpg",
    "boto3",
    "botocore",
    "click",
    "cryptography",
    "django",
    "dns",
    "email_validator",
    "fastapi",
    "flask",
    "greenlet",
    "httpx",
    "hypothesis",
    "jwt",
    "motor",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "pymongo",
    "pymysql",
    "pytest",
    "redis",
    "rich",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "typer",
    "uvicorn",
    "werkzeug",
}

# Isolated and without `site`: neither the environment's start-up files nor a coverage tracer are counted.
_PROGRAM = """
import sys
before = set(sys.modules)
sys.path += sys.argv[2:]
__import__(sys.argv[1])
print(*sorted(set(sys.modules) - before), sep="\\n")
"""


def loaded_by(package: str, *path: str) -> set[str]:
    """Return the modules that importing a package loads in a bare interpreter."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, package, *path],
        capture_output=True,
        check=True,
        text=True,
    )
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """What `import userkit` loads."""
    found = importlib.util.find_spec("userkit")
    assert found is not None
    assert found.origin is not None
    home = str(Path(found.origin).parent.parent)
    return loaded_by("userkit", home, sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))


def test_importing_loads_few_modules(loaded: set[str]) -> None:
    """The number above bare Python is bounded; what is needed later is imported later."""
    assert "userkit" in loaded
    assert len(loaded) <= MOST_MODULES, "\n".join(sorted(loaded))


def test_importing_loads_nothing_heavy(loaded: set[str]) -> None:
    """No driver, no framework, no cryptography, and neither pydantic nor an event loop."""
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()


def test_a_heavy_import_is_seen(tmp_path: Path) -> None:
    """The measurement sees what a package imports, and what that imports."""
    (tmp_path / "greedy.py").write_text("import sqlite3\n")
    assert {"greedy", "sqlite3", "sqlite3.dbapi2"} <= loaded_by("greedy", str(tmp_path))
