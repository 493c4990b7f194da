"""FastAPI and PyJWT by hand: a token is checked, and no database is asked."""

from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer

from benchmarks.rivals.ours import SECRET

__all__ = ["app", "token"]

ALGORITHM, NAME = "HS256", "userkit"

app = FastAPI()
scheme = OAuth2PasswordBearer(tokenUrl="token")


def token(claims: dict[str, Any]) -> str:
    """Sign claims for this application, as its own sign-in would."""
    return jwt.encode({**claims, "aud": NAME, "iss": NAME}, SECRET, ALGORITHM)


async def current_id(given: Annotated[str, Depends(scheme)]) -> str:
    """Return whom a token names, as FastAPI's documentation does, with audience and issuer."""
    try:
        claims = jwt.decode(given, SECRET, algorithms=[ALGORITHM], audience=NAME, issuer=NAME)
    except jwt.InvalidTokenError:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None
    return str(claims["sub"])


@app.get("/token")
async def token_alone(user_id: Annotated[str, Depends(current_id)]) -> dict[str, str]:
    """Answer who the token says."""
    return {"id": user_id}
