"""Do everything once, so that processes that are forked afterwards have it imported and read."""

import gc

from tests.faults import victims
from tests.faults.sites import Site, options
from userkit import SyncUserKit
from userkit.backends.sqlalchemy.opening import open_url
from userkit.sync import run

__all__ = ["victims"]


def _warm_up() -> None:
    open_url("postgresql+psycopg://nobody@localhost/nothing", blocking=True)
    store = open_url("sqlite://", blocking=True)
    run(SyncUserKit(store, **options())._assembly.prepare(store, create=True))
    site = Site(store)
    user = site.ada()
    site.kit.sessions.refresh(site.sign_in().refresh_token)
    site.reset_token()
    site.kit.users.delete(user.id)
    run(store.close())
    # Who only looks at what was inherited must not copy it.
    gc.collect()
    gc.freeze()


_warm_up()
