"""The figures that are promised."""

from dataclasses import dataclass

__all__ = ["GOALS", "Goal"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is promised."""

    name: str
    short: str
    promise: str


GOALS = (
    Goal(
        "P1",
        "signed-in requests",
        "A signed-in request that reads its user takes at most 0.25 of fastapi-users' CPU on "
        "PostgreSQL and 0.30 on SQLite, and 3.5 times as many are answered.",
    ),
    Goal(
        "P2",
        "signed-in requests without the database",
        "Without a read of the database, by the token alone or from a warm cache, 7 and 5 times as "
        "many requests are answered as by fastapi-users; the token alone takes at most 1.4 times the "
        "CPU of one that is only checked.",
    ),
    Goal(
        "P3",
        "requests while others sign in",
        "While four clients sign in, the slowest of a hundred signed-in requests takes at most 4 "
        "times as long as without them, and at most a fortieth of what it takes in fastapi-users at "
        "the same cost of a hash, its own.",
    ),
    Goal(
        "P4",
        "the event loop during sign-ins",
        "A hundred sign-ins at the same time hold the event loop up for at most 50 ms, and queue and "
        "memory have a bound.",
    ),
    Goal(
        "P5",
        "a sign-in",
        "A sign-in takes at most 1.15 times the CPU of its hash, among 1,000,000 users at most 1.15 "
        "times that among 10,000, and no statement scans a table on any engine.",
    ),
    Goal(
        "P6",
        "signed-in requests of Flask",
        "Three times as many are answered as by Flask-Security.",
    ),
    Goal(
        "P7",
        "the store",
        "A get, a find by a unique value and a commit of one change take at most 1.5 times the CPU of "
        "the driver's own pool and 0.4 of SQLAlchemy's ORM; an operation on SQLite changes threads "
        "once at most.",
    ),
    Goal(
        "P8",
        "statements and round trips",
        "A get, a find and a commit are one statement each (a find by a unique value two requests on "
        "DynamoDB), registering is one commit, a rotation one read and one write, a signed-in request "
        "none or one.",
    ),
    Goal(
        "P9",
        "many users",
        "Page 10,000 of 1,000,000 users takes at most 1.3 times page 1, and a find among 1,000,000 at "
        "most 1.3 times that among 1,000.",
    ),
    Goal(
        "P10",
        "bulk load",
        "1,000,000 users are loaded at 0.8 of the speed of the driver's own batch insert at least, in "
        "at most 64 MiB beyond the idle process.",
    ),
    Goal(
        "P11",
        "tokens",
        "Verifying a token with all checks takes at most 1.2 times the bare `jwt.decode`, and signing "
        "with an RSA key 1.2 times the bare signature.",
    ),
    Goal(
        "P12",
        "imports",
        "`import userkit` loads at most 150 modules, no driver, framework or cryptography among them, "
        "and takes at most 0.2 of the CPU of `import fastapi_users`; `userkit.integrations.fastapi` takes "
        "at most 60 ms beyond FastAPI itself.",
    ),
    Goal(
        "P13",
        "the synchronous kit",
        "A synchronous call costs at most 3 µs beyond its I/O.",
    ),
    Goal(
        "P14",
        "memory of a server",
        "`userkit serve` holds no more memory than fastapi-users after 10,000 users and 100,000 "
        "requests, and it does not grow.",
    ),
    Goal(
        "P15",
        "two workers",
        "Two workers answer 1.8 times as many signed-in requests as one.",
    ),
    Goal(
        "P16",
        "the installation",
        "The core is at most 16 distributions and 25 MB.",
    ),
)
