"""FastAPI: every route of userkit in an application, and guards for the application's own.

::

    kit = UserKit("sqlite:///app.db", secret=SECRET)
    app = FastAPI()
    app.include_router(UserKitRouter(kit))

    @app.get("/protected")
    async def protected(user: CurrentUser):
        return {"user_id": user.id}
"""

from userkit.integrations.fastapi.guards import (
    CurrentIdentity,
    CurrentUser,
    OptionalIdentity,
    OptionalUser,
    get_current_identity,
    get_current_user,
    get_optional_identity,
    get_optional_user,
    require,
    require_fresh,
)
from userkit.integrations.fastapi.router import UserKitRouter

__all__ = [
    "CurrentIdentity",
    "CurrentUser",
    "OptionalIdentity",
    "OptionalUser",
    "UserKitRouter",
    "get_current_identity",
    "get_current_user",
    "get_optional_identity",
    "get_optional_user",
    "require",
    "require_fresh",
]
