"""What is wrong now, said with the command to type next (pure): findings from what was observed and recorded."""

from __future__ import annotations

from relman.core.doctor.finding import ERROR, INFO, WARNING, Finding, in_order

__all__ = ["ERROR", "INFO", "WARNING", "Finding", "in_order"]
