"""HTTP, without a framework: routes are declared once, run here, and translated by integrations."""

from userkit.http.events import ServerEvent
from userkit.http.messages import Request, Response
from userkit.http.route import (
    FORM,
    FRESH,
    JSON,
    PUBLIC,
    SESSION,
    USER,
    Access,
    AnyCall,
    AnyRoute,
    Call,
    Reply,
    Route,
    over_user,
    permission,
    self_or,
)

__all__ = [
    "FORM",
    "FRESH",
    "JSON",
    "PUBLIC",
    "SESSION",
    "USER",
    "Access",
    "AnyCall",
    "AnyRoute",
    "Call",
    "Reply",
    "Request",
    "Response",
    "Route",
    "ServerEvent",
    "over_user",
    "permission",
    "self_or",
]
