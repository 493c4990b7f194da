"""Plugins are found by name, loaded one by one, and what is wrong with one is said."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.plugins.site import Site, store_plugin
from userkit.errors import (
    MissingExtraError,
    PluginConflictError,
    PluginIncompatibleError,
    PluginLoadError,
    UnknownBackendError,
    UsageError,
)
from userkit.plugins.registry import Registry, Status, plugins_of
from userkit.storage.plugin import StorePlugin

Stores = Registry[StorePlugin]


def test_names_are_in_order_and_nothing_is_imported(site: Site, stores: Stores) -> None:
    """To know what is installed, nothing runs."""
    site.install_store("zeta", "raise RuntimeError")
    site.install_store("acme", "raise RuntimeError")
    assert stores.names() == ("acme", "zeta")
    assert stores.choose("acme").distribution == "userkit-acme"
    assert not {"zeta_store", "acme_store"} & sys.modules.keys()


def test_only_what_is_named_is_imported(site: Site, stores: Stores) -> None:
    """A broken plugin beside the one that is named does no harm."""
    site.install_store("acme", store_plugin("acme"))
    site.install_store("broken", "raise RuntimeError")
    assert stores.load("acme").name == "acme"
    assert "broken_store" not in sys.modules


def test_names_do_not_tell_case(site: Site, stores: Stores) -> None:
    """URL schemes do not either (RFC 3986, section 3.1)."""
    site.install(
        "userkit-acme",
        entry_points={"userkit.stores": {"ACME": "acme_store:plugin"}},
        modules={"acme_store": store_plugin("acme")},
    )
    assert stores.load("Acme").name == "acme"


def test_an_unknown_name_is_met_with_advice(site: Site, stores: Stores) -> None:
    """The error says what is installed, and what was perhaps meant."""
    site.install_store("acme", "")
    site.install_store("zeta", "")
    with pytest.raises(
        UnknownBackendError, match=r"no store 'acne'\. Did you mean 'acme'\? Installed: acme, zeta\."
    ):
        stores.load("acne")
    with pytest.raises(UnknownBackendError, match=r"no store 'mongodb'\. Installed: acme, zeta\."):
        stores.load("mongodb")


def test_a_known_name_that_is_not_installed_comes_with_the_command(site: Site) -> None:
    """The error says what to run, also where nothing at all is installed."""
    known = {"acme": "userkit-acme", "sqlite": "userkit-sdk[sqlite]"}
    stores = Registry(
        "userkit.stores",
        kind="store",
        accept=plugins_of(StorePlugin, api_version=1),
        known=known,
        entry_points=site.entry_points,
    )
    with pytest.raises(
        UnknownBackendError, match=r"To install it: pip install userkit-acme\. Installed: none\."
    ):
        stores.load("acme")
    with pytest.raises(UnknownBackendError, match=r"pip install 'userkit-sdk\[sqlite\]'"):
        stores.load("sqlite")
    with pytest.raises(UnknownBackendError, match=r"Did you mean 'sqlite'\?"):
        stores.load("sqlite3")


def test_what_is_installed_later_is_found(site: Site, stores: Stores) -> None:
    """Neither a new distribution nor a new folder on the path needs a new process."""
    with pytest.raises(UnknownBackendError):
        stores.load("acme")
    site.install_store("acme", store_plugin("acme"))
    assert stores.load("acme").name == "acme"


def test_a_changed_path_is_looked_at_again(
    site: Site, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen on another path does not count."""
    assert stores.names() == ()
    site.install_store("acme", "")
    assert stores.names() == ()
    monkeypatch.syspath_prepend(str(site.path.parent))
    assert stores.names() == ("acme",)


def _two_postgresql(site: Site) -> None:
    site.install_userkit()
    site.install(
        "Acme_Postgres",
        "2.0",
        entry_points={"userkit.stores": {"PostgreSQL": "acme_store:plugin"}},
        modules={"acme_store": store_plugin("postgresql")},
    )


