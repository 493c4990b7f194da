"""etcd URLs: ``etcd://user:password@host:port,host:port?prefix=userkit``."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from userkit.errors import InvalidURLError
from userkit.storage import read_options

__all__ = ["Address"]

_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
_OPTIONS = {"prefix": "userkit", "timeout": "5", "pool_size": "10", "max_txn_ops": "128", "tls_ca": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where etcd is, and how to use it.

    ``timeout`` is how many seconds to wait for each answer, ``pool_size`` how many calls go to etcd at
    once, ``max_txn_ops`` what the servers were started with, ``tls_ca`` the file with the certificates
    to trust where the system's are not right.
    """

    hosts: tuple[str, ...]
    tls: bool = False
    user: str | None = None
    password: str = field(default="", repr=False)
    prefix: str = "userkit"
    timeout: float = 5.0
    pool_size: int = 10
    max_txn_ops: int = 128
    tls_ca: str | None = None

    @classmethod
    def read(cls, url: str) -> Self:
        """Read a URL. Raises InvalidURLError, which never repeats it."""
        scheme, _, rest = url.partition("://")
        location, _, query = rest.partition("?")
        account, _, hosts = location.removesuffix("/").rpartition("@")
        user, _, password = account.partition(":")
        options = {**_OPTIONS, **read_options(query, _OPTIONS, url="etcd URL")}
        return cls(
            hosts=tuple(_host(each) for each in hosts.split(",")),
            tls=scheme == "etcds",
            user=unquote(user) or None,
            password=unquote(password),
            prefix=_prefix(options["prefix"]),
            timeout=_number("timeout", options["timeout"], 60),
            pool_size=int(_number("pool_size", options["pool_size"], 1000)),
            max_txn_ops=int(_number("max_txn_ops", options["max_txn_ops"], 1_000_000)),
            tls_ca=_file(options["tls_ca"]),
        )

    @property
    def where(self) -> str:
        """Return where it is in words, without user and password."""
        return f"etcd at {', '.join(self.hosts)}"


def _host(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16 or set(host) & set("/#@ "):
        raise InvalidURLError(
            "An etcd URL is etcd://host:port,host:port: are / @ : # ? in the password written as "
            "%2F %40 %3A %23 %3F?"
        )
    return text


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise InvalidURLError("prefix is 1 to 40 ASCII letters, digits, and _ . or -.")
    return text


def _number(name: str, text: str, most: int) -> float:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise InvalidURLError(f"{name} is a whole number from 1 to {most}.")
    return float(text)


def _file(path: str) -> str | None:
    if path and not Path(path).is_file():
        raise InvalidURLError("tls_ca is no file.")
    return path or None
