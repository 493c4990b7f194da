"""An application without mail, and a worker that sends it: ``python examples/background_worker/main.py``.

``main.py app`` and ``main.py worker`` are the two processes by themselves; without a word both run, until one
of them ends. What they share is in the folder ``worker-data``, or where ``DATA`` says.
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from userkit import SyncUserKit, UserKit, mail

PORT = int(os.environ.get("PORT", "8000"))
DATA = Path(os.environ.get("DATA", "worker-data")).absolute()
GLANCE = 0.2


def secret() -> str:
    """Return the secret of both processes: the worker makes links that the application takes."""
    file = DATA / "secret"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return file.read_text()


def arguments() -> dict[str, Any]:
    """Return what both kits are made of. A database server and a mail server would be named here."""
    DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "store": f"sqlite:///{DATA / 'app.db'}",
        "secret": secret(),
        "features": [mail(sender="Example <no-reply@app.example>")],
        "mailer": f"directory://{DATA / 'mail'}",
        "base_url": f"http://localhost:{PORT}",
        "app_name": "Example",
    }


def serve() -> None:
    """Be the application: letters are written into the database in the commits of what they tell."""
    import uvicorn
    from fastapi import FastAPI

    from userkit.integrations.fastapi import UserKitRouter

    app = FastAPI(title="Example")
    app.include_router(UserKitRouter(UserKit(**arguments(), relay=False)))
    uvicorn.run(app, port=PORT)


def work() -> None:
    """Be the worker: an open kit does what waits in the outbox, until a signal asks it to end."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with SyncUserKit(**arguments()):
        print("The worker works.", flush=True)
        stop.wait()


def both() -> NoReturn:
    """Run both; when one ends, end the other. Whoever runs processes for you does this better."""
    arguments()  # the secret is made here, and not by two processes at once
    processes = [subprocess.Popen([sys.executable, __file__, what]) for what in ("app", "worker")]

    def end(number: int, frame: FrameType | None) -> None:
        for process in processes:
            process.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    ended = threading.Event()
    while all(process.poll() is None for process in processes):
        ended.wait(GLANCE)
    end(signal.SIGTERM, None)
    sys.exit(max(abs(process.wait()) for process in processes))


if __name__ == "__main__":
    {"app": serve, "worker": work}.get(" ".join(sys.argv[1:]), both)()
