"""Plugins are written with public names: the list is documented, recorded, and kept to by what we show."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from userkit.plugins import backends, opening
from userkit.plugins.registry import Registry

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGE = DOCS / "reference" / "plugin-api.md"

SHOWN = [
    *sorted((ROOT / "examples" / "userkit-store-etcd").rglob("*.py")),
    *sorted((ROOT / "examples" / "userkit-auth-proxy").rglob("*.py")),
    *sorted((ROOT / "examples").glob("userkit-*/README.md")),
    *sorted((ROOT / "examples" / "custom_feature").glob("*.py")),
    *sorted(each for each in (ROOT / "templates" / "plugin").rglob("*.jinja") if each.is_file()),
    PAGE,
    DOCS / "concepts" / "three-verbs.md",
    DOCS / "how-to" / "write-a-feature.md",
    DOCS / "how-to" / "write-a-language-model.md",
    DOCS / "how-to" / "write-a-store.md",
    DOCS / "how-to" / "write-an-auth-backend.md",
    DOCS / "tutorials" / "a-store-in-an-hour.md",
]
"""What plugin authors read and copy."""

OF_APPLICATIONS = re.compile(r"userkit|userkit\.(backends|features|integrations)\.[a-z_]+")
IMPORT = re.compile(r"^[ \t]*from (userkit(?:\.\w+)*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
PLAIN_IMPORT = re.compile(r"^[ \t]*import userkit\b.*$", re.MULTILINE)


@pytest.fixture(scope="module")
def plugin_api() -> Iterator[ModuleType]:
    """The script that writes the record."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
        patch.setattr(sys, "dont_write_bytecode", True)
        yield import_module("plugin_api")


def imports(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a text imports from userkit, a module and a name at a time."""
    for module, names in IMPORT.findall(text):
        for name in re.findall(r"\w+(?: as \w+)?", re.sub(r"#.*", "", names)):
            yield module, name.partition(" as ")[0]


def test_the_page_lists_the_public_modules(plugin_api: ModuleType) -> None:
    """All of them, and no other."""
    cells = [
        line.split("|")[3] for line in PAGE.read_text(encoding="utf-8").splitlines() if "| `userkit." in line
    ]
    listed = {name for cell in cells for name in re.findall(r"`(userkit[a-z_.]*)`", cell)}
    assert sorted(listed) == sorted(plugin_api.MODULES)


def test_the_page_lists_the_groups_of_entry_points() -> None:
    """One for each kind of plugin that is looked for."""
    found = [
        each for module in (backends, opening) for each in vars(module).values() if isinstance(each, Registry)
    ]
    groups = {each.group for each in found} | {"userkit.hooks"}
    listed = set(
        re.findall(r"^\| [a-z ]+ \| `(userkit\.\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert listed == groups


def test_the_record_is_that_of_the_source(plugin_api: ModuleType) -> None:
    """A change of the API is seen in a diff: python scripts/plugin_api.py writes it anew."""
    assert plugin_api.RECORD.read_text(encoding="utf-8") == plugin_api.record()


def test_every_public_name_is_there(plugin_api: ModuleType) -> None:
    """What a module promises can be imported, also what it imports later than itself."""
    for name in plugin_api.MODULES:
        module = import_module(name)
        assert sorted(module.__all__) == plugin_api.public_names(name)
        for each in module.__all__:
            assert hasattr(module, each), f"{name}.{each}"


@pytest.mark.parametrize("file", SHOWN, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_authors_copy_imports_public_names_only(file: Path, plugin_api: ModuleType) -> None:
    """Modules of the list and names in their ``__all__``, or what applications use."""
    text = file.read_text(encoding="utf-8")
    assert not PLAIN_IMPORT.findall(text)
    for module, name in imports(text):
        if module in plugin_api.MODULES:
            assert name in plugin_api.public_names(module), f"{module}.{name} is not public"
        else:
            assert OF_APPLICATIONS.fullmatch(module), f"{module} is not public"


def test_what_is_shown_is_looked_at() -> None:
    """The test above is not passing for want of imports."""
    seen = {module for file in SHOWN for module, _ in imports(file.read_text(encoding="utf-8"))}
    assert {"userkit.storage", "userkit.ports.authentication", "userkit.ports.language_model"} <= seen


@pytest.mark.parametrize(
    "text",
    [
        "from userkit.storage.port import Store",
        "    from userkit.storage import _Secret",
        "from userkit.storage import (\n    Store,\n    Nothing,\n)",
    ],
)
def test_an_inner_import_is_found(text: str, plugin_api: ModuleType, tmp_path: Path) -> None:
    """Also an indented one, and one over several lines."""
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    found = list(imports(text))
    assert found
    assert any(
        module not in plugin_api.MODULES or name not in plugin_api.public_names(module)
        for module, name in found
    )


def test_the_record_tells_a_change(plugin_api: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a parameter, in what a facade takes from an inner module."""
    before = plugin_api.record()
    inner = plugin_api._tree("userkit.storage.paging")
    changed = ast.parse(ast.unparse(inner).replace("limit: int) -> Page[E]", "most: int) -> Page[E]"))
    tree = plugin_api._tree
    monkeypatch.setattr(
        plugin_api, "_tree", lambda module: changed if module == "userkit.storage.paging" else tree(module)
    )
    after = plugin_api.record()
    gone = set(before.splitlines()) - set(after.splitlines())
    assert gone == {"def page_of(found: Sequence[E], *, limit: int) -> Page[E]"}
