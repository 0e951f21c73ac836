"""The words for what became of a service in a run. Everything that shows or stores an outcome uses these (pure)."""

from __future__ import annotations

PENDING = "pending"
"""Not started yet."""
STARTED = "running"
"""Something is happening to it."""
INSTALLED = "installed"
UPGRADED = "upgraded"
ROLLED_BACK = "rolled back"
REMOVED = "removed"
RESTARTED = "restarted"
ADOPTED = "adopted"
UNCHANGED = "unchanged"
HELD = "held"
KEPT = "kept"
"""Not part of the wanted version, left alone."""
RESTORED = "restored"
FAILED = "failed"
NOT_RESTORED = "not restored"
NOT_STARTED = "not started"
INTERRUPTED = "interrupted"

SETTLED_WELL = frozenset({INSTALLED, UPGRADED, ROLLED_BACK, REMOVED, RESTARTED, ADOPTED, UNCHANGED, HELD, KEPT})
"""Outcomes of a run that did what it was asked to."""

OF_ACTION = {
    "install": INSTALLED,
    "upgrade": UPGRADED,
    "rollback": ROLLED_BACK,
    "uninstall": REMOVED,
    "restart": RESTARTED,
    "adopt": ADOPTED,
}
"""What a step's action becomes once it is through."""
