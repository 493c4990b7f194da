"""The Lua scripts of the cache. Each is one round trip, and all or nothing."""

from importlib.resources import files

from userkit.backends.redis.connecting import Script

__all__ = ["FENCE", "FILL", "LIFT", "READ"]


def _read(name: str) -> Script:
    folder = files("userkit.backends.redis.scripts")
    return Script(folder.joinpath(f"cache_{name}.lua").read_text(encoding="utf-8"))


READ = _read("read")
FILL = _read("fill")
FENCE = _read("fence")
LIFT = _read("lift")
