"""The journal: the record of a running set revision, written before and after every effect."""

from relman.journal.coordinator import CoordinatorJournal
from relman.journal.journal import FencedError, Journal

__all__ = ["CoordinatorJournal", "FencedError", "Journal"]
