"""The suites, in the order in which they are run and shown."""

__all__ = ["SUITES"]

SUITES = (
    "signed_in",
    "open_loop",
    "sign_ins",
    "workers",
    "memory",
    "cached",
    "store",
    "engines",
    "counts",
    "sync_calls",
    "pages",
    "load",
    "tokens",
    "imports",
    "install",
    "strangers",
)
