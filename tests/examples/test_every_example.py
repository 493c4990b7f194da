"""What holds for every example to start from: it is small, started by a test, and told of."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOLD = (ROOT / "docs" / "how-to" / "examples.md").read_text(encoding="utf-8")
MOST_FILES = 5
EXAMPLES = (
    "background_worker",
    "custom_feature",
    "dynamodb_lambda",
    "existing_users_table",
    "fastapi_app",
    "flask_app",
    "multi_tenant",
    "screening",
    "sqlalchemy_session",
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_small_and_has_a_test_and_a_place(name: str) -> None:
    """At most five files, a test of the same name, and a line on the page of examples."""
    folder = ROOT / "examples" / name
    files = [each for each in folder.rglob("*") if each.is_file() and "__pycache__" not in each.parts]
    assert 2 <= len(files) <= MOST_FILES
    assert Path(__file__).with_name(f"test_{name}.py").exists()
    assert f"| `{name}` |" in TOLD


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_command_starts_an_example(name: str) -> None:
    """The README says it, and names a program that is there."""
    folder = ROOT / "examples" / name
    readme = (folder / "README.md").read_text(encoding="utf-8")
    commands = [f"python examples/{name}/{each.name}" for each in sorted(folder.glob("*.py"))]
    assert any(each in readme for each in commands) or f"cd examples/{name} && python " in readme
