"""What makes a test a standard test: it is written once, runs on every kind of store, and stays."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

__all__ = [
    "Deviation",
    "Promise",
    "Removed",
    "Standard",
    "StandardTest",
    "deviation",
    "reason_for",
    "standard_tests",
]

F = TypeVar("F", bound=Callable[..., Any])

_REASON = "__userkit_deviation__"
_PART = "__userkit_part__"

Promise = type[object] | str | None
"""What a part of the suite needs: a capability, the name of an attribute of StoreConformance, or nothing."""


class Standard:
    """A part of the suite.

    Its tests are coroutines that ask for fixtures as parameters; each becomes a plain function that
    runs the coroutine on the bench. ``needs`` is what the store must promise for this part: a
    capability, or the name of an attribute of StoreConformance.
    """

    part_needs: ClassVar[Promise] = None

    def __init_subclass__(cls, *, needs: Promise = None, **kwargs: Any) -> None:
        """Make plain functions of the tests."""
        super().__init_subclass__(**kwargs)
        for name, test in list(vars(cls).items()):
            if name.startswith("test_") and inspect.iscoroutinefunction(test):
                setattr(cls, name, _on_bench(test))
        if Standard in cls.__bases__:
            setattr(cls, _PART, True)
            cls.part_needs = needs


@dataclass(frozen=True, slots=True)
class StandardTest:
    """A test of the suite, and what a store must promise for it to run."""

    name: str
    function: Callable[..., Any]
    needs: Promise


@dataclass(frozen=True, slots=True)
class Deviation:
    """Says why a store does without a standard test; as a decorator, why it has another one instead."""

    reason: str

    def __call__(self, test: F) -> F:
        """Mark the test that stands in for the standard one."""
        setattr(test, _REASON, self.reason)
        return test


@dataclass(frozen=True, slots=True)
class Removed:
    """Stands where a standard test was, so that pytest finds nothing to call there."""

    reason: str


def deviation(reason: str) -> Deviation:
    """Replace or remove a standard test, and say why; the reason is shown at the end of each run.

    ::

        @deviation("The engine rounds times to seconds.")
        def test_times_are_kept_to_the_millisecond(self, store): ...

        test_an_expired_ticket_is_purged = deviation("The engine deletes what has expired by itself.")
    """
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError("A deviation needs a reason for those who will rely on the store.")
    return Deviation(reason.strip())


def reason_for(value: object) -> str | None:
    """Return the reason that a test of an author's carries, if it carries one."""
    if isinstance(value, (Deviation, Removed)):
        return value.reason
    reason: str | None = getattr(value, _REASON, None)
    return reason


def standard_tests(suite: type[object]) -> list[StandardTest]:
    """Return the tests of all parts of a suite."""
    return [
        StandardTest(name, function, part.part_needs)
        for part in suite.__mro__
        if issubclass(part, Standard) and _PART in vars(part)
        for name, function in vars(part).items()
        if name.startswith("test_")
    ]


def _on_bench(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Return a plain function that asks for the same fixtures and for the bench to run on."""
    signature = inspect.signature(test)
    wanted = list(signature.parameters.values())
    asks_for_bench = "bench" in signature.parameters

    @functools.wraps(test)
    def plain(self: object, *, bench: Any, **fixtures: Any) -> None:
        bench.run(test(self, **fixtures, **({"bench": bench} if asks_for_bench else {})))

    if not asks_for_bench:
        wanted.append(inspect.Parameter("bench", inspect.Parameter.POSITIONAL_OR_KEYWORD))
    plain.__signature__ = signature.replace(parameters=wanted)  # type: ignore[attr-defined]  # pytest reads it
    return plain
