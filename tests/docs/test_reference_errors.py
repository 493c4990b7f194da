"""The page of the errors tells of every error, at the anchor that problems lead to."""

import pkgutil
import re
from importlib import import_module
from types import ModuleType

import pytest

from tests.docs.reference.errors import anchor_of, facts_of, heading_of, public_errors
from tests.docs.reference.pages import FOLDER
from userkit.errors import UserKitError
from userkit.http.problems import status_of, type_of

PAGE = (FOLDER / "errors.md").read_text(encoding="utf-8")
ERRORS = list(public_errors())
SECTIONS = dict(re.findall(r"^(### .+)\n\n((?:.|\n)*?)(?=^##|\Z)", PAGE, re.MULTILINE))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_has_a_section(error: type[UserKitError]) -> None:
    """With its status and code, when it comes, and what to do."""
    facts, when, what_to_do = SECTIONS[heading_of(error)].strip().split("\n\n")
    assert facts == facts_of(error)
    assert when.endswith(".")
    assert re.fullmatch(r"\*\*What to do:\*\* (.|\n)+\.", what_to_do)


def test_no_section_is_of_an_error_that_there_is_not() -> None:
    """One that was renamed leaves nothing behind, and no two share an anchor."""
    assert sorted(SECTIONS) == sorted(map(heading_of, ERRORS))
    assert len({*map(anchor_of, ERRORS)}) == len(ERRORS)


@pytest.mark.parametrize("package", ["features", "http", "integrations"])
def test_no_error_of_a_package_is_left_out(package: str) -> None:
    """One that a new feature brings has a section as well."""
    packages = pkgutil.walk_packages(import_module(f"userkit.{package}").__path__, f"userkit.{package}.")
    found = {each for name in packages for each in errors_of(import_module(name.name))}
    assert found <= {*ERRORS}


def errors_of(module: ModuleType) -> list[type[UserKitError]]:
    """Return the errors that a module defines."""
    kinds = [each for each in vars(module).values() if isinstance(each, type)]
    return [kind for kind in kinds if issubclass(kind, UserKitError) and kind.__module__ == module.__name__]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_the_type_of_a_problem_leads_to_an_error_that_has_the_code(error: type[UserKitError]) -> None:
    """To its own section, or to that of a kind with the same code."""
    code = "internal_error" if status_of(error) == 500 else error.code
    assert code in {anchor_of(each) for each in ERRORS if each.code == code}
    assert type_of(code).endswith(f"/reference/errors/#{code}")
