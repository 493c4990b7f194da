"""Domains of throw-away mailboxes."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.errors import MissingExtraError
from userkit.features.screening.model import Verdict
from userkit.features.screening.rules import Rulebook
from userkit.features.screening.rules.domains import disposable_domains, is_disposable


@pytest.mark.parametrize("domain", ["yopmail.com", "YOPMAIL.com.", "mx.a.yopmail.com", " guerrillamail.com "])
def test_known_domains_and_what_is_below_them_are_disposable(domain: str) -> None:
    """In whatever case, and with the dot of the root."""
    assert is_disposable(domain)


@pytest.mark.parametrize(
    "domain", ["example.com", "gmail.com", "proton.me", "notyopmail.com", "com", "", ".", "ex\ud800.com"]
)
def test_other_domains_are_not(domain: str) -> None:
    """A common ending is not enough, and nonsense is nothing."""
    assert not is_disposable(domain)


def test_the_application_adds_and_allows_domains() -> None:
    """The longest domain decides."""
    extra, allowed = (
        frozenset({"trash.example", "bad.fine.example"}),
        frozenset({"fine.example", "yopmail.com"}),
    )
    assert is_disposable("trash.example", extra=extra)
    assert is_disposable("mx.trash.example", extra=extra)
    assert not is_disposable("x.yopmail.com", allowed=allowed)
    assert not is_disposable("x.fine.example", extra=extra, allowed=allowed)
    assert is_disposable("x.bad.fine.example", extra=extra, allowed=allowed)


def test_without_the_list_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless nothing is asked of it."""
    monkeypatch.setitem(sys.modules, "disposable_email_domains", None)
    with pytest.raises(MissingExtraError, match=r"userkit-sdk\[screening\]"):
        Rulebook.of()
    with pytest.raises(MissingExtraError, match="disposable_email_domains is not installed"):
        disposable_domains()
    Rulebook.of(disposable=Verdict.ALLOW)


@given(st.text(st.characters(exclude_categories=[])))
def test_any_domain_is_judged(domain: str) -> None:
    """Whatever it is."""
    assert is_disposable(domain) in {True, False}
