"""The report of `nox -s shape` counts what it says it counts."""

from pathlib import Path

import pytest

from tests.architecture.shape import Spread, file_lengths, function_lengths, report, smear


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small package with two features, one of which is named elsewhere."""
    files = {
        "kit.py": "from package.features.users import User\n\nkit.users.register()\nusers = others\n",
        "features/__init__.py": "",
        "features/users/__init__.py": "from package.features.users.model import User\n",
        "features/users/model.py": (
            "def rename(\n    user,\n):\n"
            '    """Rename.\n\n    A user.\n    """\n'
            "    # why\n\n    def inner():\n        return 1\n    return inner()\n"
        ),
        "features/roles/__init__.py": "async def grant(): return 'roles'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_functions_are_counted_without_what_is_for_the_reader(tree: Path) -> None:
    """Signature and code count; docstring, comments and blank lines do not."""
    assert function_lengths(tree) == {
        "features/roles/__init__.py:1 grant": 1,
        "features/users/model.py:1 rename": 6,
        "features/users/model.py:10 inner": 2,
    }


def test_files_are_counted_with_every_line(tree: Path) -> None:
    """A file is as long as it looks."""
    assert file_lengths(tree)["features/users/model.py"] == 12


def test_smear_is_what_names_a_feature_outside_its_folder(tree: Path) -> None:
    """Imports and dotted names count, other words do not, and neither does the feature's own folder."""
    assert smear(tree) == {"roles": [], "users": ["kit.py:1", "kit.py:3"]}


def test_a_spread_names_the_largest() -> None:
    """The median, the 90th percentile and the place of the maximum."""
    spread = Spread.of({f"f{size}": size for size in range(1, 12)})
    assert str(spread) == "median 6, 90th percentile 10, maximum 11 (f11)"
    assert Spread.of({"only": 5}).ninetieth == 5
    assert Spread.of({}).maximum == 0


def test_the_report_has_a_line_for_each_measure(tree: Path) -> None:
    """Two lines of sizes, and the smear of each feature with its places."""
    titles = [line.partition(":")[0] for line in report(tree)]
    assert titles == ["functions", "files", "smear of roles", "smear of users", "  kit.py", "  kit.py"]
