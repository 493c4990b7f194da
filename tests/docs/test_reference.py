"""The reference says what the code does: every page is made of it, and every public name is on one."""

import inspect
import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import userkit
from tests.docs.reference.features import FEATURES, events_of, factory_of, page_of
from tests.docs.reference.homes import homes, shown_names
from tests.docs.reference.markdown import options_of
from tests.docs.reference.pages import FOLDER, written

HEADINGS = [
    "What it does",
    "Enable",
    "Options",
    "Routes",
    "Events",
    "What it stores",
    "Threats",
    "API",
]


def text(page: str) -> str:
    """Return a page of the reference."""
    return (FOLDER / page).read_text(encoding="utf-8")


def sections(page: str) -> dict[str, str]:
    """Return what stands below each heading of the second level."""
    parts = re.split(
        r"^## (.+)\n", re.sub(r"```.*?```", "code", text(page), flags=re.DOTALL), flags=re.MULTILINE
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_page_is_what_is_made_of_the_code() -> None:
    """If it is not: `python -m tests.docs.reference`."""
    stale = [page.name for page, made in written().items() if page.read_text(encoding="utf-8") != made]
    assert not stale


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_told_of_on_the_template(feature: str) -> None:
    """Its page has the headings of all features, in their order, and something below each."""
    found = sections(page_of(feature))
    assert list(found)[: len(HEADINGS)] == HEADINGS
    assert all(re.sub(r"<!--.*?-->", "", found[heading]).strip() for heading in HEADINGS)
    assert "```python" in text(page_of(feature)) or feature == "security_notices"


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_says_what_its_options_mean(feature: str) -> None:
    """Each parameter has a line in the docstring, and no line is of a parameter that there is not."""
    factory = factory_of(feature)
    assert set(options_of(factory.__doc__)) == {*inspect.signature(factory).parameters}


@pytest.mark.parametrize("feature", FEATURES)
def test_an_event_says_what_has_happened(feature: str) -> None:
    """What stands in the table of events is the docstring of the event."""
    assert all((each.__doc__ or "").strip().endswith(".") for each in events_of(feature))


def test_every_folder_of_a_feature_has_a_page() -> None:
    """A feature that is not built in is not forgotten."""
    folder = Path(inspect.getfile(import_module("userkit.features"))).parent
    assert {each.name for each in folder.iterdir() if (each / "__init__.py").exists()} == {*FEATURES}


def test_every_public_name_has_one_home() -> None:
    """What `from userkit import …` has stands once in the reference."""
    found = homes()
    counted = Counter({name: len(found.get(name, ())) for name in userkit.__all__})
    assert {name: found.get(name) for name, count in counted.items() if count != 1} == {}


@pytest.mark.parametrize(
    "module",
    ["userkit.testing", "userkit.integrations.fastapi", "userkit.integrations.flask", "userkit.pages"],
)
def test_every_name_of_a_module_for_applications_is_shown(module: str) -> None:
    """With its signature and its docstring."""
    assert set(import_module(module).__all__) - shown_names() == set()
