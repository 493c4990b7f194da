"""Create the tables of authentication as the second revision of userkit itself does."""

from userkit.backends.sqlalchemy.migrations.versions import v0002_authentication as second

revision, down_revision = "0002", "0001"
define, upgrade = second.define, second.upgrade
