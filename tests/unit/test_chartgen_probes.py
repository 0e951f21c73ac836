"""Probes: every rule that the docstrings of chartgen.vocabulary.probes promise."""

# mypy: disable-error-code="arg-type"
# Durations are written as text and kept as seconds.

from __future__ import annotations

from typing import Any

import pytest

from chartgen.archetypes.workload.health import GROUPS as HEALTH_PATHS
from chartgen.archetypes.workload.probes import build_probes, startup_budget
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.probes import Probe, Probes

PORTS = {"dns": Port(port=53, protocol="UDP"), "http": Port(port=80, container_port=8080), "admin": Port(port=9000)}


def built(probes: Probes, paths: dict[str, str] | None = None) -> dict[str, Any]:
    return build_probes(probes, PORTS, HEALTH_PATHS if paths is None else paths)


def http(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}}


def action(block: dict[str, Any]) -> dict[str, Any]:
    times = ("periodSeconds", "timeoutSeconds", "failureThreshold")
    return {key: value for key, value in block.items() if key not in times}


def test_spring_asks_spring_boots_own_groups() -> None:
    found = built(Probes())
    assert action(found["startupProbe"]) == http("/actuator/health/liveness")
    assert action(found["livenessProbe"]) == http("/actuator/health/liveness")
    assert action(found["readinessProbe"]) == http("/actuator/health/readiness")


def test_without_a_path_the_first_tcp_port_is_asked() -> None:
    found = built(Probes(), {})
    assert list(found) == ["startupProbe", "livenessProbe", "readinessProbe"]
    assert all(action(block) == {"tcpSocket": {"port": "http"}} for block in found.values())


def test_one_path_for_all_never_restarts_pods() -> None:
    found = built(Probes(path="/health", scheme="HTTPS"))
    assert action(found["readinessProbe"]) == {"httpGet": {"path": "/health", "port": "http", "scheme": "HTTPS"}}
    assert action(found["startupProbe"]) == action(found["readinessProbe"])
    assert action(found["livenessProbe"]) == {"tcpSocket": {"port": "http"}}


def test_a_probe_of_its_own_wins() -> None:
    found = built(Probes(path="/health", liveness=Probe(path="/livez", port="admin"), readiness=False))
    assert action(found["livenessProbe"]) == {"httpGet": {"path": "/livez", "port": "admin"}}
    assert "readinessProbe" not in found


def test_a_probe_without_an_action_takes_that_of_all() -> None:
    found = built(Probes(exec=["sh", "-c", "ok"], readiness=Probe(timeout="5s", failures=1)))
    assert found["readinessProbe"] == {
        "exec": {"command": ["sh", "-c", "ok"]},
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": 1,
    }


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        (Probes(tcp=True), {"tcpSocket": {"port": "http"}}),
        (Probes(grpc=True, port="http"), {"grpc": {"port": 8080}}),
        (Probes(readiness=Probe(tcp=True, port="admin")), {"tcpSocket": {"port": "admin"}}),
    ],
)
def test_other_actions(probes: Probes, expected: dict[str, Any]) -> None:
    assert action(built(probes)["readinessProbe"]) == expected


def test_the_startup_probe_leaves_its_threshold_to_the_budget() -> None:
    assert built(Probes(startup_budget="301s"))["startupProbe"] == {
        **http("/actuator/health/liveness"),
        "periodSeconds": 5,
        "timeoutSeconds": 3,
    }


@pytest.mark.parametrize(
    ("probes", "budget"),
    [
        (Probes(startup_budget="300s"), 300),
        (Probes(startup=Probe(period="20s", failures=10)), 200),
        (Probes(startup=Probe(failures=10)), 50),
        (Probes(startup=Probe(period="20s")), 120),
        (False, 120),
    ],
)
def test_the_budget(probes: Any, budget: int) -> None:
    assert startup_budget(probes) == budget


def test_no_port_nothing_to_ask() -> None:
    assert build_probes(Probes(), {}, HEALTH_PATHS) == {}
    assert build_probes(False, PORTS, HEALTH_PATHS) == {}