def test_nobody_shadows_a_built_in_name_unsaid(site: Site, stores: Stores) -> None:
    """Two distributions with one name are a conflict, and the error says how to choose."""
    _two_postgresql(site)
    with pytest.raises(PluginConflictError) as caught:
        stores.load("postgresql")
    assert "userkit-sdk 0.1.0" in caught.value.detail
    assert "Acme_Postgres 2.0" in caught.value.detail
    assert "prefer={'postgresql': " in caught.value.detail
    assert "acme_store" not in sys.modules


@pytest.mark.parametrize("distribution", ["Acme_Postgres", "acme-postgres", "ACME.postgres"])
@pytest.mark.parametrize("name", ["postgresql", "PostgreSQL"])
def test_who_is_preferred_is_taken(site: Site, stores: Stores, name: str, distribution: str) -> None:
    """A preference settles a conflict; names of distributions are compared as pip does."""
    _two_postgresql(site)
    prefer = {name: distribution, "other": "nobody"}
    assert stores.load("postgresql", prefer=prefer).factory.__module__ == "acme_store"
    assert stores.choose("postgresql", prefer={name: "userkit-sdk"}).distribution == "userkit-sdk"


def test_a_preference_for_nobody_is_an_error(site: Site, stores: Stores) -> None:
    """Also where no choice is needed: what was asked for is not there."""
    _two_postgresql(site)
    for name in ("postgresql", "memory"):
        with pytest.raises(
            UnknownBackendError, match=r"acme-db is preferred .* but offers none here.*userkit-sdk 0\.1\.0"
        ):
            stores.load(name, prefer={name: "acme-db"})


