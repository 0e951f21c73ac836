"""The HorizontalPodAutoscaler as chart values."""

from __future__ import annotations

from chartgen.archetypes.archetype import ValueField, Values
from chartgen.archetypes.workload import schemas
from chartgen.archetypes.workload.schemas import closed
from chartgen.vocabulary.autoscaling import Autoscaling, ScalePolicy, ScaleRule

_UP = 60
"""Seconds: a JVM that starts is busy, which is no reason to start more of them."""
_DOWN = 300
_PERCENT = {"type": "integer", "minimum": 1}

FIELDS = (
    ValueField(
        "autoscaling",
        "HorizontalPodAutoscaler instead of replicaCount, which is then not written anywhere. cpu and memory are "
        "percentages of what the service's container requests; behavior as Kubernetes has it.",
        closed(
            {
                "minReplicas": {"type": "integer", "minimum": 1},
                "maxReplicas": {"type": "integer", "minimum": 1},
                "cpu": _PERCENT,
                "memory": _PERCENT,
                "behavior": schemas.KUBERNETES,
            }
        ),
        required=False,
    ),
)


def build_autoscaling(stated: Autoscaling | None) -> Values | None:
    """Return `autoscaling`, or None when the replicas are fixed."""
    if stated is None:
        return None
    return {
        "minReplicas": stated.min,
        "maxReplicas": stated.max,
        **({"cpu": stated.cpu} if stated.cpu else {}),
        **({"memory": stated.memory} if stated.memory else {}),
        "behavior": {"scaleUp": _rule(stated.scale_up, _UP), "scaleDown": _rule(stated.scale_down, _DOWN)},
    }


def _rule(rule: ScaleRule, window: int) -> Values:
    found: Values = {"stabilizationWindowSeconds": window if rule.stabilization is None else rule.stabilization}
    if rule.select != "Max":
        found["selectPolicy"] = rule.select
    if rule.policies:
        found["policies"] = [_policy(policy) for _, policy in sorted(rule.policies.items())]
    return found


def _policy(policy: ScalePolicy) -> Values:
    kind, value = ("Pods", policy.pods) if policy.pods is not None else ("Percent", policy.percent)
    return {"type": kind, "value": value, "periodSeconds": policy.period}
