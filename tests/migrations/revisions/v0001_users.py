"""Create the tables as they are in the first revision of userkit itself."""

from userkit.backends.sqlalchemy.migrations.versions import v0001_users as first

revision, down_revision = "0001", None
define, upgrade = first.define, first.upgrade
