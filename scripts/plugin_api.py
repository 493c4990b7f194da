"""What plugins are written with: the public modules, their signatures as text, and what has broken since.

::

    python scripts/plugin_api.py            writes docs/reference/plugin-api.txt
    python scripts/plugin_api.py v0.1.0     compares with a tag, branch or commit; needs griffe

It reads the source and imports nothing of it, so that every version of Python writes the same.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["MODULES", "RECORD", "broken_since", "record"]

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "docs" / "reference" / "plugin-api.txt"

_COLOUR = re.compile(r"\x1b\[\d*m")

MODULES = (
    "userkit.errors",
    "userkit.feature",
    "userkit.http",
    "userkit.http.schemas",
    "userkit.plugins",
    "userkit.ports.authentication",
    "userkit.ports.cache",
    "userkit.ports.language_model",
    "userkit.ports.mail",
    "userkit.ports.passwords",
    "userkit.ports.rate_limit",
    "userkit.storage",
    "userkit.sync",
    "userkit.testing",
)
"""The public modules. What is in the ``__all__`` of one is stable, and nothing else."""


class Place(NamedTuple):
    """A name in a module, perhaps one that it takes from another."""

    module: str
    name: str


class Found(NamedTuple):
    """Where something is defined, and by which statements; a function may have several."""

    module: str
    statements: list[ast.stmt]


def record() -> str:
    """Return every public name with its signature, a line each."""
    lines = [f"# Made by {Path(__file__).relative_to(ROOT).as_posix()} from the source."]
    for module in MODULES:
        lines += ["", f"[{module}]"]
        for name in public_names(module):
            lines += described(Place(module, name))
    return "\n".join(lines) + "\n"


@cache
def public_names(module: str) -> list[str]:
    """Return the names in ``__all__``, which are listed one by one."""
    for statement in _tree(module).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return sorted(ast.literal_eval(statement.value))
    raise LookupError(f"{module} has no __all__.")


def described(place: Place) -> Iterator[str]:
    """Yield the lines of a name: of a class its public members, too."""
    found = _found(place)
    for statement in found.statements:
        if isinstance(statement, ast.ClassDef):
            bases = ", ".join(ast.unparse(each) for each in [*statement.bases, *statement.keywords])
            yield f"class {place.name}({bases})" if bases else f"class {place.name}"
            # The order of fields is that of arguments; that of methods means nothing.
            members = list(dict.fromkeys(_members(found.module, statement)))
            yield from (f"    {line}" for line in sorted(members, key=_order))
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _signature(statement)
        else:
            yield _variable(statement)


def broken_since(reference: str) -> list[str]:
    """Return what is not compatible with another revision of the repository, in sentences of griffe."""
    import griffe

    before = griffe.load_git("userkit", ref=reference, repo=ROOT, search_paths=["src"])
    after = griffe.load("userkit", search_paths=[ROOT / "src"])
    said: list[str] = []
    for module in MODULES:
        path = module.removeprefix("userkit.")
        try:
            old, new = before[path], after[path]
        except KeyError:
            continue  # it is new, or what stands in its place is seen in the record
        for each in (old, new):
            _keep_public(each)
        changes = griffe.find_breaking_changes(old, new)
        said += [_COLOUR.sub("", each.explain(griffe.ExplanationStyle.ONE_LINE)) for each in changes]
    return list(dict.fromkeys(said))


def _keep_public(module: Any) -> None:
    """Take out of a module of griffe's what is not in its ``__all__``, and what lies below it."""
    public = {str(name) for name in module.exports or ()}
    for name in module.members.keys() - public:
        module.del_member(name)


def _members(module: str, definition: ast.ClassDef) -> Iterator[str]:
    """Yield the public members of a class and those of its bases that are not public themselves."""
    for base in definition.bases:
        name = ast.unparse(base).partition("[")[0]
        inherited = _in_module(module, name)
        if inherited is not None and not _is_public(name):
            for statement in inherited.statements:
                if isinstance(statement, ast.ClassDef):
                    yield from _members(inherited.module, statement)
    for statement in definition.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            # The tests of a suite are its business, but for the fixtures that they ask authors for.
            if _is_member(statement.name) and not statement.name.startswith("test_"):
                yield _signature(statement)
        elif isinstance(statement, ast.AnnAssign | ast.Assign) and _is_member(_target(statement)):
            yield _variable(statement)


def _order(line: str) -> tuple[bool, str]:
    is_field = not line.startswith(("@", "def ", "async def "))
    return not is_field, "" if is_field else line.rpartition("def ")[2]


def _signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    marks = "".join(
        f"@{ast.unparse(each)} " for each in function.decorator_list if "overload" not in ast.unparse(each)
    )
    kind = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    returns = "" if function.returns is None else f" -> {ast.unparse(function.returns)}"
    return f"{marks}{kind} {function.name}({ast.unparse(function.args)}){returns}"


def _variable(statement: ast.stmt) -> str:
    return " ".join(ast.unparse(statement).split())


def _target(statement: ast.AnnAssign | ast.Assign) -> str:
    return ast.unparse(statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0])


def _is_member(name: str) -> bool:
    return not name.startswith("_") or name in ("__init__", "__call__", "__enter__", "__exit__")


def _is_public(name: str) -> bool:
    return any(name in public_names(module) for module in MODULES)


def _found(place: Place) -> Found:
    found = _in_module(place.module, place.name)
    if found is None:
        raise LookupError(f"{place.module} says that it has {place.name}, and has not.")
    return found


def _in_module(module: str, name: str) -> Found | None:
    """Return where a name of a module is defined, however often it is taken over from another."""
    statements = [each for each in _flat(_tree(module).body) if _defines(each, name)]
    for statement in statements:
        if isinstance(statement, ast.ImportFrom):
            source = str(statement.module)
            original = next(each.name for each in statement.names if (each.asname or each.name) == name)
            return _in_module(source, original) if source.startswith("userkit") else None
    return Found(module, statements) if statements else None


def _defines(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return any((each.asname or each.name) == name for each in statement.names)
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return statement.name == name
    return isinstance(statement, ast.AnnAssign | ast.Assign) and _target(statement) == name


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If):  # such as TYPE_CHECKING
            yield from _flat(statement.body)
        else:
            yield statement


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT.joinpath("src", *module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """Write the record, or compare with a revision."""
    if not arguments:
        RECORD.write_text(record(), encoding="utf-8")
        return 0
    changes = broken_since(arguments[0])
    told = changes or [f"Nothing has broken for plugins since {arguments[0]}."]
    sys.stdout.writelines(f"{line}\n" for line in told)
    return bool(changes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
