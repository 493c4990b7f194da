"""Applications under test: clients that speak to them byte for byte, and what every integration promises."""

from userkit.testing.http.answers import Answer, Client
from userkit.testing.http.asgi import AsgiClient
from userkit.testing.http.conformance import HttpConformance
from userkit.testing.http.sockets import SocketClient
from userkit.testing.http.stage import Application, Stage, Start
from userkit.testing.http.wsgi import WsgiClient

__all__ = [
    "Answer",
    "Application",
    "AsgiClient",
    "Client",
    "HttpConformance",
    "SocketClient",
    "Stage",
    "Start",
    "WsgiClient",
]
