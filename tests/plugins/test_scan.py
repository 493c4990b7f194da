"""What is installed is listed, whatever state a stranger's distribution is in."""

import logging
import sys

import pytest

from tests.plugins.site import Site, store_plugin
from userkit.plugins.advice import userkit_version
from userkit.plugins.offers import scan
from userkit.plugins.opening import STORES


@pytest.mark.parametrize("wrong", [b"[userkit.stores]\nacme = \xff\xfe", b"[userkit.stores]\nno equals sign"])
def test_an_unreadable_distribution_hides_no_other(
    site: Site, wrong: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is left out, and the log says so."""
    site.install_store("zeta", store_plugin("zeta"))
    info = site.install("userkit-acme", entry_points={})
    (info / "entry_points.txt").write_bytes(wrong)
    with caplog.at_level(logging.WARNING, "userkit.plugins"):
        assert "zeta" in {entry.name for entry in scan("userkit.stores")}
    assert "userkit-acme" in caplog.text
    assert STORES.load("zeta").name == "zeta"


def test_the_version_is_that_of_the_metadata(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without metadata there is no version to tell."""
    site.install_userkit()
    assert userkit_version() == "0.1.0"
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(
        sys, "meta_path", [finder for finder in sys.meta_path if not hasattr(finder, "find_distributions")]
    )
    assert userkit_version() == "(not installed)"
