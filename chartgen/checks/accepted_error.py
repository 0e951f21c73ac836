"""An error that somebody tried to accept."""

from __future__ import annotations

from chartgen.checks.finding import Described

RULE = Described(
    "accepted-error",
    "error",
    "Errors are what the cluster or Helm refuses, whatever the reason: accepting one would only move the failure into "
    "an upgrade.",
    "Delete the acceptance and do what the rule's own remedy says.",
)
