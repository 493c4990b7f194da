"""Users to measure with."""

from collections.abc import Iterator
from datetime import timedelta

from userkit import User
from userkit.kernel.clock import utc_now
from userkit.kernel.email import EmailAddress
from userkit.kernel.ids import UUIDv7

__all__ = ["people"]

_FIRST = ("Ada", "Grace", "Alan", "Barbara", "Edsger", "Radia", "Margaret", "Katherine", "Donald")
_LAST = ("Lovelace", "Hopper", "Turing", "Liskov", "Dijkstra", "Perlman", "Hamilton", "Johnson", "Knuth")


def people(count: int, *, prefix: str = "person") -> Iterator[User]:
    """Return this many different users, registered one millisecond after the other."""
    begin = utc_now()
    moment = begin
    new_id = UUIDv7(lambda: moment)
    for number in range(count):
        moment = begin + timedelta(milliseconds=number)
        address = f"{prefix}{number}@example.com"
        yield User.register(
            id=new_id(),
            address=EmailAddress(typed=address, key=address),  # known to be canonical
            name=f"{_FIRST[number % 9]} {_LAST[number // 9 % 9]}",
            attributes={"plan": "pro"},
            now=moment,
        )
