"""X14: what is to be done is not put off by a clock that was wrong."""

from tests.faults.sites import Site
from tests.faults.test_clock import site
from tests.security.world import EMAIL, PASSWORD
from userkit.features.outbox import OutboxEntry

__all__ = ["site"]


def test_x14_letters_that_were_written_in_the_future_are_sent_when_the_clock_is_right(site: Site) -> None:
    """Nobody waits for that time to come."""
    site.clock.advance(days=400)
    user = site.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    site.kit.users.delete(user.id)
    site.clock.advance(days=-400)
    site.clock.advance(hours=1)  # the longest pause that an entry can have by a clock that is right
    site.deliver()
    assert site.stored(OutboxEntry) == ()
