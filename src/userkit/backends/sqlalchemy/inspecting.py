"""What a SQL database tells of itself."""

from datetime import UTC, datetime

from userkit.backends.sqlalchemy.columns import MYSQL
from userkit.backends.sqlalchemy.links import Link
from userkit.storage.inspection import Inspection, Remark

__all__ = ["inspect"]

_CLOCKS = {
    "postgresql": "SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    **dict.fromkeys(MYSQL, "SELECT UNIX_TIMESTAMP(SYSDATE(6))"),
}
# Where a commit may be told and then lost: the variable, what is wrong, and how to mend it.
_DURABILITY = {
    "postgresql": ("SHOW synchronous_commit", "off", "synchronous_commit"),
    **dict.fromkeys(
        MYSQL, ("SELECT @@innodb_flush_log_at_trx_commit", "0", "innodb_flush_log_at_trx_commit")
    ),
}


def inspect(link: Link) -> Inspection:
    """Return which database it is, its clock if it has one, and whether it keeps what it confirms."""
    dialect = link.dialect
    version = ".".join(str(part) for part in getattr(dialect, "server_version_info", None) or ())
    return Inspection(
        engine=f"{dialect.name} {version}".strip(),
        clock=_clock(link),
        remarks=tuple(_durability(link)),
    )


def _clock(link: Link) -> datetime | None:
    asked = _CLOCKS.get(link.dialect.name)
    if asked is None:
        return None
    return datetime.fromtimestamp(float(link.rows(asked, ())[0][0]), UTC)


def _durability(link: Link) -> list[Remark]:
    if link.dialect.name not in _DURABILITY:
        return []
    asked, wrong, name = _DURABILITY[link.dialect.name]
    value = str(link.rows(asked, ())[0][0])
    return [
        Remark(
            subject="durability",
            ok=value != wrong,
            found=f"{name} is {value}",
            advice=f"Set {name} to what it is by default; else a crash takes back what was confirmed, "
            "such as the end of a session.",
        )
    ]
