"""Every module has a home with a name, and every public thing says in one line what it is."""

import ast
from pathlib import Path

import pytest

from tests.architecture.source import SOURCE, Definition, modules, public_definitions

NO_HOMES = {"base", "common", "helper", "helpers", "misc", "util", "utils"}


def nameless(tree: Path) -> list[str]:
    """List the modules and packages whose name says nothing."""
    return [
        str(module.path)
        for module in modules(tree)
        if NO_HOMES & {part.strip("_") for part in module.path.with_suffix("").parts}
    ]


def undocumented(tree: Path) -> list[str]:
    """List the public modules, classes, functions and methods without a sentence that says what they are."""
    found = []
    for module in modules(tree):
        if not module.is_public:
            continue
        if not _begins_with_a_sentence(module.tree):
            found.append(str(module.path))
        found += [
            f"{module.path}: {name}"
            for name, definition in public_definitions(module.tree.body)
            if not _is_overload(definition) and not _begins_with_a_sentence(definition)
        ]
    return found


def _begins_with_a_sentence(node: ast.Module | Definition) -> bool:
    text = ast.get_docstring(node) or ""
    first = text.partition("\n")[0]
    return first.endswith(".") and not first[0].islower()


def _is_overload(definition: Definition) -> bool:
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in definition.decorator_list}
    return bool(names & {"overload", "setter", "deleter"})


def test_every_module_is_named_for_what_it_holds() -> None:
    """If two need it, it has a name and a home."""
    assert nameless(SOURCE) == []


def test_every_public_thing_says_what_it_is() -> None:
    """The first line of a docstring is a sentence: it stands alone in lists and tooltips."""
    assert undocumented(SOURCE) == []


@pytest.mark.parametrize("name", ["utils.py", "storage/_helpers.py", "common/port.py", "base/__init__.py"])
def test_a_name_that_says_nothing_is_found(tmp_path: Path, name: str) -> None:
    """The rule sees modules and packages, private ones too."""
    _write(tmp_path, name, '"""Things."""\n')
    _write(tmp_path, "database.py", '"""Things."""\n')
    assert nameless(tmp_path) == [name]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", [""]),
        ('"""No full stop"""', [""]),
        ('"""A sentence that goes on\nin the next line."""', [""]),
        ('"""lower case."""', [""]),
        ('"""Fine."""\ndef act(): ...', [": act"]),
        ('"""Fine."""\nasync def act(): ...', [": act"]),
        ('"""Fine."""\nif True:\n    def act(): ...', [": act"]),
        ('"""Fine."""\nclass Thing:\n    def act(self): ...', [": Thing", ": Thing.act"]),
        ('"""Fine."""\nclass Thing:\n    """Be."""\n    class Part: ...', [": Thing.Part"]),
        ('"""Fine."""\nclass Thing:\n    """Be."""\n    def __eq__(self, other): ...', []),
        ('"""Fine."""\ndef _act(): ...\nclass _Thing:\n    def act(self): ...', []),
        ('"""Fine."""\n@overload\ndef act(): ...\ndef act():\n    """Do it. Then rest."""', []),
        ('"""Fine."""\n@typing.overload\ndef act(): ...', []),
    ],
)
def test_a_missing_sentence_is_found(tmp_path: Path, text: str, names: list[str]) -> None:
    """The rule sees modules, classes, functions and methods, and leaves private ones alone."""
    _write(tmp_path, "thing.py", text)
    _write(tmp_path, "_private.py", "def act(): ...")
    assert undocumented(tmp_path) == [f"thing.py{name}" for name in names]


def _write(tree: Path, name: str, text: str) -> None:
    file = tree / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
