"""Redis URLs: one server, several behind sentinels, or a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import unquote

from pydantic_settings import BaseSettings

from userkit.backends.redis.settings import RedisSettings
from userkit.errors import InvalidURLError
from userkit.kernel.url_options import read_options, settled

__all__ = ["Address", "Kind"]

S = TypeVar("S", bound=BaseSettings)

Kind = Literal["single", "sentinel", "cluster"]

_KINDS: Mapping[str, Kind] = {"": "single", "sentinel": "sentinel", "cluster": "cluster"}
_PORTS: Mapping[Kind, int] = {"single": 6379, "sentinel": 26379, "cluster": 6379}


@dataclass(frozen=True, slots=True)
class Address:
    """Where Redis is. ``options`` are what of the query is not of RedisSettings, for who allows it."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    tls: bool
    settings: RedisSettings
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0
    service: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls, url: str, *, settings: RedisSettings | None = None, also: frozenset[str] = frozenset()
    ) -> "Address":
        """Read a URL; its options win over the settings. ``also`` are names of more options.

        ``redis://user:password@host:port/0``, ``redis+sentinel://host:port,host:port/SERVICE/0``,
        ``redis+cluster://host:port,host:port``; with TLS ``rediss`` in the place of ``redis``.
        Raises InvalidURLError, which never repeats the URL.
        """
        scheme, _, rest = url.partition("://")
        name, _, driver = scheme.partition("+")
        if name not in ("redis", "rediss") or driver not in _KINDS:
            raise InvalidURLError(
                "A Redis URL begins with redis:// or rediss://, or with redis+sentinel:// or redis+cluster://."
            )
        location, _, query = rest.partition("?")
        authority, _, path = location.partition("/")
        account, _, hosts = authority.rpartition("@")
        user, _, password = account.partition(":")
        options = read_options(query, {*RedisSettings.model_fields, *also}, url="Redis URL")
        kind = _KINDS[driver]
        service, database = _path(kind, path)
        return cls(
            kind=kind,
            hosts=tuple(_host(each, _PORTS[kind]) for each in _hosts(kind, hosts)),
            tls=name == "rediss",
            settings=chosen(RedisSettings, options, settings),
            user=unquote(user) or None,
            password=unquote(password) or None,
            database=database,
            service=service,
            options={key: value for key, value in options.items() if key in also},
        )

    @property
    def where(self) -> str:
        """Return where it is in words, without user and password."""
        hosts = ", ".join(f"{host}:{port}" for host, port in self.hosts)
        what = {"single": "The Redis server", "sentinel": "Redis behind", "cluster": "The Redis cluster"}
        return f"{what[self.kind]} {'' if self.kind == 'sentinel' else 'at '}{hosts}"


def chosen(kind: type[S], options: Mapping[str, str], settings: S | None) -> S:
    """Return settings, with what the options of a URL say of them. Raises InvalidURLError."""
    ours = {name: value for name, value in options.items() if name in kind.model_fields}
    return settled(kind, ours, settings.model_dump() if settings else None)


def _hosts(kind: Kind, hosts: str) -> list[str]:
    every = [each for each in hosts.split(",") if each] or ["localhost"]
    if kind == "single" and len(every) > 1:
        raise InvalidURLError(
            "A URL of several servers begins with redis+cluster:// or redis+sentinel://, so that it is clear "
            "what they are to each other."
        )
    return every


def _host(text: str, usual: int) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(usual)
    if not port.isdecimal() or not 0 < int(port) < 1 << 16 or not host:
        raise InvalidURLError(
            "The Redis URL cannot be read: are / @ : # in the password written as %2F %40 %3A %23?"
        )
    return host.strip("[]"), int(port)


def _path(kind: Kind, path: str) -> tuple[str, int]:
    parts = [unquote(each) for each in path.split("/") if each]
    service = parts.pop(0) if kind == "sentinel" and parts else ""
    if kind == "sentinel" and not service:
        raise InvalidURLError("A URL with sentinels names the service: redis+sentinel://host:port/SERVICE.")
    if len(parts) > 1 or (parts and not parts[0].isdecimal()):
        raise InvalidURLError("The path of a Redis URL is the number of a database, such as /0.")
    database = int(parts[0]) if parts else 0
    if kind == "cluster" and database:
        raise InvalidURLError("A Redis cluster has the database 0 only.")
    return service, database
