"""How long a rollout may take."""

from __future__ import annotations

from typing import Any

import pytest

from helmkit.bom import ServiceEntry
from relman.core.rollout import explain_time_limit, time_limit


def entry(archetype: str = "spring-service", **more: Any) -> ServiceEntry:
    return ServiceEntry("web", "shop", archetype, "web", "1.0.0", "sha256:c", "sha256:v", **more)


@pytest.mark.parametrize(
    ("service", "seconds"),
    [
        pytest.param(entry(startup_budget=300, replicas=3), 1050, id="T056, T057: three pods, one after the other"),
        pytest.param(entry(startup_budget=300, replicas=1), 390, id="one pod: more than Helm's 300 s"),
        pytest.param(entry("statefulset-infra", startup_budget=120, replicas=3), 510, id="ordinals"),
        pytest.param(entry("external-endpoint"), 60, id="nothing to wait for"),
        pytest.param(entry("vendor-chart"), 390, id="undeclared: Helm's own default and our margins"),
        pytest.param(entry(startup_budget=60, replicas=0), 150, id="scaled by an autoscaler, or to zero: one step"),
    ],
)
def test_time_limit(service: ServiceEntry, seconds: int) -> None:
    assert time_limit(service) == seconds
    assert explain_time_limit(service).startswith(f"{seconds} s: ")


def test_the_explanation_shows_the_arithmetic() -> None:
    assert explain_time_limit(entry("statefulset-infra", startup_budget=120, replicas=3)) == (
        "510 s: 3 steps, one ordinal after the other, each 120 s (startup budget) + 30 s, and 60 s once"
    )
    assert "assumed startup budget, as none is declared" in explain_time_limit(entry("raw-objects"))
