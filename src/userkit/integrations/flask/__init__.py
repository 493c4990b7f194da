"""Flask: every route of userkit in an application, and guards for the application's own.

::

    app = Flask(__name__)
    UserKitExtension(app, SyncUserKit("sqlite:///app.db", secret=SECRET))

    @app.get("/protected")
    @login_required
    def protected():
        return {"user_id": current_user.id}
"""

from userkit.integrations.flask.extension import UserKitExtension
from userkit.integrations.flask.guards import (
    current_identity,
    current_user,
    get_current_identity,
    get_current_user,
    get_optional_identity,
    get_optional_user,
    login_required,
    require,
    require_fresh,
)

__all__ = [
    "UserKitExtension",
    "current_identity",
    "current_user",
    "get_current_identity",
    "get_current_user",
    "get_optional_identity",
    "get_optional_user",
    "login_required",
    "require",
    "require_fresh",
]
