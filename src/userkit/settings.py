"""Settings of a kit from the environment: ``USERKIT_*`` variables."""

import re
from collections.abc import Container
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from userkit.errors import ConfigurationError, UsageError
from userkit.storage.catalogue import check_realm
from userkit.storage.port import DEFAULT_REALM

__all__ = ["UserKitSettings", "read_settings"]

_URLS = ("mailer", "limiter", "cache", "language_model")
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_BETWEEN_ROUTES = re.compile(r",(?=\s*(?:$|[a-z][a-z0-9_]*\s*=\s*[a-z][a-z0-9+.-]*://))", re.ASCII)


class UserKitSettings(BaseSettings):
    """What a kit is made of, read from variables named ``USERKIT_`` and the field in capitals.

    - ``USERKIT_DATABASE``: the URL of the store.
    - ``USERKIT_SECRET``: the secret; several, newest first, with commas between them.
    - ``USERKIT_SECRET_FILE``: a file with the secret, one a line; instead of USERKIT_SECRET.
    - ``USERKIT_REALM``: the tenant, ``default`` if not set.
    - ``USERKIT_PREPARE``: false for those who run migrations.
    - ``USERKIT_HOOKS``: names of hook plugins, with commas between them.
    - ``USERKIT_AUTH``: names of auth backends, in the order in which they are asked, with commas
      between them; ``jwt,session,api-key`` if not set.
    - ``USERKIT_MAILER``: the URL of what sends mail, such as ``smtp://user:password@host``.
    - ``USERKIT_LIMITER``: the URL of what counts attempts, such as ``redis://host``.
    - ``USERKIT_CACHE``: the URL of what keeps copies of what is read often.
    - ``USERKIT_LANGUAGE_MODEL``: the URL of the language model that features ask, such as
      ``bedrock://MODEL_ID?region=eu-central-1``.
    - ``USERKIT_ROUTES``: what is kept in other stores, each as the name of a collection, ``=`` and a
      URL, with commas between them: ``sessions=redis://host,links=redis://host``.
    - ``USERKIT_BASE_URL``: where the links in mails lead.
    - ``USERKIT_APP_NAME``: what mails call the application.
    """

    model_config = SettingsConfigDict(env_prefix="USERKIT_", extra="ignore", hide_input_in_errors=True)

    database: SecretStr | None = None
    secret: SecretStr | None = None
    secret_file: Path | None = None
    realm: str = DEFAULT_REALM
    prepare: bool = True
    hooks: str = ""
    auth: str = ""
    mailer: SecretStr | None = None
    limiter: SecretStr | None = None
    cache: SecretStr | None = None
    language_model: SecretStr | None = None
    routes: SecretStr = SecretStr("")
    base_url: str | None = None
    app_name: str = "userkit"

    @field_validator("realm")
    @classmethod
    def _is_a_realm(cls, name: str) -> str:
        try:
            return check_realm(name)
        except UsageError as error:
            raise ValueError(str(error).rstrip(".")) from None

    @field_validator(*_URLS, "base_url", mode="before")
    @classmethod
    def _is_set(cls, value: object) -> object:
        # Empty is how a template of a deployment says that there is none.
        return value or None

    def arguments(self, *, given: Container[str] = ()) -> dict[str, Any]:
        """Return the arguments for a kit. Raises ConfigurationError for what is missing and not ``given``."""
        found: dict[str, Any] = {"realm": self.realm, "prepare": self.prepare, "hooks": _split(self.hooks)}
        urls = {name: getattr(self, name) for name in _URLS}
        found |= {name: None if url is None else url.get_secret_value() for name, url in urls.items()}
        found |= {"base_url": self.base_url, "app_name": self.app_name}
        found["routes"] = _routes(self.routes.get_secret_value())
        if auth := _split(self.auth):
            found["auth"] = auth
        if "store" not in given:
            found["store"] = self._url()
        if "secret" not in given:
            found["secret"] = self._secrets()
        return found

    def _url(self) -> str:
        if self.database is None:
            raise ConfigurationError("Set USERKIT_DATABASE to the URL of a store, such as sqlite:///app.db.")
        return self.database.get_secret_value()

    def _secrets(self) -> list[str]:
        if self.secret is not None and self.secret_file is not None:
            raise ConfigurationError("Set either USERKIT_SECRET or USERKIT_SECRET_FILE, not both.")
        if self.secret is not None:
            return _split(self.secret.get_secret_value())
        if self.secret_file is None:
            raise ConfigurationError(
                "Set either USERKIT_SECRET or USERKIT_SECRET_FILE to the secret of the application; "
                'a new one is made with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
            )
        try:
            return self.secret_file.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ConfigurationError(
                f"The file named by USERKIT_SECRET_FILE cannot be read: {why}."
            ) from error


def read_settings() -> UserKitSettings:
    """Read the environment. Raises ConfigurationError that names each variable that is wrong."""
    try:
        return UserKitSettings()
    except ValidationError as error:
        told = [
            f"USERKIT_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()
        ]
        raise ConfigurationError("The settings are not valid: " + "; ".join(told) + ".") from None


def _routes(text: str) -> dict[str, str]:
    """Return URLs by the names of collections. A URL may have commas in it, as those of several hosts do."""
    routes: dict[str, str] = {}
    for route in filter(None, map(str.strip, _BETWEEN_ROUTES.split(text))):
        name, _, url = (part.strip(" ,") for part in route.partition("="))
        if not _NAME.fullmatch(name) or "://" not in url:
            raise ConfigurationError("USERKIT_ROUTES is like sessions=redis://host,links=redis://host.")
        if name in routes:
            raise ConfigurationError(f"USERKIT_ROUTES routes {name} twice.")
        routes[name] = url
    return routes


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
