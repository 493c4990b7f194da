"""The example, installed beside userkit in a folder of its own."""

import shutil
import sys
from pathlib import Path
from tomllib import loads

from tests.plugins.site import Site
from userkit.plugins.opening import open_store
from userkit.storage.port import Store

EXAMPLE = Path(__file__).parents[3] / "examples" / "userkit-store-etcd"


def install(folder: Path) -> Site:
    """Install the example as its own pyproject.toml says; no build tool and no network are needed."""
    project = loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = Site(folder)
    site.install(
        project["name"],
        project["version"],
        entry_points=project["entry-points"],
        requires=project["dependencies"],
    )
    package = "userkit_store_etcd"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(EXAMPLE / "src" / package, folder / package, ignore=ignored)
    return site


def open_installed(folder: str, url: str) -> Store:
    """Open a store by its URL where the example is installed: also in another process."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return open_store(url, blocking=True)
