"""Measured zero downtime: requests at a fixed rate while services move (effects around relman.core.probing).

`relman.probe.http` has what asks; it is imported when something is asked.
"""

from __future__ import annotations

from relman.probe.probe import Probe, Probes, shown_url
from relman.probe.reporter import ProbedReporter

__all__ = ["Probe", "ProbedReporter", "Probes", "shown_url"]
