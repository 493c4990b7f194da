"""The suite catches integrations that are broken, each by the tests of what it breaks."""

import pytest

from tests.integrations.broken import BROKEN

pytest_plugins = ["pytester"]

_SUITE = """
import pytest
from tests.integrations.broken import starting_broken
from userkit.testing import HttpConformance
from userkit.testing.http import Start


class TestBroken(HttpConformance):
    @pytest.fixture
    def start(self) -> Start:
        return starting_broken({name!r})
"""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_integration_is_caught(pytester: pytest.Pytester, name: str) -> None:
    """By every test that is named for it."""
    _, expected = BROKEN[name]
    pytester.makepyfile(_SUITE.format(name=name))
    chosen = " or ".join(sorted(expected))
    record = pytester.inline_run("-q", "--tb=no", "-p", "no:cacheprovider", "-k", chosen)
    _, skipped, failed = record.listoutcomes()
    caught_by = {report.nodeid.rpartition("::")[2].partition("[")[0] for report in failed}
    assert caught_by == expected
    assert not skipped
    # One that does not start at all would be caught by everything.
    assert all(report.when == "call" for report in failed)


def test_one_that_is_broken_in_one_way_does_the_rest(pytester: pytest.Pytester) -> None:
    """Nearly every other test passes."""
    pytester.makepyfile(_SUITE.format(name="trusts everybody"))
    record = pytester.inline_run("-q", "--tb=no", "-p", "no:cacheprovider")
    passed, skipped, failed = record.listoutcomes()
    assert {report.nodeid.rpartition("::")[2] for report in failed} == {
        "test_lg_4_the_address_is_that_of_the_socket",
        "test_lg_4_a_trusted_proxy_tells_the_address",
    }
    assert len(passed) > 300
    assert not skipped


def test_a_standard_test_is_not_changed_without_a_reason(pytester: pytest.Pytester) -> None:
    """Whoever must differ says why."""
    changed = "\n    def test_both_cookies_arrive(self): ...\n"
    pytester.makepyfile(_SUITE.format(name="misses a route") + changed)
    record = pytester.inline_run("-q", "--tb=no", "-p", "no:cacheprovider")
    assert record.ret == pytest.ExitCode.INTERRUPTED
