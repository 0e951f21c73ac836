"""Where a service's metrics are: for chart values, NetworkPolicies and scrape jobs alike."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.archetypes.archetype import Values
from chartgen.archetypes.service import ServiceModel
from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.workload.pod import AnyWorkload
from chartgen.vocabulary.metrics import METRICS_PORTS, Metrics
from chartgen.vocabulary.ports import Port

SPRING_PATH = "/actuator/prometheus"
_PATH = "/metrics"


def metrics_of(model: ServiceModel) -> tuple[Metrics, str] | None:
    """Return what a service says of its metrics, path filled in, and the name of their port; None without metrics."""
    if not isinstance(model, AnyWorkload) or not model.metrics:
        return None
    port = model.metrics.port or default_port(model.ports)
    if port is None:
        return None
    path = model.metrics.path or (SPRING_PATH if isinstance(model, SpringService) else _PATH)
    return model.metrics.model_copy(update={"path": path}), port


def default_port(ports: Mapping[str, Port]) -> str | None:
    """Return the port whose name says that metrics are there, else the first TCP port."""
    tcp = [name for name, port in ports.items() if port.protocol == "TCP"]
    return next((name for name in METRICS_PORTS if name in tcp), tcp[0] if tcp else None)


def build_metrics(model: AnyWorkload) -> Values:
    """Return `metrics`, where the cluster is to know of them."""
    found = metrics_of(model)
    if found is None or found[0].discovery == "none":
        return {}
    metrics, port = found
    return {
        "metrics": {
            "discovery": metrics.discovery,
            "path": metrics.path,
            "port": port,
            "containerPort": model.ports[port].target,
            "scheme": metrics.scheme,
            **({"interval": f"{metrics.interval}s"} if metrics.interval else {}),
            **({"labels": dict(sorted(metrics.labels.items()))} if metrics.labels else {}),
        }
    }
