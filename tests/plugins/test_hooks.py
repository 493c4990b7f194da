"""Hook plugins do nothing until they are named, and then what they do comes in the order of the names."""

import re
import sys
from types import ModuleType
from typing import Any

import pytest

import userkit.plugins
from tests.plugins.site import Site
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    ForbiddenError,
    MissingExtraError,
    PluginConflictError,
    PluginError,
    PluginLoadError,
    UnknownBackendError,
    UnsupportedStoreError,
)
from userkit.feature import Feature
from userkit.plugins import hookimpl
from userkit.plugins.hooks import HOOKS, Hooks, load_hooks
from userkit.plugins.registry import Status


def _feature(name: str) -> Feature[Any, Any]:
    return Feature(name=name, build=lambda parts: parts, mirror=lambda offer: offer)


class Wrapped(MemoryStore):
    """A store that knows what it was put around, and by whom."""

    def __init__(self, inside: Any, by: str, url: str | None = None) -> None:
        super().__init__()
        self.layers = (*getattr(inside, "layers", ()), by)
        self.url = url


class Layer:
    """A hook plugin that adds a feature and wraps the store, both of its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def userkit_features(self) -> list[Feature[Any, Any]]:
        return [_feature(self.name)]

    @hookimpl
    def userkit_wrap_store(self, store: Any, url: str | None) -> Wrapped:
        return Wrapped(store, self.name, url)


_AUDIT = """
    from userkit.feature import Feature
    from userkit.plugins import hookimpl

    @hookimpl
    def userkit_features():
        return (Feature(name="audit", build=lambda parts: parts, mirror=lambda offer: offer),)
"""


def _install(site: Site, name: str, text: str, *, distribution: str | None = None) -> None:
    module = f"{name}_hooks"
    site.install(
        distribution or f"userkit-{name}",
        entry_points={"userkit.hooks": {name: module}},
        modules={module: text},
    )


@pytest.fixture
def without_pluggy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment as it is without the extra; the test runner goes on with what it has."""
    monkeypatch.setitem(sys.modules, "pluggy", None)
    monkeypatch.delitem(sys.modules, "userkit.plugins.hookspecs")
    monkeypatch.delattr(userkit.plugins, "hookspecs")


@pytest.mark.usefixtures("without_pluggy")
def test_hooks_name_the_extra_that_they_need() -> None:
    """Who writes them, and who gives some to a kit; who gives none needs nothing."""
    assert load_hooks(()).features() == ()
    missing = r"^pluggy is not installed: pip install 'userkit-sdk\[hooks\]'$"
    with pytest.raises(MissingExtraError, match=missing):
        _ = userkit.plugins.hookimpl
    with pytest.raises(MissingExtraError, match=missing):
        load_hooks([Layer("one")])


@pytest.mark.parametrize("text", [_AUDIT, ""], ids=["writes hooks", "writes none"])
@pytest.mark.usefixtures("without_pluggy")
def test_an_installed_hook_plugin_names_the_extra_that_it_needs(site: Site, text: str) -> None:
    """To who names it; in the listing it is one that may be left out, and not a broken one."""
    _install(site, "audit", text)
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[hooks\]"):
        load_hooks(["audit"])
    (described,) = [each for each in HOOKS.describe(load=True) if each.name == "audit"]
    assert described.status is Status.MISSING_EXTRA
    assert "pip install 'userkit-sdk[hooks]'" in (described.problem or "")


def test_without_hooks_everything_stays_as_it_is() -> None:
    """There is not even a plugin manager."""
    hooks, store = load_hooks(()), MemoryStore()
    assert hooks.manager is None
    assert hooks.features() == ()
    assert hooks.wrap_store(store, "memory://") is store


def test_an_installed_hook_plugin_does_nothing_until_it_is_named(site: Site) -> None:
    """A broken one beside it does no harm."""
    _install(site, "audit", _AUDIT)
    _install(site, "broken", "raise RuntimeError")
    assert load_hooks([]).features() == ()
    assert [each.name for each in load_hooks(["audit"]).features()] == ["audit"]
    assert [each.name for each in load_hooks(["Audit"]).features()] == ["audit"]


