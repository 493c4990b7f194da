"""Record flame graphs: ``python -m benchmarks.profiles [sqlite-get sign-in …] [--to FOLDER]``."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.profiles.drawing import flame_graph
from benchmarks.profiles.importing import imported
from benchmarks.profiles.paths import PATHS
from benchmarks.profiles.recording import record
from benchmarks.profiles.stacks import Profile, read
from benchmarks.profiles.summary import summary

KEPT = Path(__file__).with_name("kept")


def main(arguments: list[str]) -> None:
    """Record the chosen paths, or all."""
    names = [*PATHS, "import"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="PATH", help=f"one of {', '.join(names)}")
    parser.add_argument("--to", type=Path, default=KEPT, metavar="FOLDER", help="where to keep them")
    options = parser.parse_args(arguments)
    if unknown := set(options.paths) - set(names):
        parser.error(f"There is no path {', '.join(sorted(unknown))}; there are {', '.join(names)}.")
    options.to.mkdir(parents=True, exist_ok=True)
    for name in options.paths or names:
        keep(name, recorded(name), options.to)


def recorded(name: str) -> Profile:
    """Look at a path for a few seconds."""
    if name == "import":
        return imported("userkit")
    with PATHS[name]() as pid:
        return read(record(pid))


def keep(name: str, profile: Profile, folder: Path) -> None:
    """Write the picture and the numbers of a profile, and say what they come to."""
    told = summary(name, profile)
    (folder / f"{name}.svg").write_text(flame_graph(name, profile), encoding="utf-8")
    (folder / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    packages = ", ".join(f"{owner} {share:g} %" for owner, share in told["packages"].items())
    print(f"{name}: {packages}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
