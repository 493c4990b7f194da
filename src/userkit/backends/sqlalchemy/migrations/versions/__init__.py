"""The revisions, oldest first by number. What was released is never changed again.

A revision is a module with ``revision`` and ``down_revision``, and

- ``define(metadata)``, which turns the tables as the revision before left them into what they are
  after this one. Tables without a version row are recognised by it, so leave it out where only
  data change. Its types are frozen, as in ``types_v1``; today's would change the past.
- ``upgrade(op, before, after)``, which does it. ``op`` is Alembic's Operations for this run;
  ``before`` and ``after`` are what ``define`` said, for ``copy_from`` and ``create_table``.

MariaDB and MySQL commit with every CREATE and ALTER. There an interrupted revision is run again
from its beginning, and a revision without ``define`` may be run on tables that never needed it:
write both so that it does no harm.
"""
