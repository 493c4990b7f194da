"""Print the shape of the code: `python -m tests.architecture.shape`. A report to talk about, not a gate.

Smear is the number of lines outside a feature's own folder that name it. Zero means that a feature can be
added, read and removed in one place.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.architecture.source import SOURCE, Function, Module, functions, modules


@dataclass(frozen=True)
class Spread:
    """How a measure is spread: its median, its 90th percentile and its maximum with the place."""

    median: float
    ninetieth: float
    maximum: int
    where: str

    @classmethod
    def of(cls, sizes: dict[str, int]) -> "Spread":
        """Sum up sizes by place; no sizes are a spread of zeros."""
        if not sizes:
            return cls(0, 0, 0, "")
        values = sorted(sizes.values())
        where = max(sizes, key=sizes.__getitem__)
        ninetieth = quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]
        return cls(median(values), ninetieth, sizes[where], where)

    def __str__(self) -> str:
        usual = f"median {self.median:g}, 90th percentile {self.ninetieth:g}"
        return f"{usual}, maximum {self.maximum} ({self.where})"


def function_lengths(tree: Path) -> dict[str, int]:
    """Return the lines of every function from `def` to its end, without docstring, comments and blanks."""
    return {
        f"{module.path}:{function.lineno} {function.name}": _code_lines(module, function)
        for module in modules(tree)
        for function in functions(module.tree)
    }


def file_lengths(tree: Path) -> dict[str, int]:
    """Return the lines of every file."""
    return {str(module.path): len(module.lines) for module in modules(tree)}


def smear(tree: Path) -> dict[str, list[str]]:
    """Return, by feature, the lines outside its folder that name it in an import or in dotted code."""
    return {
        folder.name: _mentions(tree, folder.name)
        for folder in sorted((tree / "features").glob("[!_]*"))
        if folder.is_dir()
    }


def _code_lines(module: Module, function: Function) -> int:
    lines = module.lines[function.lineno - 1 : function.end_lineno]
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        # What a docstring takes is for the reader, not against the function.
        del lines[text.lineno - function.lineno : (text.end_lineno or text.lineno) - function.lineno + 1]
    return sum(1 for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _mentions(tree: Path, feature: str) -> list[str]:
    named = re.compile(
        rf"\bfeatures[./]{feature}\b|\b(kit|self|parts)\.{feature}\b|\"{feature}\"|'{feature}'"
    )
    own = Path("features") / feature
    return [
        f"{module.path}:{number}"
        for module in modules(tree)
        if not module.path.is_relative_to(own)
        for number, line in enumerate(module.lines, 1)
        if named.search(line)
    ]


def report(tree: Path = SOURCE) -> Sequence[str]:
    """Return the lines of the report."""
    lines = [
        f"functions: {Spread.of(function_lengths(tree))}",
        f"files:     {Spread.of(file_lengths(tree))}",
    ]
    for feature, mentions in smear(tree).items():
        lines.append(f"smear of {feature}: {len(mentions)}")
        lines += [f"  {mention}" for mention in mentions]
    return lines


if __name__ == "__main__":
    print("\n".join(report()))
