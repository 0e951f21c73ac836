"""Where a service's metrics are, and how a Prometheus in the cluster learns of them (W29)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from chartgen.vocabulary.scalars import AbsolutePath, Duration, Entry, PortName, Text

METRICS_PORTS = ("metrics", "http-metrics", "management", "http-management")
"""Names by which a port says that metrics are there."""


def _check_label(key: str) -> str:
    if key == "app" or key.startswith("app.kubernetes.io/"):
        msg = f"{key} is a label that every object has already"
        raise ValueError(msg)
    return key


class Metrics(Entry):
    """The metrics of each pod."""

    path: AbsolutePath | None = None
    """Default: `/actuator/prometheus` for spring-service, else `/metrics`."""
    port: PortName | None = None
    """Default: the port called metrics, http-metrics, management or http-management, else the first TCP port."""
    scheme: Literal["http", "https"] = "http"
    interval: Duration | None = None
    """How often. Annotations cannot say it, monitors and `chartgen emit scrape` do."""
    discovery: Literal["annotations", "pod-monitor", "service-monitor", "none"] = "annotations"
    """annotations: prometheus.io/* on the pods. The monitors are kinds of the Prometheus operator, which must be there.
    none: only `chartgen emit scrape` knows."""
    labels: dict[Annotated[str, AfterValidator(_check_label)], Text] = {}
    """Labels of the monitor, by which the operator's Prometheus selects it."""
