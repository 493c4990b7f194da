"""Write nicknames in capitals."""

from alembic.operations import Operations
from sqlalchemy import MetaData

revision, down_revision = "9002", "9001"


def upgrade(op: Operations, before: MetaData, after: MetaData) -> None:
    """Change the values; the tables stay as they are."""
    op.execute("UPDATE userkit_users SET nickname = upper(nickname)")
