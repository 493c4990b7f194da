"""Open a store, fork, and use it in parent and children at once: ``python -m … URL``."""

import logging
import os
import sys

from userkit import SyncUserKit

_log = logging.getLogger(__name__)

CHILDREN, CALLS = 4, 40
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


def main(url: str) -> int:
    """Return how many processes met an error."""
    with SyncUserKit(url, secret=SECRET) as kit:
        kit.users.register(email="ada@example.com", name="Ada Lovelace")
        children = []
        for child in range(CHILDREN):
            if (pid := os.fork()) == 0:
                os._exit(work(kit, f"child{child}"))
            children.append(pid)
        failed = work(kit, "parent")
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        return failed + sum(code != 0 for code in codes)


def work(kit: SyncUserKit, name: str) -> int:
    """Read and write; return 1 when something went wrong."""
    try:
        for number in range(CALLS):
            user = kit.users.register(email=f"{name}-{number}@example.com", name=name)
            assert kit.users.get(user.id) == user
            assert kit.users.get_by_email("ada@example.com").name == "Ada Lovelace"
    except Exception:  # noqa: BLE001  # whatever it is, the parent must hear of it
        _log.exception("%s failed", name)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
