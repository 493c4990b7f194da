"""Run the benchmarks and print a Markdown report: ``python -m benchmarks [store sign_ins tokens …]``."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib import import_module, metadata

from benchmarks.measure import HEADER, Contest, Count, Result

SUITES = (
    "imports",
    "store",
    "load",
    "pages",
    "tokens",
    "sign_ins",
    "signed_in",
    "strangers",
    "cached",
    "engines",
    "language_model_costs",
)

_SHOWN = (
    "SQLAlchemy",
    "psycopg",
    "asyncpg",
    "PyJWT",
    "cryptography",
    "argon2-cffi",
    "fastapi",
    "fastapi-users",
    "Flask-Security",
)


def main(chosen: list[str]) -> None:
    """Run the chosen suites, or all."""
    unknown = set(chosen) - set(SUITES)
    if unknown:
        sys.exit(f"There is no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}.")
    print(_machine())
    for suite in chosen or SUITES:
        run: Callable[[], Iterator[Result]] = import_module(f"benchmarks.{suite}").run
        print(f"\n## {suite}\n", flush=True)
        _report(run())


def _report(results: Iterator[Result]) -> None:
    in_table = False
    for result in results:
        if isinstance(result, Contest | Count):
            if not in_table:
                print(f"\n{HEADER}")
            print(result.row(), flush=True)
        else:
            print(f"\n{result}" if in_table else result, flush=True)
        in_table = isinstance(result, Contest | Count)


def _machine() -> str:
    versions = {name: _version(name) for name in _SHOWN}
    told = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {told}"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main(sys.argv[1:])
