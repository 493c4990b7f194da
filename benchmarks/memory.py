"""The memory of a server after 10,000 users and 100,000 requests, against fastapi-users.

fastapi-users gets a tenth of the requests, for it answers fewer in the same time: what it holds after all of
them can only be more.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.asking import Line, form, get, post
from benchmarks.clients import hammer
from benchmarks.measure import Contest, Count, Result
from benchmarks.processes import QUIET, SERVE, Server, serving
from benchmarks.rivals.ours import SECRET
from benchmarks.served.serve_people import EMAILS, PASSWORD, known_to_fastapi_users, known_to_userkit
from userkit import SyncUserKit
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME, Argon2id

__all__ = ["run"]

USERS, REQUESTS = 10_000, 100_000
LEAST = {"memory_cost": LEAST_MEMORY, "time_cost": LEAST_TIME, "parallelism": LEAST_PARALLELISM}
CONNECTIONS = 16
# Of a thousand requests; all others are GETs of somebody who has signed in.
REFUSED, SIGN_INS, LISTS = 40, 2, 4
"""Wrong tokens, sign-ins, and pages of the list of users where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a server is asked."""

    server: Server
    path: str
    sign_in: bytes
    lists: str | None = None

    def thousands(self, count: int) -> None:
        """Ask a thousand things, so many times."""
        token = asyncio.run(self._token())
        bearer = {"Authorization": f"Bearer {token}"}
        others = REFUSED + SIGN_INS + (LISTS if self.lists else 0)
        for _ in range(count):
            asked = 1000 - others
            done = hammer(self.server.port, self.path, bearer, connections=CONNECTIONS, requests=asked)
            assert done == asked
            asyncio.run(self._others(bearer))

    async def _others(self, bearer: dict[str, str]) -> None:
        line = await Line.open(self.server.port)
        wanted = [(200, self.sign_in)] * SIGN_INS
        wanted += [(401, get(self.path, Authorization="Bearer abc.def.ghi"))] * REFUSED
        wanted += [(200, get(self.lists, **bearer))] * LISTS if self.lists else []
        for status, request in wanted:
            answered, body = await line.ask(request)
            assert answered == status, body
        line.close()

    async def _token(self) -> str:
        line = await Line.open(self.server.port)
        status, body = await line.ask(self.sign_in)
        assert status == 200, body
        line.close()
        return str(json.loads(body)["access_token"])


def run() -> Iterator[Result]:
    """Compare ``userkit serve`` with fastapi-users under uvicorn, both as they are started by default."""
    encoded = Argon2id(**LEAST).hash(PASSWORD)
    with tempfile.TemporaryDirectory() as name:
        ours = _userkit(Path(name), encoded)
        yield from _told(ours)
        if find_spec("fastapi_users") is None:
            yield "fastapi-users is not installed here: nothing to compare with."
            return
        theirs = _fastapi_users(Path(name), encoded)
    for which, when in ((0, "before any request"), (-1, f"after {USERS:,} users and {REQUESTS:,} requests")):
        yield _contest(f"userkit serve, resident {when}", ours[which], theirs[which], is_last=which == -1)


def _told(ours: Sequence[float]) -> Iterator[Count]:
    yield Count(
        name=f"userkit serve: resident after {REQUESTS:,} requests beyond after {REQUESTS // 2:,}",
        value=ours[-1] - ours[-2],
        unit="MiB",
        goal="P14",
        at_most=1,
        is_exact=False,
    )


def _contest(name: str, ours: float, theirs: float, *, is_last: bool) -> Contest:
    return Contest(
        name=name,
        rival="fastapi-users",
        ours_us=ours,
        rival_us=theirs,
        ratio=ours / theirs,
        lowest=ours / theirs,
        highest=ours / theirs,
        unit="MiB",
        goal="P14",
        at_most=1 if is_last else None,
    )


def _userkit(folder: Path, encoded: str) -> Sequence[float]:
    """Return what it holds at first, after half of the requests and after all."""
    url = known_to_userkit(folder / "ours.db", encoded, others=USERS)
    with SyncUserKit(url, secret=SECRET) as kit:
        kit.roles.assign(kit.users.get_by_email(EMAILS[0]).id, "admin")
    options = ("--database", url, "--mail-dir", str(folder / "mail"))
    with serving(*SERVE, *options, *QUIET, environment={"USERKIT_SECRET": SECRET}) as server:
        asked = Asked(
            server=server,
            path="/api/v1/users/me",
            sign_in=post("/api/v1/auth/login", {"email": EMAILS[0], "password": PASSWORD}),
            lists="/api/v1/users",
        )
        return _watched(asked, REQUESTS)


def _fastapi_users(folder: Path, encoded: str) -> Sequence[float]:
    url = known_to_fastapi_users(folder / "theirs.db", encoded, others=USERS)
    environment = {"BENCH_DATABASE": url, "BENCH_COSTS": json.dumps(LEAST)}
    command = (
        sys.executable,
        "-m",
        "uvicorn",
        "--no-access-log",
        *QUIET,
        "benchmarks.served.serve_fastapi_users:app",
    )
    with serving(*command, environment=environment) as server:
        fields = {"username": EMAILS[0], "password": PASSWORD}
        return _watched(
            Asked(server=server, path="/signed-in", sign_in=form("/auth/jwt/login", fields)), REQUESTS // 10
        )


def _watched(asked: Asked, requests: int) -> Sequence[float]:
    held = [asked.server.resident()]
    for _ in range(2):
        asked.thousands(requests // 2000)
        held.append(asked.server.resident())
    return held
