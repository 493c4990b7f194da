"""Reading a source tree: its modules, and the definitions in them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "userkit"

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = Function | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """One file, read and parsed."""

    path: Path
    tree: ast.Module
    lines: list[str]

    @property
    def is_public(self) -> bool:
        """Whether no part of the name begins with an underscore; `__init__` is no such part."""
        return not any(part.startswith("_") for part in self.path.with_suffix("").parts if part != "__init__")


def modules(tree: Path) -> list[Module]:
    """Read every module below a folder; the paths are relative to it."""
    files = sorted(tree.rglob("*.py"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    return [
        Module(file.relative_to(tree), ast.parse(text), text.splitlines())
        for file, text in zip(files, texts, strict=True)
    ]


def public_definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Yield the public classes, functions and methods, also those below `if`, with their qualified names."""
    for statement in body:
        if isinstance(statement, ast.If | ast.Try):
            yield from public_definitions(statement.body, prefix)
            yield from public_definitions(statement.orelse, prefix)
        elif isinstance(statement, Definition) and not statement.name.startswith("_"):
            name = f"{prefix}{statement.name}"
            yield name, statement
            if isinstance(statement, ast.ClassDef):
                yield from public_definitions(statement.body, f"{name}.")


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node