def test_one_distribution_seen_twice_is_no_conflict(site: Site, tmp_path: Path) -> None:
    """An editable install and a copy are one distribution; the first on the path counts."""
    copy = Site(tmp_path / "copy")
    site.install_store("acme", store_plugin("acme"), distribution="userkit-acme", version="2.0")
    copy.install_store("acme", "raise RuntimeError", distribution="userkit_acme", version="1.0")
    stores = Registry(
        "userkit.stores",
        kind="store",
        accept=plugins_of(StorePlugin, api_version=1),
        entry_points=lambda group: [*site.entry_points(group), *copy.entry_points(group)],
    )
    assert stores.choose("acme").version == "2.0"
    assert len(stores.describe()) == 1


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("raise RuntimeError('out of\\n  order')", "RuntimeError: out of order"),
        ("this is no Python", "SyntaxError"),
        ("import no_such_module_1", "ModuleNotFoundError: No module named 'no_such_module_1'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
        ("raise ImportError('no pq wrapper')", "ImportError: no pq wrapper"),
        ("", "AttributeError"),
        ("raise ValueError('x' * 10_000)", "ValueError: x"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named(site: Site, stores: Stores, text: str, cause: str) -> None:
    """The error tells the distribution, its version and the cause, which is chained."""
    site.install_store("acme", text, version="1.2")
    with pytest.raises(PluginLoadError) as caught:
        stores.load("acme")
    assert caught.value.detail.startswith(f"'acme' of userkit-acme 1.2 failed to load: {cause}")
    assert len(caught.value.detail) < 700
    assert type(caught.value) is PluginLoadError
    assert type(caught.value.__cause__).__name__ == cause.partition(":")[0]


def test_a_module_that_is_not_there_is_named(site: Site, stores: Stores) -> None:
    """A mistyped entry point is the plugin's mistake and no missing extra."""
    site.install(
        "userkit-acme",
        entry_points={"userkit.stores": {"acme": "acme_stor:plugin", "odd": "not a reference!"}},
        requires=['acme-stor; extra == "acme"'],
    )
    with pytest.raises(PluginLoadError, match="No module named 'acme_stor'"):
        stores.load("acme")
    with pytest.raises(PluginLoadError, match=r"'odd' of userkit-acme 1\.0 failed to load"):
        stores.load("odd")


def test_an_interrupt_is_not_a_broken_plugin(site: Site, stores: Stores) -> None:
    """Ctrl-C while a plugin is imported stops the application."""
    site.install_store("acme", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        stores.load("acme")


@pytest.mark.parametrize(
    ("requires", "extra"),
    [
        (['acme-driver>=1; extra == "acme"'], "acme"),
        (["Acme.Driver[fast] (>=1) ; python_version > \"3\" and extra == 'fast'"], "fast"),
        (['acme-driver; extra == "all"', 'acme-driver; extra == "acme"', "click"], "acme"),
        (['acme-driver; extra == "one"', 'acme-driver; extra == "two"'], "one"),
        (['PyAcme; extra == "acme"', 'other; extra == "all"'], "acme"),
    ],
    ids=[
        "of its name",
        "of another name",
        "of its name among several",
        "the first",
        "driver of another name",
    ],
)
def test_a_missing_driver_names_the_extra(
    site: Site, stores: Stores, requires: list[str], extra: str
) -> None:
    """The metadata of the distribution knows which extra brings the module."""
    site.install(
        "userkit-acme",
        entry_points={"userkit.stores": {"acme": "acme_store:plugin"}},
        modules={"acme_store": "import acme_driver.fast"},
        requires=requires,
    )
    with pytest.raises(MissingExtraError) as caught:
        stores.load("acme")
    assert f"pip install 'userkit-acme[{extra}]'" in caught.value.detail
    assert "acme_driver" in caught.value.detail
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize("requires", [[], ["acme-driver"], ['other; extra == "other"']])
def test_a_missing_module_without_an_extra_is_the_plugin_s_mistake(
    site: Site, stores: Stores, requires: list[str]
) -> None:
    """Where no extra would help, none is named."""
    site.install(
        "userkit-acme",
        entry_points={"userkit.stores": {"acme": "acme_store:plugin"}},
        modules={"acme_store": "import acme_driver"},
        requires=requires,
    )
    with pytest.raises(PluginLoadError, match="No module named 'acme_driver'") as caught:
        stores.load("acme")
    assert type(caught.value) is PluginLoadError


@pytest.mark.parametrize(
    ("version", "upgrade"),
    [(2, "Upgrade userkit-sdk."), (1, "Upgrade userkit-acme.")],
    ids=["newer", "older"],
)
def test_a_plugin_for_another_api_says_whom_to_upgrade(site: Site, version: int, upgrade: str) -> None:
    """The error names both versions and the side that is behind."""
    site.install_store("acme", store_plugin("acme").replace("api_version=1", f"api_version={version}"))
    ours = 3 - version
    stores = Registry(
        "userkit.stores",
        kind="store",
        accept=plugins_of(StorePlugin, api_version=ours),
        entry_points=site.entry_points,
    )
    with pytest.raises(PluginIncompatibleError) as caught:
        stores.load("acme")
    assert f"version {version} of the plugin API" in caught.value.detail
    assert f"speaks version {ours}" in caught.value.detail
    assert caught.value.detail.endswith(upgrade)


def test_what_is_no_plugin_is_refused(site: Site, stores: Stores) -> None:
    """The error names what the entry point yields instead."""
    site.install_store("acme", "def plugin(): pass")
    with pytest.raises(
        PluginLoadError, match=r"'acme' of userkit-acme 1\.0 is of the type function, not StorePlugin"
    ):
        stores.load("acme")


def test_a_plugin_goes_by_the_name_of_its_entry_point(site: Site, stores: Stores) -> None:
    """Else errors would speak of one name, and URLs of another."""
    site.install_store("acme", store_plugin("other"))
    with pytest.raises(PluginLoadError, match=r"'acme' of userkit-acme 1\.0 calls itself 'other'"):
        stores.load("acme")


def test_a_plugin_that_describes_itself_wrongly_fails_to_load(site: Site, stores: Stores) -> None:
    """What the plugin's own declaration refuses is the cause."""
    site.install_store("acme", store_plugin("Acme"))
    with pytest.raises(PluginLoadError, match="UsageError") as caught:
        stores.load("acme")
    assert isinstance(caught.value.__cause__, UsageError)


def test_a_distribution_without_metadata_still_offers(site: Site, stores: Stores) -> None:
    """Its plugins work, and errors call it unnamed."""
    site.install_store("acme", store_plugin("acme"))
    (site.path / "userkit_acme-1.0.dist-info" / "METADATA").unlink()
    site.install_store("broken", "import no_such_module_2")
    (site.path / "userkit_broken-1.0.dist-info" / "METADATA").write_bytes(b"Name: \xff")
    assert stores.load("acme").name == "acme"
    with pytest.raises(PluginLoadError, match="'broken' of an unnamed distribution failed to load"):
        stores.load("broken")


def test_an_entry_point_of_no_distribution_works(site: Site) -> None:
    """Tests and frozen applications may make entry points by hand."""
    site.install(
        "modules-only",
        entry_points={},
        modules={"acme_store": store_plugin("acme"), "broken_store": "import no_such_module_3"},
    )
    entries = [EntryPoint(name, f"{name}_store:plugin", "userkit.stores") for name in ("acme", "broken")]
    stores = Registry(
        "userkit.stores",
        kind="store",
        accept=plugins_of(StorePlugin, api_version=1),
        entry_points=lambda _: entries,
    )
    assert stores.load("acme").name == "acme"
    with pytest.raises(PluginLoadError, match="unnamed distribution"):
        stores.load("broken")


def _every_kind_of_plugin(site: Site) -> None:
    site.install_store("good", store_plugin("good", more="summary='Good.'"))
    site.install_store("broken", "import sys; sys.exit()")
    site.install_store("future", store_plugin("future").replace("api_version=1", "api_version=9"))
    site.install(
        "userkit-bare",
        entry_points={"userkit.stores": {"bare": "bare_store:plugin"}},
        modules={"bare_store": "import bare_driver"},
        requires=['bare-driver; extra == "bare"'],
    )
    for distribution in ("one", "two"):
        site.install(
            distribution,
            entry_points={"userkit.stores": {"twin": f"twin_{distribution}:plugin"}},
            modules={f"twin_{distribution}": store_plugin("twin")},
        )


def test_plugins_are_described_without_loading(site: Site, stores: Stores) -> None:
    """Only a conflict can be told from outside."""
    _every_kind_of_plugin(site)
    statuses = [(each.name, each.status) for each in stores.describe()]
    assert statuses == [
        ("bare", Status.UNCHECKED),
        ("broken", Status.UNCHECKED),
        ("future", Status.UNCHECKED),
        ("good", Status.UNCHECKED),
        ("twin", Status.CONFLICT),
        ("twin", Status.CONFLICT),
    ]
    assert not {"good_store", "twin_one"} & sys.modules.keys()


def test_plugins_are_described_one_by_one(site: Site, stores: Stores) -> None:
    """Each is tried, and none hurts another."""
    _every_kind_of_plugin(site)
    found = {(each.name, each.distribution): each for each in stores.describe(load=True)}
    assert {key: each.status for key, each in found.items()} == {
        ("bare", "userkit-bare"): Status.MISSING_EXTRA,
        ("broken", "userkit-broken"): Status.BROKEN,
        ("future", "userkit-future"): Status.INCOMPATIBLE,
        ("good", "userkit-good"): Status.OK,
        ("twin", "one"): Status.CONFLICT,
        ("twin", "two"): Status.CONFLICT,
    }
    good, broken = found["good", "userkit-good"], found["broken", "userkit-broken"]
    assert (good.kind, good.group, good.version, good.problem) == ("store", "userkit.stores", "1.0", None)
    assert good.plugin is not None
    assert good.plugin.summary == "Good."
    assert broken.plugin is None
    assert "SystemExit" in (broken.problem or "")
    assert {key[0] for key, each in found.items() if each.status.bad} == {"broken", "future", "twin"}


def test_a_preference_counts_in_descriptions(site: Site, stores: Stores) -> None:
    """The one that is preferred is tried, the other is passed over; a wrong preference stays a conflict."""
    _every_kind_of_plugin(site)
    twins = [each for each in stores.describe(load=True, prefer={"twin": "two"}) if each.name == "twin"]
    assert {each.distribution: each.status for each in twins} == {"one": Status.PASSED_OVER, "two": Status.OK}
    twins = [each for each in stores.describe(prefer={"twin": "three"}) if each.name == "twin"]
    assert {each.status for each in twins} == {Status.CONFLICT}
