"""What a user is, without any store."""

from datetime import UTC, datetime, timedelta

from userkit.features.users import User
from userkit.kernel.email import EmailAddress

THEN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = THEN + timedelta(days=1)
ADA = User.register(
    id="019c9f2f-3d7b-7000-8000-000000000000",
    address=EmailAddress.parse("Ada@Example.com"),
    name="Ada Lovelace",
    attributes={"plan": "free"},
    now=THEN,
)


def test_time_comes_in_as_an_argument() -> None:
    """The model asks no clock."""
    assert (ADA.created_at, ADA.updated_at, ADA.version) == (THEN, THEN, 1)
    assert ADA.disabled(LATER).disabled_at == LATER
    assert ADA.changed(LATER, name="Ada King").updated_at == LATER


def test_what_changes_nothing_is_the_same_object() -> None:
    """So that nothing is written."""
    closed = ADA.disabled(LATER)
    assert ADA.enabled(LATER) is ADA
    assert closed.disabled(LATER) is closed
    assert ADA.changed(LATER) is ADA
    assert ADA.changed(LATER, name="Ada Lovelace", attributes={"plan": "free"}) is ADA


def test_an_address_is_verified_at_a_time() -> None:
    """Until then it is not."""
    assert not ADA.is_email_verified
    assert ADA.evolve(email_verified_at=LATER).is_email_verified


def test_a_user_is_searched_by_the_address_and_the_words_of_the_name() -> None:
    """The address comes first, and nothing comes twice."""
    assert ADA.search_words == ("ada@example.com", "ada", "lovelace")
    assert ADA.evolve(name="ada@example.com").search_words == ("ada@example.com", "ada@example", "com")


def test_users_with_attributes_can_be_put_in_sets() -> None:
    """Attributes count when users are compared, and not when they are hashed."""
    assert len({ADA, ADA.evolve(), ADA.changed(LATER, attributes={})}) == 3
