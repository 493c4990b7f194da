"""Everything that a store is written with: the port, what a commit is made of, and what stores share.

Beside this there is ``userkit.errors`` for what it raises, and ``userkit.testing`` for its tests. The
modules below are not public.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from userkit.kernel.entity import Entity
    from userkit.kernel.ids import is_id
    from userkit.kernel.page import Page
    from userkit.kernel.per_process import PerProcess
    from userkit.kernel.url_options import read_options
    from userkit.storage.capabilities import (
        BulkLoadable,
        Concurrent,
        Countable,
        InProcess,
        Inspectable,
        Purgeable,
        Searchable,
        Surveyable,
    )
    from userkit.storage.catalogue import (
        Catalogue,
        Move,
        Verb,
        Write,
        check_after,
        check_batch,
        check_limit,
        check_moment,
        check_realm,
    )
    from userkit.storage.changes import Add, Change, Remove, Save
    from userkit.storage.collection import Collection
    from userkit.storage.fields import Field, Kind
    from userkit.storage.inspection import Inspection, Remark
    from userkit.storage.outcome import has_happened
    from userkit.storage.paging import page_of, page_of_one
    from userkit.storage.plain import Plain, milliseconds
    from userkit.storage.plugin import STORE_API, StoreFactory, StorePlugin
    from userkit.storage.port import DEFAULT_REALM, LARGEST_COMMIT, LARGEST_PAGE, Store
    from userkit.storage.records import LARGEST_RECORD, LONGEST_LOOKUP, Lookup, Record, Records
    from userkit.storage.words import prefix_end, query_words

__all__ = [
    "DEFAULT_REALM",
    "LARGEST_COMMIT",
    "LARGEST_PAGE",
    "LARGEST_RECORD",
    "LONGEST_LOOKUP",
    "STORE_API",
    "Add",
    "BulkLoadable",
    "Catalogue",
    "Change",
    "Collection",
    "Concurrent",
    "Countable",
    "Entity",
    "Field",
    "InProcess",
    "Inspectable",
    "Inspection",
    "Kind",
    "Lookup",
    "Move",
    "Page",
    "PerProcess",
    "Plain",
    "Purgeable",
    "Record",
    "Records",
    "Remark",
    "Remove",
    "Save",
    "Searchable",
    "Store",
    "StoreFactory",
    "StorePlugin",
    "Surveyable",
    "Verb",
    "Write",
    "check_after",
    "check_batch",
    "check_limit",
    "check_moment",
    "check_realm",
    "has_happened",
    "is_id",
    "milliseconds",
    "page_of",
    "page_of_one",
    "prefix_end",
    "query_words",
    "read_options",
]

# Applications need few of these: they are imported when they are asked for.
_HOMES = {
    "Entity": "userkit.kernel.entity",
    "is_id": "userkit.kernel.ids",
    "Page": "userkit.kernel.page",
    "PerProcess": "userkit.kernel.per_process",
    "read_options": "userkit.kernel.url_options",
    "BulkLoadable": "userkit.storage.capabilities",
    "Concurrent": "userkit.storage.capabilities",
    "Countable": "userkit.storage.capabilities",
    "InProcess": "userkit.storage.capabilities",
    "Inspectable": "userkit.storage.capabilities",
    "Purgeable": "userkit.storage.capabilities",
    "Searchable": "userkit.storage.capabilities",
    "Surveyable": "userkit.storage.capabilities",
    "Catalogue": "userkit.storage.catalogue",
    "Move": "userkit.storage.catalogue",
    "Verb": "userkit.storage.catalogue",
    "Write": "userkit.storage.catalogue",
    "check_after": "userkit.storage.catalogue",
    "check_batch": "userkit.storage.catalogue",
    "check_limit": "userkit.storage.catalogue",
    "check_moment": "userkit.storage.catalogue",
    "check_realm": "userkit.storage.catalogue",
    "Add": "userkit.storage.changes",
    "Change": "userkit.storage.changes",
    "Remove": "userkit.storage.changes",
    "Save": "userkit.storage.changes",
    "Collection": "userkit.storage.collection",
    "Field": "userkit.storage.fields",
    "Kind": "userkit.storage.fields",
    "Inspection": "userkit.storage.inspection",
    "Remark": "userkit.storage.inspection",
    "has_happened": "userkit.storage.outcome",
    "page_of": "userkit.storage.paging",
    "page_of_one": "userkit.storage.paging",
    "Plain": "userkit.storage.plain",
    "milliseconds": "userkit.storage.plain",
    "STORE_API": "userkit.storage.plugin",
    "StoreFactory": "userkit.storage.plugin",
    "StorePlugin": "userkit.storage.plugin",
    "DEFAULT_REALM": "userkit.storage.port",
    "LARGEST_COMMIT": "userkit.storage.port",
    "LARGEST_PAGE": "userkit.storage.port",
    "Store": "userkit.storage.port",
    "LARGEST_RECORD": "userkit.storage.records",
    "LONGEST_LOOKUP": "userkit.storage.records",
    "Lookup": "userkit.storage.records",
    "Record": "userkit.storage.records",
    "Records": "userkit.storage.records",
    "prefix_end": "userkit.storage.words",
    "query_words": "userkit.storage.words",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