def test_hooks_are_called_in_the_order_in_which_they_are_named(site: Site) -> None:
    """Names and objects may be mixed; each wraps what the one before made."""
    _install(site, "audit", _AUDIT)
    hooks = load_hooks([Layer("one"), "audit", Layer("two")])
    assert [each.name for each in hooks.features()] == ["one", "audit", "two"]
    store: Any = hooks.wrap_store(MemoryStore(), None)
    assert store.layers == ("one", "two")


def test_a_hook_may_ask_to_be_first_or_last() -> None:
    """The order is pluggy's, within what was named."""

    class First(Layer):
        @hookimpl(tryfirst=True)
        def userkit_wrap_store(self, store: Any) -> Wrapped:
            return Wrapped(store, self.name)

    class Last(Layer):
        @hookimpl(trylast=True)
        def userkit_wrap_store(self, store: Any) -> Wrapped:
            return Wrapped(store, self.name)

    store: Any = load_hooks([Last("last"), Layer("middle"), First("first")]).wrap_store(MemoryStore(), None)
    assert store.layers == ("first", "middle", "last")


def test_hooks_see_no_secret_of_the_url() -> None:
    """They get to know the engine, the host and the name, and None for a store object."""
    hooks = load_hooks([Layer("one")])
    store: Any = hooks.wrap_store(MemoryStore(), "postgresql://ada:s3cret@host/app?token=t0ken")
    assert store.url == "postgresql://host/app"
    store = hooks.wrap_store(MemoryStore(), None)
    assert store.url is None


def test_a_hook_may_leave_things_as_they_are() -> None:
    """None is an answer, and arguments may be left out."""

    class Idle:
        @hookimpl
        def userkit_features(self) -> None:
            return None

        @hookimpl
        def userkit_wrap_store(self) -> None:
            return None

    hooks, store = load_hooks([Idle()]), MemoryStore()
    assert hooks.features() == ()
    assert hooks.wrap_store(store, None) is store


def test_a_module_is_a_hook_plugin() -> None:
    """As an object too, without an entry point."""
    module = ModuleType("badges")
    module.userkit_features = hookimpl(lambda: [_feature("badges")])  # type: ignore[attr-defined]
    assert [each.name for each in load_hooks([module]).features()] == ["badges"]


def test_an_unknown_name_is_met_with_advice(site: Site) -> None:
    """As with stores."""
    _install(site, "audit", _AUDIT)
    with pytest.raises(
        UnknownBackendError, match=r"There is no hook plugin 'audti'\. Did you mean 'audit'\?"
    ):
        load_hooks(["audti"])


def test_a_name_of_two_distributions_needs_a_preference(site: Site) -> None:
    """As with stores."""
    _install(site, "audit", _AUDIT, distribution="one")
    site.install("two", entry_points={"userkit.hooks": {"audit": "no_such_module_4"}})
    with pytest.raises(PluginConflictError):
        load_hooks(["audit"])
    assert load_hooks(["audit"], prefer={"audit": "one"}).features()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("raise RuntimeError('out of order')", r"failed to load: RuntimeError: out of order"),
        (
            "",
            r"none of userkit_features, userkit_wrap_store\. Mark them with @userkit\.plugins\.hookimpl",
        ),
        ("def userkit_features(): return []", r"implements none of userkit_features"),
        (
            "from userkit.plugins import hookimpl\n@hookimpl\ndef userkit_feature(): pass",
            r"userkit_feature, which is no hook\. Did you mean 'userkit_features'\? Hooks: userkit_features,",
        ),
        (
            "from userkit.plugins import hookimpl\n@hookimpl\ndef userkit_wrap_store(stor): pass",
            r"does not fit: .*\{'stor'\} are declared in the hookimpl but can not be found in the hookspec",
        ),
        (
            "from userkit.plugins import hookimpl\n@hookimpl(wrapper=True)\ndef userkit_features(): yield",
            r"wraps userkit_features; userkit calls no wrappers",
        ),
    ],
    ids=["broken", "empty", "unmarked", "unknown hook", "unknown argument", "wrapper"],
)
def test_a_hook_plugin_that_cannot_work_is_refused(site: Site, text: str, problem: str) -> None:
    """When it is loaded, not when a kit is in use; the listing knows it as well."""
    _install(site, "audit", text)
    with pytest.raises(PluginLoadError, match=rf"(?s)'audit' of userkit-audit 1\.0 .*{problem}"):
        load_hooks(["audit"])
    (described,) = [each for each in HOOKS.describe(load=True) if each.name == "audit"]
    assert described.status is Status.BROKEN
    assert re.search(problem, described.problem or "")


