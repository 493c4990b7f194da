"""Flask-Security on Flask-SQLAlchemy and SQLite, as in its quick start."""

import os

from flask_security import auth_required, current_user

from benchmarks.rivals.over_flask_security import application
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME

__all__ = ["app"]

COSTS = {"memory_cost": LEAST_MEMORY, "time_cost": LEAST_TIME, "parallelism": LEAST_PARALLELISM}

app = application(os.environ["BENCH_DATABASE"], ["person0@example.com"], os.environ["BENCH_PASSWORD"], COSTS)


@app.get("/signed-in")
@auth_required("token")
def signed_in() -> dict[str, str]:
    """Answer the user, who was read from the database."""
    return {"id": str(current_user.id), "email": current_user.email}
