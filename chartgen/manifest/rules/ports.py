"""Ports inside one service: each said once, and every mention of one names one that is there."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.manifest.checked import Checked
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath, did_you_mean
from chartgen.manifest.references import client_of, ports_of
from chartgen.vocabulary.probes import Probe, Probes


def check(service: Checked) -> Iterator[Finding]:
    """Find ports said twice, unknown port names, and ports that lead nowhere."""
    yield from _twice(service)
    yield from _unknown(service)
    yield from _nowhere(service)


def _twice(service: Checked) -> Iterator[Finding]:
    """Server-side apply merges ports by number and protocol: of two alike one would be lost."""
    outer: dict[tuple[int, str], str] = {}
    inner: dict[tuple[int, str], str] = {}
    for name, port in ports_of(service.model).items():
        first = outer.setdefault((port.port, port.protocol), name)
        if first != name:
            message = f"the Service's port {port.port}/{port.protocol} is that of ports.{first} already"
            yield service.finding(("ports", name, "port"), message)
            continue
        first = inner.setdefault((port.target, port.protocol), name)
        if first != name:
            message = f"the container's port {port.target}/{port.protocol} is that of ports.{first} already"
            yield service.finding(("ports", name, "container_port"), message)


def _unknown(service: Checked) -> Iterator[Finding]:
    known = ports_of(service.model)
    for path, name in _mentions(service):
        if name not in known:
            hint = did_you_mean(name, known, f"known: {', '.join(sorted(known)) or 'none'}")
            yield service.finding(path, f'there is no port "{name}"', hint)


def _mentions(service: Checked) -> Iterator[tuple[KeyPath, str]]:
    model = service.model
    for outlet in ("ingress", "routes"):
        # What names a Service is held against that Service's ports.
        entries = getattr(model, outlet, {}).items()
        yield from (((outlet, key, "port"), entry.port) for key, entry in entries if entry.service is None)
    for part in ("service", "client", "headless"):
        chosen = getattr(getattr(model, part, None), "ports", None) or []
        for number, name in enumerate(chosen):
            yield (part, "ports", number), name
    probes = getattr(model, "probes", None)
    if isinstance(probes, Probes):
        if probes.port:
            yield ("probes", "port"), probes.port
        for kind in ("startup", "liveness", "readiness"):
            probe = getattr(probes, kind)
            if isinstance(probe, Probe) and probe.port:
                yield ("probes", kind, "port"), probe.port


def _nowhere(service: Checked) -> Iterator[Finding]:
    model = service.model
    client = client_of(model)
    said = "client" if isinstance(model, StatefulsetInfra) else "service"
    open_ports = set(client.ports or ports_of(model)) if client else set()
    for name, port in ports_of(model).items():
        if port.node_port is None:
            continue
        if isinstance(model, ExternalEndpoint) and model.dns_name:
            yield service.finding(("ports", name, "node_port"), "an alias of a DNS name opens no node port")
        elif name not in open_ports:
            reason = f"{said}.ports leaves it out" if client else f"{said} = false"
            yield service.finding(("ports", name, "node_port"), f"opens nothing: {reason}")
    for part in ("ingress", "routes"):
        for key, entry in getattr(model, part, {}).items():
            if entry.service is None and entry.port in ports_of(model) and entry.port not in open_ports:
                reason = f"{said}.ports leaves {entry.port} out" if client else f"{said} = false"
                yield service.finding((part, key, "port"), f"leads nowhere: {reason}")
