"""Several containers in one pod: names and ports are shared, mounts must be there."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.workload.tracing import NAME as AGENT
from chartgen.archetypes.workload.tracing import build_agent_volume
from chartgen.manifest.checked import Checked
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath, did_you_mean
from chartgen.manifest.references import ports_of
from chartgen.vocabulary.containers import Sidecar, SideContainer
from chartgen.vocabulary.probes import Probe
from chartgen.vocabulary.workload import Workload


def check(service: Checked) -> Iterator[Finding]:
    """Find containers of one name, ports that two containers use, and mounts and probes of what is not there."""
    model = service.model
    if not isinstance(model, Workload):
        return
    yield from _names(service, model)
    yield from _ports(service, model)
    for path, container in _beside(model):
        yield from _mounts(service, model, path, container)
        if isinstance(container, Sidecar) and container.probes:
            yield from _probes(service, path, container)


def _beside(model: Workload) -> Iterator[tuple[KeyPath, SideContainer]]:
    for name, init in model.init_containers.items():
        yield ("init_containers", name), init
    for name, sidecar in model.sidecars.items():
        yield ("sidecars", name), sidecar


def _names(service: Checked, model: Workload) -> Iterator[Finding]:
    taken = {model.container or service.model.name: "the service's own container"}
    if build_agent_volume(model.skywalking):
        taken[AGENT] = "the container that brings the SkyWalking agent"
        for part in ("volumes", "claims", "config"):
            if AGENT in getattr(model, part, {}):
                yield service.finding((part, AGENT), "the volume of the SkyWalking agent is called so already")
    for path, _ in _beside(model):
        name = str(path[1])
        if name in taken:
            message = f'"{name}" is {taken[name]} already; a pod knows its containers by their names'
            yield service.finding(path, message, "give it another key", part="table")
        taken.setdefault(name, f"in {path[0]}")


def _ports(service: Checked, model: Workload) -> Iterator[Finding]:
    names: dict[str, str] = {}
    numbers: dict[int, str] = {}
    for name, port in ports_of(service.model).items():
        names[name] = f"ports.{name}"
        if port.protocol == "TCP":
            numbers[port.target] = f"ports.{name}"
    for key, sidecar in model.sidecars.items():
        for name, number in sidecar.ports.items():
            path = ("sidecars", key, "ports", name)
            said = ".".join(path)
            if names.setdefault(name, said) != said:
                yield service.finding(path, f'the port name "{name}" is taken by {names[name]}')
            if numbers.setdefault(number, said) != said:
                message = f"port {number} is that of {numbers[number]}; containers of a pod share one network"
                yield service.finding(path, message)


def _mounts(service: Checked, model: Workload, path: KeyPath, container: SideContainer) -> Iterator[Finding]:
    known = {*model.volumes, *getattr(model, "claims", {}), *model.config, *build_agent_volume(model.skywalking)}
    places: dict[str, str] = {}
    for volume, place in container.mounts.items():
        if volume not in known:
            hint = did_you_mean(volume, known, f"known: {', '.join(sorted(known)) or 'none'}")
            yield service.finding((*path, "mounts", volume), f'there is no volume or claim "{volume}"', hint)
        first = places.setdefault(place.rstrip("/"), volume)
        if first != volume:
            yield service.finding((*path, "mounts", volume), f'{place} is where "{first}" is mounted already')


def _probes(service: Checked, path: KeyPath, sidecar: Sidecar) -> Iterator[Finding]:
    probes = sidecar.probes
    if not probes:
        return
    stated: dict[KeyPath, str | None] = {("port",): probes.port}
    for kind in ("startup", "liveness", "readiness"):
        probe = getattr(probes, kind)
        stated[(kind, "port")] = probe.port if isinstance(probe, Probe) else None
    for inner, port in stated.items():
        if port is not None and port not in sidecar.ports:
            hint = did_you_mean(port, sidecar.ports, f"known: {', '.join(sorted(sidecar.ports)) or 'none'}")
            yield service.finding((*path, "probes", *inner), f'there is no port "{port}"', hint)
    silent = not sidecar.ports and not any(stated.values())
    if silent and not probes.exec and not any(_asks_itself(getattr(probes, kind)) for kind in _KINDS):
        yield service.finding((*path, "probes"), "has no port to ask", 'say ports.http = …, or exec = ["…"]')


_KINDS = ("startup", "liveness", "readiness")


def _asks_itself(probe: object) -> bool:
    return isinstance(probe, Probe) and probe.exec is not None
