"""An account, a session and a look at both: run it with ``python accounts.py``."""

import asyncio
import os
import secrets

from userkit import EmailAlreadyExistsError, UserKit

# Make it once, and keep it outside the code.
SECRET = os.environ.get("USERKIT_SECRET") or secrets.token_urlsafe(32)
EMAIL, PASSWORD = "ada@example.com", "mauve otters juggle teapots"


async def main() -> None:
    """Register Ada, sign her in, and ask whose token it is."""
    async with UserKit("sqlite:///accounts.db", secret=SECRET) as kit:
        try:
            await kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
        except EmailAlreadyExistsError:
            print("Ada has an account already.")

        tokens = await kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        identity = await kit.authenticate(tokens.access_token)
        ada = await kit.users.get(identity.user_id)
        print(f"{ada.name} is signed in; the token is good for {tokens.expires_in} s.")


asyncio.run(main())
