"""Why a service is not ready: causes found in a snapshot of its namespace, root cause first (core, pure).

snapshot  ->  containers, images, probes, scheduling, creation  ->  pods  ->  workloads  ->  finding: symptoms
symptoms + patience + time (relman.core.rollout.decide)  ->  causes  ->  grouping  ->  rendering
"""

from __future__ import annotations

from relman.core.diagnosis.cause import KINDS, Cause, CauseKind, headline, root_first
from relman.core.diagnosis.finding import diagnose, find_crashed, find_symptoms
from relman.core.diagnosis.grouping import CauseGroup, group_causes
from relman.core.diagnosis.masking import safe_text
from relman.core.diagnosis.patience import DEFAULT_PATIENCE, Patience
from relman.core.diagnosis.rendering import ServiceReport, diagnosis_json, render_diagnosis
from relman.core.diagnosis.snapshot import Snapshot
from relman.core.diagnosis.symptom import Symptom

__all__ = [
    "DEFAULT_PATIENCE",
    "KINDS",
    "Cause",
    "CauseGroup",
    "CauseKind",
    "Patience",
    "ServiceReport",
    "Snapshot",
    "Symptom",
    "diagnose",
    "diagnosis_json",
    "find_crashed",
    "find_symptoms",
    "group_causes",
    "headline",
    "render_diagnosis",
    "root_first",
    "safe_text",
]
