"""The Lua scripts of the store and of the limiter. Each is one round trip, and all or nothing."""

from importlib.resources import files

from userkit.backends.redis.connecting import Script

__all__ = ["COMMIT", "COUNT", "FIND", "LIMIT", "PROBE", "PURGE", "SEARCH", "UNIQUE"]


def _read(*names: str) -> Script:
    folder = files("userkit.backends.redis.scripts")
    return Script("\n".join(folder.joinpath(f"{each}.lua").read_text(encoding="utf-8") for each in names))


COMMIT = _read("library", "commit")
COUNT = _read("library", "count")
FIND = _read("library", "find")
LIMIT = _read("limit")
PROBE = _read("probe")
PURGE = _read("library", "purge")
SEARCH = _read("library", "search")
UNIQUE = _read("library", "unique")
