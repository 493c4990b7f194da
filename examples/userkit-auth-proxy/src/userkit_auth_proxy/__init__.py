"""Believe an authenticating reverse proxy: the auth backend ``proxy`` for userkit."""

from userkit.ports.authentication import AuthBackendPlugin
from userkit_auth_proxy.assertion import sign
from userkit_auth_proxy.backend import ProxyAuth
from userkit_auth_proxy.headers import ForwardedUser
from userkit_auth_proxy.settings import ProxySettings

__all__ = ["ForwardedUser", "ProxyAuth", "ProxySettings", "proxy", "sign"]

proxy = AuthBackendPlugin(
    name="proxy",
    api_version=1,
    factory=ProxyAuth.of,
    summary="Signed assertions of a reverse proxy that has authenticated the user.",
)
