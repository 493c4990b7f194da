"""What the page of the errors must say of each."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import import_module

from tests.docs.reference.markdown import code
from userkit.errors import InvalidInputError, UserKitError
from userkit.http.problems import status_of

__all__ = ["anchor_of", "error_tree", "facts_of", "heading_of", "public_errors", "with_facts"]

# Where else errors are that applications meet.
_MODULES = (
    "userkit.errors",
    "userkit.features.activity_summary.errors",
    "userkit.http.problems",
    "userkit.integrations.fastapi.adopting",
)
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SECTION = re.compile(r"^(### `(\w+)` \{ #\w+ \}\n\n)(.*)$", re.MULTILINE)


def public_errors() -> Iterator[type[UserKitError]]:
    """Give every error that applications and clients meet."""
    for name in _MODULES:
        module = import_module(name)
        for each in map(vars(module).__getitem__, module.__all__):
            if isinstance(each, type) and issubclass(each, UserKitError):
                yield each


def anchor_of(error: type[UserKitError]) -> str:
    """Return the anchor of an error: its code, or its name in words where it shares the code of its parent.

    So the type of every problem over HTTP leads to the error that first has the code.
    """
    if error is InvalidInputError:
        return "invalid_input"  # clients meet its code as ValidationFailedError
    if error.code != getattr(error.__base__, "code", None):
        return error.code
    return "_".join(_WORDS.split(error.__name__.removesuffix("Error"))).lower()


def heading_of(error: type[UserKitError]) -> str:
    """Return the heading of the section of an error."""
    return f"### {code(error.__name__)} {{ #{anchor_of(error)} }}"


def facts_of(error: type[UserKitError]) -> str:
    """Return the status, the code, where it is imported from, and what it is a kind of."""
    status = int(status_of(error))
    told = f"**{status}** {code('internal_error' if status == 500 else error.code)}"
    if status == 500 and error.code != "internal_error":
        told += f" · in Python {code(error.code)}"
    (parent,) = error.__bases__
    if issubclass(parent, UserKitError):
        told += f" · a kind of [{code(parent.__name__)}](#{anchor_of(parent)})"
    return told + f" · {code(error.__module__)}"


def error_tree() -> str:
    """Return the errors as a tree, each below what it is a kind of."""
    kinds: dict[type[Exception], list[type[UserKitError]]] = defaultdict(list)
    for each in public_errors():
        kinds[each.__bases__[0]].append(each)
    return "\n".join(["```text", "UserKitError", *_branches(kinds, UserKitError), "```"])


def _branches(
    kinds: Mapping[type[Exception], list[type[UserKitError]]], parent: type[UserKitError]
) -> Iterator[str]:
    below = sorted(kinds[parent], key=lambda kind: kind.__name__)
    for each in below:
        is_last = each is below[-1]
        yield f"{'└── ' if is_last else '├── '}{each.__name__}"
        yield from (f"{'    ' if is_last else '│   '}{line}" for line in _branches(kinds, each))


def with_facts(page: str) -> str:
    """Return the page with the facts of each error below its heading."""
    facts = {each.__name__: facts_of(each) for each in public_errors()}
    return _SECTION.sub(lambda found: found[1] + facts.get(found[2], found[3]), page)
