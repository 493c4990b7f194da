"""Stacks as py-spy saw them, without what belongs to one machine, and without what only waited."""

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, groupby

__all__ = ["Frame", "Profile", "Stack", "read"]

_FRAME = re.compile(r"(?P<name>.*) \((?P<file>[^()]*?)(?::\d+)?\)")
_ROOTS = re.compile(r".*/(?:site-packages|dist-packages|src|lib/python3\.\d+)/")

_WAITING = {
    "PyThread_acquire_lock_timed",
    "clock_nanosleep",
    "epoll_pwait",
    "epoll_wait",
    "fdatasync",
    "fsync",
    "poll",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "select",
}

_SYSTEM = {
    "fcntl64",
    "getpid",
    "getrandom",
    "ioctl",
    "mmap",
    "munmap",
    "pread64",
    "pwrite64",
    "read",
    "recv",
    "sem_post",
    "send",
    "write",
}

_STARTING = (
    "<frozen runpy>",
    "asyncio/runners.py",
    "click/",
    "concurrent/futures/thread.py",
    "gunicorn/__main__.py",
    "gunicorn/app/",
    "gunicorn/arbiter.py",
    "threading.py",
    "uvicorn/__main__.py",
    "uvicorn/_compat.py",
    "uvicorn/main.py",
    "uvicorn/server.py",
)

_WORK = "benchmarks/profiles/work.py"

_OWNERS = {
    "driver": {
        "asyncpg",
        "bson",
        "greenlet",
        "psycopg",
        "psycopg_binary",
        "psycopg_pool",
        "pymongo",
        "redis",
        "sqlite3",
    },
    "framework": {"fastapi", "flask", "gunicorn", "pydantic", "starlette", "uvicorn", "uvloop", "werkzeug"},
    "cryptography": {"cryptography", "jwt", "hashlib.py", "hmac.py", "hashlib", "hmac"},
    "json": {"json"},
    "sqlalchemy": {"sqlalchemy"},
    "userkit": {"userkit"},
}
_PACKAGES = {package: owner for owner, packages in _OWNERS.items() for package in packages}

# C code that is worth its own name; whatever else is in C belongs to who called it.
_NATIVE = {
    "driver": re.compile(r"libsqlite3|libpq|psycopg_binary|_cbson|_cmessage"),
    "json": re.compile(r"_json\.c"),
    "cryptography": re.compile(r"libcrypto|libssl|_hashopenssl|_rust"),
}
_SQLITE = re.compile(r"_?pysqlite_|stmt_step|bind_param")


@dataclass(frozen=True, slots=True)
class Frame:
    """A function and the file that it is in, which begins at its package."""

    name: str
    file: str

    @property
    def is_python(self) -> bool:
        """Whether it is written in Python."""
        return self.file.endswith((".py", ">"))

    @property
    def owner(self) -> str:
        """Return who wrote it, or nothing for C code of nobody in particular."""
        if not self.is_python:
            if self.name == "gc_collect_main":
                return "garbage"
            if self.name in _SYSTEM and self.file.startswith("libc."):
                return "kernel"
            if _SQLITE.match(self.name):
                return "driver"
            return next((owner for owner, files in _NATIVE.items() if files.search(self.file)), "")
        package = self.file.partition("/")[0]
        if package in _PACKAGES:
            return _PACKAGES[package]
        is_standard = package.startswith("<") or package.removesuffix(".py") in sys.stdlib_module_names
        return "python" if is_standard else "other"

    def __str__(self) -> str:
        return f"{self.name} ({self.file})" if self.name else self.file


Stack = tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How often each stack was seen at work, and how often any was seen waiting."""

    stacks: Mapping[Stack, int]
    waiting: int

    @property
    def samples(self) -> int:
        """Return how often anything was seen at work."""
        return sum(self.stacks.values())


def read(text: str) -> Profile:
    """Read what ``py-spy record --format raw`` wrote: a stack and a number in each line."""
    stacks: Counter[Stack] = Counter()
    waiting = 0
    for line in text.splitlines():
        told, _, seen = line.rpartition(" ")
        stack = tuple(map(_frame, told.split(";")))
        if _waits(stack):
            waiting += int(seen)
        else:
            stacks[_begun(stack)] += int(seen)
    return Profile(stacks=stacks, waiting=waiting)


def _frame(told: str) -> Frame:
    found = _FRAME.fullmatch(told)
    if found is None:
        return Frame(told, "")
    name, file = found["name"], found["file"]
    # C code without symbols is known by its library alone: addresses differ each time.
    return Frame("" if name.startswith("0x") else name, _at_its_package(file))


def _at_its_package(file: str) -> str:
    shown = _ROOTS.sub("", file) if file.endswith(".py") else file
    return shown.rpartition("/")[2] if shown.startswith("/") else shown


def _waits(stack: Stack) -> bool:
    """Say whether the C code at the end of a stack waits for something."""
    for frame in reversed(stack):
        if frame.is_python:
            return False
        if frame.name in _WAITING:
            return True
    return False


def _begun(stack: Stack) -> Stack:
    """Leave out how the program came to its work, and one frame of many that say no more than the first."""
    at_work = [number for number, frame in enumerate(stack) if frame.file == _WORK]
    rest: Sequence[Frame] = stack[at_work[-1] + 1 :] if at_work else list(dropwhile(_starts, stack))
    # What the loops do themselves has no frame of Python's but those.
    return tuple(frame for frame, _ in groupby(rest or stack[-1:]))


def _starts(frame: Frame) -> bool:
    return not frame.is_python or frame.name == "<module>" or frame.file.startswith(_STARTING)
