"""Preflight: gathers what `relman.core.preflight` judges, with few requests and all at once.

rendering (helm)  ->  lookups, trials, cluster, reviews, neighbours (the cluster), images -> registry
->  gather: facts  ->  relman.core.preflight: report
"""

from __future__ import annotations

from relman.preflight.gather import PreflightRequest, run_preflight
from relman.preflight.ports import ImageLookup, PreflightHelm, PreflightKube

__all__ = ["ImageLookup", "PreflightHelm", "PreflightKube", "PreflightRequest", "run_preflight"]
