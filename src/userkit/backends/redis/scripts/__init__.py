"""The Lua scripts of the store. Each is one round trip, and all or nothing."""

from importlib.resources import files

from userkit.backends.redis.connecting import Script

__all__ = ["COMMIT", "COUNT", "FIND", "PURGE", "SEARCH", "UNIQUE"]


def _read(name: str) -> Script:
    folder = files(__package__)
    texts = [folder.joinpath(f"{each}.lua").read_text(encoding="utf-8") for each in ("library", name)]
    return Script("\n".join(texts))


COMMIT = _read("commit")
COUNT = _read("count")
FIND = _read("find")
PURGE = _read("purge")
SEARCH = _read("search")
UNIQUE = _read("unique")
