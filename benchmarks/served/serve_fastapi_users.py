"""fastapi-users on SQLAlchemy, as in its full example: tables that are there, a hash cost that is told."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from benchmarks.rivals.over_fastapi_users import User, application, current_user

__all__ = ["app"]

engine = create_async_engine(os.environ["BENCH_DATABASE"])
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Give the connections back."""
    yield
    await engine.dispose()


app, users = application(sessions, json.loads(os.environ["BENCH_COSTS"]), lifespan=lifespan)


@app.get("/signed-in")
async def signed_in(user: Annotated[User, Depends(current_user(users))]) -> dict[str, str]:
    """Answer the user, who was read from the database."""
    return {"id": str(user.id), "email": user.email}
