"""Scrape jobs for a Prometheus that knows nothing of the cluster, or looks pods up in it (O46).

Asked are the services that state `metrics`, as they say. Those of Spring Boot that speak HTTP and say nothing are asked
for `/actuator/prometheus` on the port of their health probe, or on the port called `management` or `metrics` where
there is one. Three ways lead there:

- pods: every pod on its own, found through the API server. The way to prefer: no numbers are mixed.
- node-ports: a port of the nodes. Each scrape meets another replica, so counters are only right for one replica.
- ingress: a host name. The same holds, and the path must be open to the outside (T154).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.workload.metrics import SPRING_PATH, metrics_of
from chartgen.emit.reached import speaks_http
from chartgen.manifest.kubernetes_services import service_for, services_of
from chartgen.manifest.pod_selection import pod_labels
from chartgen.manifest.references import ports_of
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedService
from chartgen.vocabulary.metrics import METRICS_PORTS
from chartgen.vocabulary.ports import Port
from chartgen.vocabulary.probes import Probes

Way = Literal["pods", "node-ports", "ingress"]
PATH = SPRING_PATH
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
        path: Where the metrics are, for services that do not say.
    """
    jobs: list[dict[str, Any]] = []
    remarks: list[str] = []
    for service, found in _measured(environment, keys, path):
        name = found.port
        job = _job(service, found, way, nodes)
        if job is None:
            missing = {"node-ports": f"ports.{name} has no node port", "ingress": f"no Ingress leads to ports.{name}"}
            remarks.append(f"{service.key} is left out: {missing[way]}")
            continue
        interval = {"scrape_interval": f"{found.interval}s"} if found.interval else {}
        head = {"job_name": service.key, "metrics_path": found.path, **interval}
        jobs.append({**head, **_labelled(job, service, environment)})
        replicas = getattr(service.model, "replicas", 1)
        if way != "pods" and replicas > 1:
            remarks.append(f"{service.key} has {replicas} replicas behind one address: each scrape meets another one")
    return Jobs(tuple(jobs), tuple(remarks))


@dataclass(frozen=True)
class _Metrics:
    port: str
    path: str
    scheme: str = "http"
    interval: int | None = None


def _measured(
    environment: ResolvedEnvironment, keys: Collection[str], path: str
) -> Iterator[tuple[ResolvedService, _Metrics]]:
    for key in sorted(keys):
        service = environment.services[key]
        stated = metrics_of(service.model)
        if stated:
            said, port = stated
            yield service, _Metrics(port, said.path or path, said.scheme, said.interval)
        elif isinstance(service.model, SpringService) and (name := _metrics_port(service.model)):
            yield service, _Metrics(name, path)


def _metrics_port(model: SpringService) -> str | None:
    if model.metrics is False:
        return None
    for name in METRICS_PORTS:
        if name in model.ports:
            return name
    if not isinstance(model.probes, Probes) or model.probes.tcp or model.probes.exec or model.probes.grpc:
        return None  # whoever has no health page of Spring Boot's has no metrics page either
    if model.probes.path and not model.probes.path.startswith("/actuator"):
        return None
    probed = model.probes.port or next(iter(model.ports), None)
    return probed if probed and speaks_http(probed, model.ports[probed]) else None


def _job(service: ResolvedService, metrics: _Metrics, way: Way, nodes: Sequence[str]) -> dict[str, Any] | None:
    """Return how a service is found; None where that way does not lead to it."""
    scheme = {"scheme": metrics.scheme} if metrics.scheme != "http" else {}
    if way == "pods":
        return {**scheme, **_discovered(service, ports_of(service.model)[metrics.port])}
    if way == "node-ports":
        targets = [f"{node}:{port}" for port in _node_ports(service, metrics.port)[:1] for node in nodes]
        return {**scheme, "static_configs": [{"targets": targets}]} if targets else None
    for _, ingress in sorted(getattr(service.model, "ingress", {}).items()):
        found = service_for(service.model, ingress.service)
        reached = found.ports.get(ingress.port) if found else None
        if ingress.host and reached and reached.target == metrics.port:
            secure = bool(ingress.tls_secret)
            target = f"{ingress.host}:{443 if secure else 80}"
            return {**({"scheme": "https"} if secure else {}), "static_configs": [{"targets": [target]}]}
    return None


def _node_ports(service: ResolvedService, name: str) -> list[int]:
    """Return the node ports that lead to one of a service's ports, that of its own Service first."""
    ports = [port for one in services_of(service.model) for port in one.ports.values()]
    return [port.node_port for port in ports if port.target == name and port.node_port]


def _discovered(service: ResolvedService, port: Port) -> dict[str, Any]:
    """Return the search for a service's pods: by its namespace and label, on the port where its metrics are."""
    labels = ",".join(f"{key}={text}" for key, text in pod_labels(service.model).items())
    search = {
        "role": "pod",
        "namespaces": {"names": [service.namespace]},
        "selectors": [{"role": "pod", "label": labels}],
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
