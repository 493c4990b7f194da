"""fastapi-users on SQLAlchemy, as in its full example."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from benchmarks.rivals.over_fastapi_users import Base, User, application, current_user
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME

__all__ = ["app"]

COSTS = {"memory_cost": LEAST_MEMORY, "time_cost": LEAST_TIME, "parallelism": LEAST_PARALLELISM}

engine = create_async_engine(os.environ["BENCH_DATABASE"])
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the tables and one person."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        session.add(User(email="person0@example.com", hashed_password=os.environ["BENCH_HASH"]))
        await session.commit()
    yield
    await engine.dispose()


app, users = application(sessions, COSTS, lifespan=lifespan)


@app.get("/signed-in")
async def signed_in(user: Annotated[User, Depends(current_user(users))]) -> dict[str, str]:
    """Answer the user, who was read from the database."""
    return {"id": str(user.id), "email": user.email}
