"""Register people, sign in, refresh, see a stolen token found out, manage accounts, and open again.

Run it with ``python examples/quickstart.py [DATABASE_URL]``; without a URL it uses a SQLite file
in a temporary folder.
"""

import asyncio
import csv
import secrets
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from userkit import (
    EmailAlreadyExistsError,
    InvalidCredentialsError,
    InvalidInputError,
    RefreshReuseDetected,
    SyncUserKit,
    UnauthenticatedError,
    UserKit,
    UserRegistered,
    sessions,
)

PEOPLE = Path(__file__).with_name("people.csv")
SECRET = secrets.token_urlsafe(32)  # an application keeps this outside its code
PASSWORD = "seven quiet herons at dawn"


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


async def stay_signed_in(url: str) -> None:
    """Sign in, refresh, and see what happens to a thief who presents a spent refresh token."""
    at_once = timedelta(0)  # a moment of grace is usual; here the reader need not wait for it
    async with UserKit(url, secret=SECRET, features=[sessions(grace=at_once)]) as kit:
        kit.listen(
            RefreshReuseDetected, lambda event: print(f"  told       reuse in session {event.session_id}")
        )
        hedy = await kit.users.register(
            email=f"hedy{secrets.randbelow(10**9)}@example.com", name="Hedy Lamarr", password=PASSWORD
        )
        print(f"  registered {hedy.email} with a password")
        try:
            await kit.sessions.sign_in(email=hedy.email, password="seven loud herons at noon")
        except InvalidCredentialsError as error:
            print(f"  refused    {error.code}")
        tokens = await kit.sessions.sign_in(email=hedy.email, password=PASSWORD)
        identity = await kit.authenticate(tokens.access_token)
        print(f"  signed in  session {identity.session_id}, proved by {', '.join(identity.methods)}")
        renewed = await kit.sessions.refresh(tokens.refresh_token)
        print(f"  refreshed  good for {renewed.expires_in} seconds")
        await asyncio.sleep(0.01)  # so that the grace of nothing is over
        for whose, token in (
            ("the spent token", tokens.refresh_token),
            ("the newest token", renewed.refresh_token),
        ):
            try:
                await kit.sessions.refresh(token)
            except UnauthenticatedError as error:
                print(f"  refused    {whose}: {error.code}")
        print(f"  sessions   {len((await kit.sessions.list(hedy.id)).items)} left: thief and owner are out")
        await kit.users.delete(hedy.id)


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
    """Run the parts on one database."""
    print("Registering people from people.csv (asynchronous kit)")
    asyncio.run(register_everybody(url))
    print("Signing in, and a refresh token that is used twice")
    asyncio.run(stay_signed_in(url))
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
