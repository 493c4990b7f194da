"""Applications under test: clients that speak to them byte for byte, and what every integration promises."""

from userkit.testing.http.answers import Answer, Client
from userkit.testing.http.asgi import AsgiClient
from userkit.testing.http.sockets import SocketClient
from userkit.testing.http.wsgi import WsgiClient

__all__ = ["Answer", "AsgiClient", "Client", "SocketClient", "WsgiClient"]
