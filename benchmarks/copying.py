"""Copy people along a chain of stores, and see that the end equals the beginning.

    python -m benchmarks.copying sqlite:///a.db postgresql://…/b sqlite:///c.db --users 100000

The first store is filled with people of three realms, unless ``--filled`` says that it is already;
the others must be empty. URLs with passwords can be given in USERKIT_COPY_CHAIN, with blanks between
them.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Sequence

from tests.copying.people import COLLECTIONS, fill
from userkit.copying import Copying, scope_of, verify
from userkit.plugins.opening import open_store
from userkit.plugins.urls import StoreURL
from userkit.storage.port import Store
from userkit.sync import run

REALMS = ("default", "acme", "tenant-3")


def main(arguments: Sequence[str]) -> int:
    """Fill, copy and compare; return 1 when the end is not the beginning."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.copying")
    parser.add_argument("urls", nargs="*", default=os.environ.get("USERKIT_COPY_CHAIN", "").split())
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--filled", action="store_true", help="the first store has its people already")
    options = parser.parse_args(arguments)
    if len(options.urls) < 2:
        parser.error("name at least two stores")
    stores = [open_store(url, blocking=True) for url in options.urls]
    names = [StoreURL.read(url).plugin for url in options.urls]
    for store in stores:
        run(store.prepare(COLLECTIONS))
    if not options.filled:
        began = time.perf_counter()
        run(fill(stores[0], options.users, realms=REALMS))
        print(f"filled {names[0]} with {options.users:,} users in {time.perf_counter() - began:.1f} s")
    for place in range(1, len(stores)):
        _copy(stores[place - 1], stores[place], f"{names[place - 1]} -> {names[place]}", options.batch)
    is_equal = _compare(stores[0], stores[-1])
    print(f"peak memory of this process: {_peak():.0f} MiB")
    for store in stores:
        run(store.close())
    return 0 if is_equal else 1


def _copy(source: Store, target: Store, name: str, batch: int) -> None:
    began = time.perf_counter()
    scope = run(scope_of([source], COLLECTIONS))
    done = run(Copying(source=source, target=target, scope=scope, batch=batch)())
    seconds = time.perf_counter() - began
    records, conflicts = sum(each.seen for each in done), sum(each.conflicts for each in done)
    rate = records / seconds
    print(f"{name}: {records:,} records in {seconds:.1f} s, {rate:,.0f}/s, {_peak():.0f} MiB", flush=True)
    if conflicts:
        print(f"{name}: {conflicts:,} conflicts")


def _compare(first: Store, last: Store) -> bool:
    began = time.perf_counter()
    found = run(verify(first, last, run(scope_of([first, last], COLLECTIONS))))
    records, seconds = sum(each.source_count for each in found), time.perf_counter() - began
    print(f"compared {records:,} records in {seconds:.1f} s, {records / seconds:,.0f}/s")
    for each in found:
        if not each.ok:
            print(f"{each.place}: {each.differences:,} differences, such as {each.first[:3]}")
    is_equal = all(each.ok for each in found)
    print("the end equals the beginning" if is_equal else "THE END IS NOT THE BEGINNING")
    return is_equal


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
