"""Probes as chart values: the short words of the release manifest become Kubernetes blocks.

The rules stand in the docstrings of `chartgen.vocabulary.probes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from chartgen.archetypes.archetype import Values
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.probes import Probe, Probes

_STARTUP_PERIOD = 5
_Kind = Literal["startup", "liveness", "readiness"]


def startup_budget(probes: Probes | Literal[False]) -> int:
    """Return how many seconds one pod may take to start.

    A service without probes gets the default all the same: deadlines are computed from it.
    """
    if not probes:
        return Probes().startup_budget
    startup = probes.startup
    if isinstance(startup, Probe) and "failures" in startup.model_fields_set:
        return startup.failures * _period(startup)
    return probes.startup_budget


def build_probes(probes: Probes | Literal[False], ports: Mapping[str, Port], paths: Mapping[str, str]) -> Values:
    """Return `startupProbe`, `livenessProbe` and `readinessProbe`, those that there are.

    Args:
        probes: What the service states.
        ports: Its ports.
        paths: HTTP paths per kind to ask when the service says nothing; without one, for an open port.
    """
    if not probes:
        return {}
    kinds: tuple[_Kind, ...] = ("startup", "liveness", "readiness")
    found = {f"{kind}Probe": _build_probe(kind, probes, ports, paths.get(kind)) for kind in kinds}
    return {key: block for key, block in found.items() if block is not None}


def _build_probe(kind: _Kind, probes: Probes, ports: Mapping[str, Port], path: str | None) -> Values | None:
    stated = getattr(probes, kind)
    if stated is False:
        return None
    probe: Probe = stated or Probe()
    # One path for all probes may include other systems, so liveness must not ask it (T058).
    opens_only = kind == "liveness" and probes.path is not None
    action = _action(probe, probes, ports, None if opens_only else probes.path or path)
    if action is None:
        return None
    if kind == "startup":
        return {**action, "periodSeconds": _period(probe), "timeoutSeconds": min(probe.timeout, _period(probe))}
    return {
        **action,
        "periodSeconds": probe.period,
        "timeoutSeconds": probe.timeout,
        "failureThreshold": probe.failures,
    }


def _period(startup: Probe) -> int:
    return startup.period if "period" in startup.model_fields_set else _STARTUP_PERIOD


def _action(probe: Probe, probes: Probes, ports: Mapping[str, Port], path: str | None) -> Values | None:
    port = probe.port or probes.port or next((name for name, one in ports.items() if one.protocol == "TCP"), None)
    stated = probe if probe.path or probe.tcp or probe.exec or probe.grpc else probes
    if stated.exec:
        return {"exec": {"command": list(stated.exec)}}
    if port is None:
        return None
    if stated.grpc:
        return {"grpc": {"port": ports[port].target}}
    asked = stated.path if stated is probe else path
    if stated.tcp or not asked:
        return {"tcpSocket": {"port": port}}
    scheme = probe.scheme or probes.scheme
    return {"httpGet": {"path": asked, "port": port, **({"scheme": scheme} if scheme != "HTTP" else {})}}
