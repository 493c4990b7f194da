"""A route of FastAPI that does nothing: what the machine and the framework can do at most."""

from fastapi import FastAPI

__all__ = ["app"]

app = FastAPI()


@app.get("/anybody")
async def anybody() -> dict[str, str]:
    """Answer anybody."""
    return {"id": "019a0c4e-7b5f-7c3a-9d1e-2f4a6b8c0d2e", "email": "person0@example.com"}
