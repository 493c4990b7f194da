"""The kit of a server, from its settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from userkit.assembly import AUTH_BACKENDS
from userkit.errors import ConfigurationError
from userkit.feature import Feature
from userkit.features.email_verification import email_verification
from userkit.features.registration import registration
from userkit.ports.tokens import TokenSettings
from userkit.serving.settings import Serving

__all__ = ["kit_arguments"]


def kit_arguments(serving: Serving, *, hooks: Sequence[object] = (), **more: Any) -> dict[str, Any]:
    """Return the arguments for the kit of a server. Raises ConfigurationError."""
    arguments = serving.kit.arguments()
    return {
        **arguments,
        "hooks": [*arguments["hooks"], *hooks],
        "auth": _auth(serving, arguments.get("auth", AUTH_BACKENDS)),
        "mailer": serving.mailer,
        "base_url": serving.base_url,
        "features": _features(serving),
        **more,
    }


def _features(serving: Serving) -> list[Feature[Any, Any]]:
    mode = serving.server.registration
    required = [email_verification(required=True)] if mode == "private" else []
    return [registration(mode), *required]


def _auth(serving: Serving, names: Sequence[str]) -> Mapping[str, Any]:
    server = serving.server
    chosen = {"issuer": server.issuer, "audience": server.audience}
    given: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    if given and "jwt" not in names:
        raise ConfigurationError(
            "--issuer and --audience are for the auth backend jwt, which USERKIT_AUTH leaves out."
        )
    return {name: TokenSettings(**given) if name == "jwt" and given else None for name in names}
