"""Importing users and their password hashes from other systems: what ``userkit import`` does."""

from userkit.importing.bookmark import Bookmark, fingerprint
from userkit.importing.formats import FORMATS
from userkit.importing.importing import LARGEST_BATCH, Importing
from userkit.importing.offer import IMPORTING
from userkit.importing.person import Person, Row, RowRefusedError
from userkit.importing.reading import Reader, Source
from userkit.importing.report import OUTCOMES, Report, ReportFile
from userkit.importing.settling import OnConflict

__all__ = [
    "FORMATS",
    "IMPORTING",
    "LARGEST_BATCH",
    "OUTCOMES",
    "Bookmark",
    "Importing",
    "OnConflict",
    "Person",
    "Reader",
    "Report",
    "ReportFile",
    "Row",
    "RowRefusedError",
    "Source",
    "fingerprint",
]
