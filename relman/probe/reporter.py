"""Hears which service moves when, on the way to the screen."""

from __future__ import annotations

from relman.core import outcome
from relman.ports import Reporter
from relman.probe.probe import Probes

_AT_REST = frozenset(
    {*outcome.SETTLED_WELL, outcome.FAILED, outcome.RESTORED, outcome.NOT_RESTORED, outcome.NOT_STARTED,
     outcome.INTERRUPTED}
)  # fmt: skip


class ProbedReporter:
    """Passes everything on, and tells the probes."""

    def __init__(self, reporter: Reporter, probes: Probes) -> None:
        self._reporter = reporter
        self._probes = probes

    def report(self, name: str, state: str, detail: str = "") -> None:
        """Tell what is happening to a service now."""
        if state in _AT_REST:
            self._probes.moved(name)
        else:
            self._probes.moving(name)
        self._reporter.report(name, state, detail)

    def note(self, text: str) -> None:
        """Tell something that concerns no single service."""
        self._reporter.note(text)
