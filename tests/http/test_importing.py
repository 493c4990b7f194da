"""Declaring routes is cheap: pydantic is loaded when schemas are, not before."""

import importlib.util
import sysconfig
from pathlib import Path

import pytest

from tests.architecture.test_import import loaded_by

HEAVY = {"pydantic", "pydantic_core", "asyncio", "fastapi", "flask", "starlette", "werkzeug", "jinja2"}


@pytest.mark.parametrize(
    "module",
    [
        "userkit",
        "userkit.http",
        "userkit.http.app",
        "userkit.http.browser",
        "userkit.http.conditional",
        "userkit.http.decoding",
        "userkit.http.problems",
        "userkit.http.route",
        "userkit.http.settings",
        "userkit.surface",
    ],
)
def test_importing_loads_no_pydantic(module: str) -> None:
    """Nor a framework or an event loop."""
    found = importlib.util.find_spec("userkit")
    assert found is not None
    assert found.origin is not None
    home = str(Path(found.origin).parent.parent)
    loaded = loaded_by(module, home, sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    assert module in loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
