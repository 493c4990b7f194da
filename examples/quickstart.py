"""Register people from a CSV file, meet duplicates and bad input, page, search, and open again.

Run it with ``python examples/quickstart.py [DATABASE_URL]``; without a URL it uses a SQLite file
in a temporary folder.
"""

import asyncio
import csv
import secrets
import sys
import tempfile
from pathlib import Path

from userkit import EmailAlreadyExistsError, InvalidInputError, SyncUserKit, UserKit, UserRegistered

PEOPLE = Path(__file__).with_name("people.csv")
SECRET = secrets.token_urlsafe(32)  # an application keeps this outside its code


async def register_everybody(url: str) -> None:
    """Register each person of the file, and say what became of it."""
    registered: list[str] = []
    async with UserKit(url, secret=SECRET) as kit:
        kit.listen(UserRegistered, lambda event: registered.append(event.user.email))
        for person in csv.DictReader(PEOPLE.open(encoding="utf-8", newline="")):
            try:
                user = await kit.users.register(
                    email=person["email"], name=person["name"], attributes={"plan": person["plan"]}
                )
            except EmailAlreadyExistsError:
                print(f"  taken      {person['email']}: an account has this address, however it is spelled")
            except InvalidInputError as error:
                print(f"  refused    {person['email']!r}: {error.code}: {error}")
            else:
                print(f"  registered {user.email:32} {user.id}")
    print(f"  {len(registered)} events told of a registration")


async def manage(url: str) -> None:
    """Change, close, open and delete accounts."""
    async with UserKit(url, secret=SECRET) as kit:
        ada = await kit.users.get_by_email("ADA@example.com")
        ada = await kit.users.update(ada.id, name="Ada King", attributes={"plan": "enterprise"})
        print(f"  renamed    {ada.email} to {ada.name}, revision {ada.version}, {dict(ada.attributes)}")
        alan = await kit.users.get_by_email("alan@example.com")
        closed = await kit.users.disable(alan.id)
        print(f"  disabled   {closed.email} at {closed.disabled_at:%H:%M:%S}")
        radia = await kit.users.get_by_email("radia@example.com")
        await kit.users.delete(radia.id)
        print(f"  deleted    {radia.email}")


def look_again(url: str) -> None:
    """Open the database once more, this time without an event loop, and page through it."""
    with SyncUserKit(url, secret=SECRET) as kit:
        print(f"  {kit.users.count()} users")
        cursor, number = None, 1
        while True:
            page = kit.users.list(limit=3, after=cursor)
            print(f"  page {number}     {', '.join(user.name for user in page.items)}")
            if page.next is None:
                break
            cursor, number = page.next, number + 1
        found = kit.users.search("li")
        print(f"  'li' finds {', '.join(user.name for user in found.items)}")
        print(f"  tenant acme has {kit.realm('acme').users.count()} users")


def main(url: str) -> None:
    """Run the three parts on one database."""
    print("Registering people from people.csv (asynchronous kit)")
    asyncio.run(register_everybody(url))
    print("Managing accounts")
    asyncio.run(manage(url))
    print("Opening the database again (synchronous kit)")
    look_again(url)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(f"sqlite:///{folder}/quickstart.db")
