"""Everything that looks wrong with one pod (core, pure)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from relman.core.diagnosis.cause import Cause
from relman.core.diagnosis.containers import Container, container_symptoms, containers_of
from relman.core.diagnosis.patience import Patience
from relman.core.diagnosis.probes import probe_cause, probe_failures
from relman.core.diagnosis.scheduling import mount_symptom, scheduling_symptoms
from relman.core.diagnosis.snapshot import (
    Object,
    Snapshot,
    condition,
    is_terminating,
    metadata,
    name_of,
    reference,
    spec_of,
    status_of,
)
from relman.core.diagnosis.symptom import Symptom, created_at, symptom_key

_FINISHED = frozenset({"Succeeded", "Failed"})


def is_active(pod: Object) -> bool:
    """Return whether a pod counts: terminating and finished ones never do (T144)."""
    return not is_terminating(pod) and status_of(pod).get("phase") not in _FINISHED


def is_ready(pod: Object) -> bool:
    """Return whether a pod gets traffic."""
    return condition(pod, "Ready").get("status") == "True"


def pod_symptoms(pod: Object, snapshot: Snapshot, patience: Patience, now: datetime) -> Iterator[Symptom]:
    """Yield what is wrong with an active pod; nothing for one that is ready."""
    if is_ready(pod):
        return
    yield from scheduling_symptoms(pod, snapshot, patience)
    events = snapshot.events_of(pod)
    containers = containers_of(pod)
    if any(container.waiting.get("reason") in {"ContainerCreating", "PodInitializing"} for container in containers):
        mount = mount_symptom(pod, events, patience)
        if mount is not None:
            yield mount
    for container in containers:
        found = list(container_symptoms(container, snapshot, patience, now))
        yield from found
        if not found and container.running and not container.status.get("ready"):
            yield from _unready(container, events)
    if containers and all(container.status.get("ready") for container in containers):
        yield from _closed_gates(pod)


def finished_symptom(pod: Object) -> Symptom | None:
    """Return what a failed pod tells about its successors, None when it did not fail: evictions, refused by a node."""
    status = status_of(pod)
    if status.get("phase") != "Failed" or not status.get("reason"):
        return None
    text = str(status.get("message") or "")
    summary = f"pods are stopped by their node ({status['reason']}): {text[:160]}"
    hint = f"kubectl -n {metadata(pod).get('namespace', '')} describe pod {name_of(pod)}"
    cause = Cause("unknown", summary, text, (reference(pod),), hint)
    return Symptom(symptom_key(pod, "stopped"), cause, None, created_at(pod))


def _unready(container: Container, events: list[Object]) -> Iterator[Symptom]:
    """Yield why a running container is not ready; without an event of a failed probe that is normal for a while."""
    pod = container.pod
    failures = probe_failures(container.name, events)
    if failures:
        cause = probe_cause(pod, container.name, failures[-1])
        # A startup probe fails until the start is over: that is what it is for.
        starting = failures[-1].startswith("Startup")
        yield Symptom(symptom_key(pod, f"{container.name}/probe"), cause, None, created_at(pod), quiet=starting)
        return
    probe = "startupProbe" if container.status.get("started") is False else "readinessProbe"
    asked = container.spec.get(probe) or container.spec.get("readinessProbe")
    detail = f"{probe}: {_probe_text(asked)}" if asked else "it has no readiness probe"
    cause = Cause("probe-failed", f"container {container.name} runs, but is not ready", detail, (reference(pod),))
    yield Symptom(symptom_key(pod, f"{container.name}/unready"), cause, None, created_at(pod), quiet=True)


def _probe_text(probe: Object) -> str:
    """Return what a probe asks: `GET /actuator/health, port http, every 10 s`."""
    period = f"every {probe.get('periodSeconds') or 10} s"
    for kind in ("httpGet", "tcpSocket", "grpc"):
        asked = probe.get(kind)
        if asked:
            what = f"GET {asked.get('path') or '/'}" if kind == "httpGet" else kind
            return f"{what}, port {asked.get('port')}, {period}"
    command = (probe.get("exec") or {}).get("command") or ()
    return f"command {' '.join(map(str, command))}, {period}"


def _closed_gates(pod: Object) -> Iterator[Symptom]:
    for gate in spec_of(pod).get("readinessGates") or ():
        name = str(gate.get("conditionType", ""))
        found = condition(pod, name)
        if found.get("status") != "True":
            summary = f"readiness gate {name} is not open"
            cause = Cause("unknown", summary, str(found.get("message") or ""), (reference(pod),))
            yield Symptom(symptom_key(pod, f"gate/{name}"), cause, None, created_at(pod), quiet=True)
