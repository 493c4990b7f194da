"""What a server is made of: options, and ``USERKIT_*`` variables where no option is given."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote, unquote

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from userkit.errors import ConfigurationError
from userkit.http.forwarded import TrustedProxies
from userkit.kernel.base_url import check_base_url
from userkit.plugins.opening import STORES
from userkit.plugins.urls import StoreURL
from userkit.serving.secret_file import ensure_secret, secret_beside
from userkit.settings import UserKitSettings, read_settings

__all__ = ["DEFAULT_DATABASE", "ServeSettings", "Serving"]

DEFAULT_DATABASE = "sqlite:///userkit.db"

_PREFIX = "USERKIT_SERVE_"
_MAIL_FOLDER = "userkit-mail"
_HIGHEST_PORT = 65535
_MOST_WORKERS = 256


class ServeSettings(BaseSettings):
    """How the server works, read from variables named ``USERKIT_SERVE_`` and the field in capitals.

    - ``host``: where it listens, by name or address.
    - ``port``: where it listens, by number; 0 is any.
    - ``workers``: in how many processes it works.
    - ``mail_dir``: the folder for mail, one ``.eml`` file each.
    - ``issuer``: what access tokens say of who made them.
    - ``audience``: what they say of whom they are for.
    - ``trusted_proxies``: addresses and networks, with commas between them.
    - ``registration``: ``open``, ``closed`` or ``private``.
    - ``pages``: whether people find account pages.
    - ``log_format``: ``text`` or ``json``.
    - ``log_level``: ``debug``, ``info``, ``warning`` or ``error``.
    - ``metrics_open``: whether everybody may read the metrics.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=_HIGHEST_PORT)
    workers: int = Field(1, ge=1, le=_MOST_WORKERS)
    mail_dir: Path | None = None
    issuer: str | None = None
    audience: str | None = None
    trusted_proxies: str = ""
    registration: Literal["open", "closed", "private"] = "open"
    pages: bool = True
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_open: bool = False

    @property
    def proxies(self) -> list[str]:
        """Return the proxies whose word counts."""
        return [part.strip() for part in self.trusted_proxies.split(",") if part.strip()]

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine can reach the server."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server: what its kit is made of, and how it works. It travels to workers by the environment."""

    kit: UserKitSettings
    server: ServeSettings

    @classmethod
    def read(
        cls, options: Mapping[str, Any] | None = None, *, kit_options: Mapping[str, Any] | None = None
    ) -> Self:
        """Read the environment; what is given and not None wins. Raises ConfigurationError."""
        given = _given(kit_options or {})
        if "secret_file" in given:
            given["secret"] = None
        if "database" in given:
            given["database"] = SecretStr(given["database"])
        kit = read_settings().model_copy(update=given)
        try:
            server = ServeSettings(**_given(options or {}))
        except ValidationError as error:
            raise ConfigurationError(_what_is_wrong(error)) from None
        TrustedProxies.of(server.proxies)
        return cls(kit=kit, server=server)

    @property
    def database(self) -> str:
        """Return the URL of the store."""
        return DEFAULT_DATABASE if self.kit.database is None else self.kit.database.get_secret_value()

    @property
    def database_file(self) -> Path | None:
        """Return the file of the database, None for one that is a server.

        Raises InvalidURLError, and ConfigurationError for a database that is gone with its process.
        """
        address = StoreURL.read(self.database)
        if address.plugin not in ("sqlite", "memory"):
            return None
        path = unquote(address.text.partition("://")[2].partition("?")[0].removeprefix("/"))
        if address.plugin == "memory" or path in ("", ":memory:"):
            raise ConfigurationError(
                "Of a database in memory nothing would be left: give a file, such as --database "
                f"{DEFAULT_DATABASE}."
            )
        return Path(path)

    @property
    def mail_folder(self) -> Path | None:
        """Return the folder that mail goes to, None where a mailer sends it."""
        return self.server.mail_dir

    @property
    def mailer(self) -> str | None:
        """Return the URL of what takes mail."""
        if (folder := self.mail_folder) is not None:
            return f"directory://{quote(str(folder))}"
        return None if self.kit.mailer is None else self.kit.mailer.get_secret_value()

    @property
    def base_url(self) -> str:
        """Return where people reach the server."""
        return self.kit.base_url or f"http://localhost:{self.server.port}"

    def checked(self) -> tuple[Self, Path | None]:
        """Return the server with what it lacks, and the secret file if one was made just now.

        Raises ConfigurationError, or one of its kinds.
        """
        self._check_base_url()
        file, made = self.database_file, None
        folder = self.server.mail_dir
        if folder is None and self.kit.mailer is None:
            folder = (Path() if file is None else file.parent) / _MAIL_FOLDER
        kit: dict[str, Any] = {"database": SecretStr(self.database)}
        if self.kit.secret is None and self.kit.secret_file is None:
            if file is None:
                STORES.choose(StoreURL.read(self.database).plugin)  # raises for one that does not exist
                raise ConfigurationError(
                    "Beside a database server no secret is made, for all who use it need the same: give "
                    "--secret-file, or set USERKIT_SECRET_FILE or USERKIT_SECRET."
                )
            kit["secret_file"] = secret_beside(file).absolute()
            made = kit["secret_file"] if ensure_secret(kit["secret_file"]) else None
        mail = {"mail_dir": None if folder is None else folder.absolute()}
        return self._with(kit=kit, server=mail), made

    def on_port(self, port: int) -> Self:
        """Return the server where it really listens: port 0 means any."""
        return self._with(kit={}, server={"port": port})

    def environment(self) -> Mapping[str, str | None]:
        """Return the variables that tell a worker all of this; None takes one away."""
        server = {f"{_PREFIX}{name.upper()}": value for name, value in self.server}
        kit = {f"USERKIT_{name.upper()}": value for name, value in self.kit}
        return {name: _as_text(value) for name, value in {**kit, **server}.items()}

    def _with(self, *, kit: Mapping[str, Any], server: Mapping[str, Any]) -> Self:
        return replace(
            self, kit=self.kit.model_copy(update=kit), server=self.server.model_copy(update=server)
        )

    def _check_base_url(self) -> None:
        if self.kit.base_url is not None:
            check_base_url(self.kit.base_url)
        elif not self.server.is_local:
            raise ConfigurationError(
                "Links in mails need the address at which people reach this server; with this --host nobody "
                "can guess it: give --base-url, such as --base-url https://accounts.example."
            )


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _as_text(value: object) -> str | None:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return None if value is None else str(value)


def _what_is_wrong(error: ValidationError) -> str:
    told = []
    for each in error.errors():
        name = str(each["loc"][0])
        told.append(f"--{name.replace('_', '-')} or {_PREFIX}{name.upper()}: {each['msg']}")
    return f"The settings are not valid: {'; '.join(told)}."
