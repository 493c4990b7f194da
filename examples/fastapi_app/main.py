"""A small application in FastAPI: people sign up, sign in with a cookie or a token, and have a profile.

Run it with ``python examples/fastapi_app/main.py`` or ``uvicorn examples.fastapi_app.main:app``; what it
keeps is in the folder ``fastapi-app-data``, or where ``DATA`` says.
"""

import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from userkit import EmailAlreadyExistsError, Identity, UserKit, mail, roles
from userkit.integrations.fastapi import CurrentUser, OptionalUser, UserKitRouter, require

PORT = int(os.environ.get("PORT", "8000"))
DATA = Path(os.environ.get("DATA", "fastapi-app-data")).absolute()
ADMINISTRATOR = "admin@example.com"


class Profile(BaseModel):
    """What this application knows of its users, beside their names. They may change all of it."""

    model_config = ConfigDict(extra="forbid")

    newsletter: Literal["never", "weekly"] = "never"


def secret() -> str:
    """Return the secret of this application, made at its first start."""
    file = DATA / "secret"
    if not file.exists():
        DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(32))
    return file.read_text()


kit = UserKit(
    f"sqlite:///{DATA / 'app.db'}",
    secret=secret(),
    attributes=Profile,
    features=[
        roles({"admin": {"*"}, "support": {"users:read"}}),
        mail(sender="Example <no-reply@app.example>"),
    ],
    mailer=f"directory://{DATA / 'mail'}",
    base_url=f"http://127.0.0.1:{PORT}",
    app_name="Example",
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Open the kit, and make an administrator where there is none."""
    async with kit:
        password = secrets.token_urlsafe(12)
        try:
            admin = await kit.users.register(email=ADMINISTRATOR, name="Administrator", password=password)
        except EmailAlreadyExistsError:
            pass
        else:
            await kit.roles.assign(admin.id, "admin")
            print(f"Administrator: {ADMINISTRATOR}, password: {password}", flush=True)
        yield


app = FastAPI(title="Example", lifespan=lifespan)
app.include_router(UserKitRouter(kit))
admin = APIRouter(prefix="/admin", tags=["admin"])


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Show the page where people sign in."""
    return FileResponse(Path(__file__).with_name("index.html"))


@app.get("/greeting")
async def greeting(user: OptionalUser) -> str:
    """Greet whoever comes."""
    return f"Hello, {user.name if user else 'stranger'}!"


@app.get("/profile")
async def profile(user: CurrentUser) -> Profile:
    """Tell your profile."""
    return Profile.model_validate(user.attributes)


@app.post("/newsletter")
async def subscribe(user: CurrentUser) -> Profile:
    """Have the newsletter every week."""
    attributes = {**user.attributes, "newsletter": "weekly"}
    changed = await kit.users.update(user.id, attributes=attributes, version=user.version)
    return Profile.model_validate(changed.attributes)


@admin.get("/people")
async def people(_: Annotated[Identity, require("users:read")]) -> dict[str, int]:
    """Tell how many people there are."""
    return {"people": await kit.users.count()}


app.include_router(admin)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=PORT)
