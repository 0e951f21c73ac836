"""Scrape jobs for a Prometheus that knows nothing of the cluster, or looks pods up in it (O46).

Asked are the services of Spring Boot that speak HTTP: `/actuator/prometheus` on the port of their health probe, or on
the port called `management` or `metrics` where there is one. Three ways lead there:

- pods: every pod on its own, found through the API server. The way to prefer: no numbers are mixed.
- node-ports: a port of the nodes. Each scrape meets another replica, so counters are only right for one replica.
- ingress: a host name. The same holds, and the path must be open to the outside (T154).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chartgen.archetypes.spring_service.model import SpringService
from chartgen.emit.reached import speaks_http
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedService
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.probes import Probes

Way = Literal["pods", "node-ports", "ingress"]
PATH = "/actuator/prometheus"
_METRICS_PORTS = ("metrics", "http-metrics", "management", "http-management")


@dataclass(frozen=True)
class Jobs:
    """What Prometheus shall do, and what people should know about it."""

    jobs: tuple[dict[str, Any], ...]
    """Entries of `scrape_configs`."""
    remarks: tuple[str, ...]
    """One for each service that is left out or measured badly."""


def build_jobs(
    environment: ResolvedEnvironment, keys: Collection[str], way: Way, nodes: Sequence[str], path: str = PATH
) -> Jobs:
    """Return the scrape jobs of an environment.

    Args:
        environment: The environment.
        keys: Services to look at; those without metrics are passed over.
        way: How to reach them.
        nodes: Node addresses, for node ports; ready to be followed by a colon and a port.
        path: Where the metrics are.
    """
    jobs: list[dict[str, Any]] = []
    remarks: list[str] = []
    for service, name, port in _measured(environment, keys):
        job = _job(service, name, port, way, nodes)
        if job is None:
            missing = {"node-ports": f"ports.{name} has no node port", "ingress": f"no Ingress leads to ports.{name}"}
            remarks.append(f"{service.key} is left out: {missing[way]}")
            continue
        head = {"job_name": service.key, "metrics_path": path}
        jobs.append({**head, **_labelled(job, service, environment)})
        replicas = getattr(service.model, "replicas", 1)
        if way != "pods" and replicas > 1:
            remarks.append(f"{service.key} has {replicas} replicas behind one address: each scrape meets another one")
    return Jobs(tuple(jobs), tuple(remarks))


def _measured(environment: ResolvedEnvironment, keys: Collection[str]) -> Iterator[tuple[ResolvedService, str, Port]]:
    for key in sorted(keys):
        service = environment.services[key]
        if isinstance(service.model, SpringService) and (name := _metrics_port(service.model)):
            yield service, name, service.model.ports[name]


def _metrics_port(model: SpringService) -> str | None:
    for name in _METRICS_PORTS:
        if name in model.ports:
            return name
    if not isinstance(model.probes, Probes) or model.probes.tcp or model.probes.exec or model.probes.grpc:
        return None  # whoever has no health page of Spring Boot's has no metrics page either
    if model.probes.path and not model.probes.path.startswith("/actuator"):
        return None
    probed = model.probes.port or next(iter(model.ports), None)
    return probed if probed and speaks_http(probed, model.ports[probed]) else None


def _job(service: ResolvedService, name: str, port: Port, way: Way, nodes: Sequence[str]) -> dict[str, Any] | None:
    """Return how a service is found; None where that way does not lead to it."""
    if way == "pods":
        return _discovered(service, port)
    if way == "node-ports":
        return {"static_configs": [{"targets": [f"{n}:{port.node_port}" for n in nodes]}]} if port.node_port else None
    for _, ingress in sorted(service.model.ingress.items() if isinstance(service.model, SpringService) else ()):
        if ingress.host and ingress.port == name:
            secure = bool(ingress.tls_secret)
            target = f"{ingress.host}:{443 if secure else 80}"
            return {**({"scheme": "https"} if secure else {}), "static_configs": [{"targets": [target]}]}
    return None


def _discovered(service: ResolvedService, port: Port) -> dict[str, Any]:
    """Return the search for a service's pods: by its namespace and label, on the port where its metrics are."""
    search = {
        "role": "pod",
        "namespaces": {"names": [service.namespace]},
        "selectors": [{"role": "pod", "label": f"app={service.name}"}],
    }
    rules = [
        # Prometheus finds a pod once for every port it declares.
        _rule("__meta_kubernetes_pod_container_port_number", regex=str(port.target), action="keep"),
        _rule("__meta_kubernetes_pod_phase", regex="Pending|Succeeded|Failed|Completed", action="drop"),
        _rule("__meta_kubernetes_pod_name", target_label="pod"),
        _rule("__meta_kubernetes_pod_node_name", target_label="node"),
    ]
    return {"kubernetes_sd_configs": [search], "relabel_configs": rules}


def _rule(source: str, **rest: str) -> dict[str, Any]:
    return {"source_labels": [source], **rest}


def _labelled(job: dict[str, Any], service: ResolvedService, environment: ResolvedEnvironment) -> dict[str, Any]:
    """Return the job with labels that all its series get, the same whichever way they come."""
    labels = {"namespace": service.namespace, "service": service.name, "environment": environment.name}
    rules = [{"target_label": label, "replacement": value} for label, value in labels.items()]
    return {**job, "relabel_configs": [*job.get("relabel_configs", ()), *rules]}
