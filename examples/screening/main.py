"""An application whose sign-ups are screened, in FastAPI: ``python examples/screening/main.py``.

It asks the language model that ``LANGUAGE_MODEL`` names, such as ``bedrock://eu.amazon.nova-lite-v1:0?region=eu-central-1``,
and without it a rule of thumb. Nothing is kept when it ends.
"""

import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from thumb import RuleOfThumb

from userkit import UserKit
from userkit.features.activity_summary import activity_summary
from userkit.features.roles import roles
from userkit.features.screening import screening
from userkit.features.spending import spending
from userkit.integrations.fastapi import UserKitRouter

PORT = int(os.environ.get("PORT", "8000"))
REVIEWER = "reviewer@example.com"

kit = UserKit(
    "memory://",
    secret=secrets.token_urlsafe(32),
    features=[
        roles({"admin": {"*"}, "reviewer": {"reviews:read", "reviews:write", "audit:read"}}),
        spending(per_hour=1.0, input_price=0.06, output_price=0.24),
        screening(brands=["Example"], attributes=["about"]),
        activity_summary(),
    ],
    language_model=os.environ.get("LANGUAGE_MODEL") or RuleOfThumb(),
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Open the kit, with somebody who may decide about reviews."""
    async with kit:
        password = os.environ.get("REVIEWER_PASSWORD") or secrets.token_urlsafe(12)
        reviewer = await kit.users.register(email=REVIEWER, name="Grace Hopper", password=password)
        await kit.roles.assign(reviewer.id, "reviewer")
        print(f"Reviewer: {REVIEWER}, password: {password}", flush=True)
        yield


app = FastAPI(title="Screening", lifespan=lifespan)
app.include_router(UserKitRouter(kit))


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=PORT)
