"""Importing into a kit of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from userkit import SyncUserKit
from userkit.errors import InvalidCredentialsError
from userkit.importing import FORMATS, IMPORTING, Report, Source

SAMPLES = Path(__file__).parent / "samples"
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "correct horse battery staple"
ARGON = "$argon2id$v=19$m=65536,t=3,p=4$mt5D/W6Ow963VP8OGu0oaQ$Z0risu+ZJ3kwFqBok44wE5rvcJ7+8vA0O0jFm8s31ZY"
ADA = '{"email": "ada@example.com", "name": "Ada"}'


@contextmanager
def opened(store: Any = "memory://", **arguments: Any) -> Iterator[SyncUserKit]:
    with SyncUserKit(store, secret=SECRET, relay=False, features=[IMPORTING], **arguments) as kit:
        yield kit


def bring(kit: SyncUserKit, format: str, path: Path, *, parameters: str | None = None, **how: Any) -> Report:
    """Import a file."""
    return kit[IMPORTING](FORMATS[format](Source(path=path, parameters=parameters)), **how)


def brought(kit: SyncUserKit, folder: Path, *lines: str, **how: Any) -> Report:
    """Import lines of JSON."""
    path = folder / "people.jsonl"
    path.write_text("\n".join(lines))
    return bring(kit, "jsonl", path, **how)


def opens(kit: SyncUserKit, email: str, password: str = PASSWORD) -> bool:
    """Tell whether somebody can sign in."""
    try:
        kit.sessions.sign_in(email=email, password=password)
    except InvalidCredentialsError:
        return False
    return True


def outcomes(report: Report) -> dict[str, int]:
    """Return what became of the rows, as far as there are any."""
    return {name: count for name, count in report.outcomes.items() if count}
