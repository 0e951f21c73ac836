"""Where pods may run, as chart values: zones and taints; spreading over nodes and node labels need no words of ours."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.archetypes.archetype import ValueField, Values
from chartgen.archetypes.workload import schemas
from chartgen.archetypes.workload.schemas import by_name, closed
from chartgen.vocabulary.placement import Toleration

FIELDS = (
    ValueField(
        "spreadZones",
        "Replicas evenly over zones: preferred or required.",
        {"enum": ["preferred", "required"]},
        required=False,
    ),
    ValueField(
        "tolerations",
        "Taints of nodes that the pods bear, by a free name.",
        by_name(
            closed(
                {
                    "key": schemas.TEXT,
                    "operator": {"enum": ["Equal", "Exists"]},
                    "value": schemas.TEXT,
                    "effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
                    "tolerationSeconds": schemas.COUNT,
                }
            )
        ),
        required=False,
    ),
)


def build_tolerations(tolerations: Mapping[str, Toleration]) -> Values | None:
    """Return `tolerations` by their names, or None when there are none."""
    return {name: _toleration(one) for name, one in sorted(tolerations.items())} or None


def _toleration(one: Toleration) -> Values:
    found = {
        "key": one.key,
        "operator": one.effective_operator,
        "value": one.value,
        "effect": one.effect,
        "tolerationSeconds": one.seconds,
    }
    return {key: value for key, value in found.items() if value is not None}
