"""Real distributions, written to a folder of their own."""

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from textwrap import dedent
from tomllib import loads

PROJECT = loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


class Site:
    """A folder like site-packages; what is installed in it is found once it is on the path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)

    def install(
        self,
        name: str,
        version: str = "1.0",
        *,
        entry_points: Mapping[str, Mapping[str, str]],
        modules: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
    ) -> Path:
        """Install a distribution and return the folder of its metadata."""
        for module, text in (modules or {}).items():
            sys.modules.pop(module, None)  # of whatever folder; what is installed here is meant
            (self.path / f"{module}.py").write_text(dedent(text), encoding="utf-8")
        info = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        headers = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {each}" for each in requires)]
        (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", *headers, ""]), encoding="utf-8")
        lines = [
            line
            for group, entries in entry_points.items()
            for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()))
        ]
        (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        importlib.invalidate_caches()
        return info

    def install_store(
        self, name: str, text: str, *, distribution: str | None = None, version: str = "1.0"
    ) -> None:
        """Install a distribution with one store plugin, `plugin` of a module `{name}_store`."""
        module = f"{name}_store"
        self.install(
            distribution or f"userkit-{name}",
            version,
            entry_points={"userkit.stores": {name: f"{module}:plugin"}},
            modules={module: text},
        )

    def install_userkit(self) -> None:
        """Install the metadata of userkit itself, as its pyproject.toml says."""
        self.install(
            PROJECT["name"],
            PROJECT["version"],
            entry_points=PROJECT["entry-points"],
            requires=[
                f'{requirement}; extra == "{extra}"'
                for extra, requirements in PROJECT["optional-dependencies"].items()
                for requirement in requirements
            ],
        )

    def entry_points(self, group: str) -> Iterator[EntryPoint]:
        """List the entry points of this folder alone."""
        for distribution in distributions(path=[str(self.path)]):
            yield from distribution.entry_points.select(group=group)

    def forget(self) -> None:
        """Take the modules of this folder out of memory."""
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(str(self.path)):
                del sys.modules[name]


def store_plugin(name: str, *, more: str = "") -> str:
    """Return the text of a module with a good store plugin; `more` are further arguments."""
    return f"""
        from userkit.backends.memory import MemoryStore
        from userkit.storage.plugin import StorePlugin

        def open_store(url, *, blocking):
            return MemoryStore()

        plugin = StorePlugin(name={name!r}, api_version=1, factory=open_store, {more})
    """