def test_a_hook_of_a_later_userkit_may_be_marked_optional() -> None:
    """So that one plugin serves several versions."""

    class Later(Layer):
        @hookimpl(optionalhook=True)
        def userkit_of_tomorrow(self) -> None:
            """Not called yet."""

    assert [each.name for each in load_hooks([Later("later")]).features()] == ["later"]


@pytest.mark.parametrize("plugin", [None, object(), 5, Layer], ids=["None", "object", "number", "class"])
def test_an_object_without_hooks_is_refused(plugin: object) -> None:
    """A class is no plugin; its instance is."""
    with pytest.raises(PluginLoadError):
        load_hooks([plugin])


def test_an_object_that_cannot_be_looked_at_is_refused() -> None:
    """Whatever an object does when it is looked at, the error is one of ours."""

    class Hostile:
        __name__ = "hostile"

        def __dir__(self) -> list[str]:
            raise RuntimeError("do not look")

    with pytest.raises(PluginLoadError, match="The hook plugin hostile does not fit: do not look"):
        load_hooks([Hostile()])


def test_what_is_given_twice_is_an_error(site: Site) -> None:
    """It would count twice."""
    _install(site, "audit", _AUDIT)
    layer = Layer("one")
    for twice in (["audit", "Audit"], [layer, layer]):
        with pytest.raises(PluginError, match="is given twice"):
            load_hooks(twice)


def test_a_list_is_asked_for() -> None:
    """Text is a sequence as well, but of letters."""
    with pytest.raises(ConfigurationError, match=r"hooks=\['audit'\]"):
        load_hooks("audit")


def _hooks(**functions: Any) -> Hooks:
    module = ModuleType("acme")
    for name, function in functions.items():
        setattr(module, name, hookimpl(function))
    return load_hooks([module])


def _fail(error: BaseException) -> Any:
    raise error


async def _later() -> None:
    """Hooks are synchronous."""


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda: 5, "must return a list of features"),
        (lambda: "audit", "must return a list of features"),
        (lambda: [5], "returns a int as a feature"),
        (_later, "must return a list of features"),
        (lambda: _fail(ValueError("no\nlicence")), "The hook plugin acme failed: ValueError: no licence"),
        (lambda: _fail(SystemExit(3)), "The hook plugin acme failed: SystemExit: 3"),
    ],
)
def test_features_are_a_list_of_features(function: Any, problem: str) -> None:
    """What a hook gets wrong is said with its name."""
    with pytest.raises(PluginLoadError, match=problem):
        _hooks(userkit_features=function).features()


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda: 5, "must return a store"),
        (lambda: MemoryStore, "must return a store"),
        (_later, "must return a store"),
    ],
)
def test_a_wrapper_is_a_store(function: Any, problem: str) -> None:
    """What a hook gets wrong is said with its name."""
    with pytest.raises(PluginLoadError, match=f"userkit_wrap_store of acme {problem}"):
        _hooks(userkit_wrap_store=function).wrap_store(MemoryStore(), None)


def test_a_wrapper_waits_exactly_if_the_store_does() -> None:
    """Else a kit would stall its event loop, or wait where there is none."""

    class Waiting(MemoryStore):
        blocking = False

    with pytest.raises(UnsupportedStoreError, match="blocking=False, in the place of one with blocking=True"):
        _hooks(userkit_wrap_store=lambda store: Waiting()).wrap_store(MemoryStore(), None)


@pytest.mark.parametrize("error", [ForbiddenError(), KeyboardInterrupt()])
def test_errors_of_ours_and_interrupts_pass(error: BaseException) -> None:
    """They say what they mean themselves."""
    with pytest.raises(type(error)):
        _hooks(userkit_features=lambda: _fail(error)).features()
