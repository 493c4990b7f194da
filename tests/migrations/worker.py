"""A process that upgrades in two threads when it is told to, and prints where each ended."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import create_engine

from tests.migrations.database import REVISIONS
from userkit.backends.sqlalchemy.migrations.upgrading import SQLMigrations

THREADS = 2


def upgrade() -> str | None:
    engine = create_engine(os.environ["WORKER_URL"])
    try:
        return SQLMigrations(engine, versions=REVISIONS).upgrade().revision
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as threads:
        futures = [threads.submit(upgrade) for _ in range(THREADS)]
        sys.stdout.write(" ".join(str(future.result()) for future in futures) + "\n")
