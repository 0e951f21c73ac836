"""What a container's status says is wrong: refused configuration, crashes, lack of memory (core, pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from relman.core.diagnosis.cause import Cause, CauseKind
from relman.core.diagnosis.images import PULL_REASONS, image_symptom
from relman.core.diagnosis.patience import Patience
from relman.core.diagnosis.probes import killed_by_probe, probe_cause
from relman.core.diagnosis.snapshot import Object, Snapshot, metadata, name_of, reference, spec_of, status_of
from relman.core.diagnosis.symptom import Symptom, created_at, parse_time, symptom_key

_NO_KEY = re.compile(r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) (?:[^/\s]+/)?(?P<name>[\w.-]+)")
_NO_OBJECT = re.compile(r"\b(?P<kind>secret|configmap)s? \"?(?P<name>[\w.-]+)\"? not found", re.IGNORECASE)
_NO_VOLUME_KEY = re.compile(r"references non-existent (?P<kind>secret|config) key: (?P<key>\S+)")
_PASSING = re.compile(r"timeout|timed out|deadline exceeded|connection refused|try again", re.IGNORECASE)
_RECENTLY = timedelta(minutes=5)
"""A running container's last crash explains why it is not ready when it ended less than this ago."""

_EXIT_CODES = {
    0: "it ended by itself; a service must keep running",
    126: "its command is not executable",
    127: "its command does not exist in the image",
    134: "it aborted",
    137: "it was killed (SIGKILL)",
    139: "it crashed with a memory fault",
    143: "it was stopped (SIGTERM)",
}


@dataclass(frozen=True)
class Container:
    """A container of a pod: what was asked for, and how it is."""

    pod: Object
    spec: Mapping[str, Any]
    status: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return its name in the pod."""
        return str(self.status.get("name", ""))

    @property
    def waiting(self) -> Mapping[str, Any]:
        """Return why it waits, empty when it does not."""
        return (self.status.get("state") or {}).get("waiting") or {}

    @property
    def running(self) -> Mapping[str, Any]:
        """Return since when it runs, empty when it does not."""
        return (self.status.get("state") or {}).get("running") or {}

    @property
    def ended(self) -> Mapping[str, Any]:
        """Return how it ended last, empty when it never did."""
        for state in ("state", "lastState"):
            ended = (self.status.get(state) or {}).get("terminated")
            if ended:
                return ended  # type: ignore[no-any-return]
        return {}

    @property
    def restarts(self) -> int:
        """Return how often it was restarted."""
        return int(self.status.get("restartCount") or 0)


def containers_of(pod: Object) -> list[Container]:
    """Return a pod's containers that have a status, init containers first."""
    found = []
    for part, statuses in (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")):
        specs = {spec.get("name"): spec for spec in spec_of(pod).get(part) or ()}
        found += [
            Container(pod, specs.get(status.get("name"), {}), status) for status in status_of(pod).get(statuses) or ()
        ]
    return found


def container_symptoms(
    container: Container, snapshot: Snapshot, patience: Patience, now: datetime
) -> Iterator[Symptom]:
    """Yield what is wrong with a container; nothing for one that is just starting."""
    reason = str(container.waiting.get("reason", ""))
    if reason in PULL_REASONS:
        yield image_symptom(container.pod, container.status, snapshot.events_of(container.pod), patience)
    elif reason == "CreateContainerConfigError":
        yield _config_symptom(container, patience)
    elif reason in {"CreateContainerError", "RunContainerError"} and not container.ended:
        yield _refused_symptom(container, patience)
    elif _keeps_crashing(container, now):
        yield _crash_symptom(container, snapshot, patience)


@dataclass(frozen=True)
class CrashedContainer:
    """A container whose last log lines tell why it ended."""

    pod: str
    container: str
    previous: bool
    """Whether the log is that of the attempt before: it runs again, or waits to."""


def crashed_containers(pod: Object) -> list[CrashedContainer]:
    """Return the containers of a pod that ended badly and are not ready now."""
    return [
        CrashedContainer(name_of(pod), container.name, not (container.status.get("state") or {}).get("terminated"))
        for container in containers_of(pod)
        if container.ended
        and not container.status.get("ready")
        and (container.restarts > 0 or int(container.ended.get("exitCode") or 0) != 0)
    ]


def missing_reference(text: str) -> tuple[CauseKind, str] | None:
    """Return the Secret or ConfigMap (and key) that a kubelet's message says is missing.

    >>> missing_reference('secret "db-creds" not found')
    ('missing-secret', 'Secret db-creds does not exist')
    """
    if found := _NO_KEY.search(text):
        kind = found["kind"]
        return _missing(kind), f"{kind} {found['name']} has no key {found['key']}"
    if found := _NO_OBJECT.search(text):
        kind = "Secret" if found["kind"].lower() == "secret" else "ConfigMap"
        return _missing(kind), f"{kind} {found['name']} does not exist"
    if found := _NO_VOLUME_KEY.search(text):
        kind = "Secret" if found["kind"] == "secret" else "ConfigMap"
        return _missing(kind), f"a mounted {kind} has no key {found['key']}"
    return None


def missing_hint(kind: CauseKind, namespace: str) -> str:
    """Return what to do about a missing Secret or ConfigMap."""
    what = "secrets" if kind == "missing-secret" else "configmaps"
    return f"Create it (what is there: kubectl -n {namespace} get {what}); pods pick it up by themselves."


def _missing(kind: str) -> CauseKind:
    return "missing-secret" if kind == "Secret" else "missing-configmap"


def _config_symptom(container: Container, patience: Patience) -> Symptom:
    pod, text = container.pod, str(container.waiting.get("message", ""))
    found = missing_reference(text)
    if found:
        kind, summary = found
        hint, limit = missing_hint(kind, metadata(pod).get("namespace", "")), patience.missing_config
    else:
        kind, summary = "container-config", f"container {container.name} cannot be created: {text}"
        hint, limit = "Correct its settings in the release manifest.", patience.container_config
    cause = Cause(kind, summary, text, (reference(pod),), hint)
    return Symptom(symptom_key(pod, f"{container.name}/{summary}"), cause, limit, created_at(pod))


def _refused_symptom(container: Container, patience: Patience) -> Symptom:
    pod, text = container.pod, str(container.waiting.get("message", ""))
    limit = None if _PASSING.search(text) else patience.container_config
    cause = Cause("container-config", f"container {container.name} cannot be created: {text}", "", (reference(pod),))
    return Symptom(symptom_key(pod, f"{container.name}/refused"), cause, limit, created_at(pod))


def _keeps_crashing(container: Container, now: datetime) -> bool:
    if not container.ended or container.status.get("ready"):
        return False
    if container.running:
        started = parse_time(container.running.get("startedAt"))
        return container.restarts > 0 and (started is None or now - started < _RECENTLY)
    # An init container that ended well, and a Job's that is done, have not crashed.
    return container.restarts > 0 or int(container.ended.get("exitCode") or 0) != 0


def _crash_symptom(container: Container, snapshot: Snapshot, patience: Patience) -> Symptom:
    pod = container.pod
    probe = killed_by_probe(container.name, snapshot.events_of(pod))
    if container.ended.get("reason") == "OOMKilled":
        cause, enough = _memory_cause(container), patience.oom_restarts
    elif probe is not None and int(container.ended.get("exitCode") or 0) in {137, 143}:
        cause = probe_cause(pod, container.name, probe)
        enough = patience.startup_kills if probe.startswith("Startup") else patience.restarts
    else:
        cause, enough = _exit_cause(container, snapshot), patience.restarts
    final = container.restarts >= enough
    if container.running and not (probe is not None and probe.startswith("Startup")):
        final = False  # this attempt may be the one that holds; a startup probe had its chance already
    key = symptom_key(pod, f"{container.name}/{cause.kind}/{'again' if final else 'first'}")
    return Symptom(key, cause, 0 if final else None, created_at(pod))


def _memory_cause(container: Container) -> Cause:
    limit = ((container.spec.get("resources") or {}).get("limits") or {}).get("memory")
    bound = f"its limit of {limit}" if limit else "the node's memory"
    return Cause(
        "out-of-memory",
        f"container {container.name} needs more than {bound}",
        f"OOMKilled, {_times(container.restarts)}",
        (reference(container.pod),),
        "Raise resources.memory of the service, or lower what it takes (for Java: -XX:MaxRAMPercentage).",
    )


def _exit_cause(container: Container, snapshot: Snapshot) -> Cause:
    pod, ended = container.pod, container.ended
    code = int(ended.get("exitCode") or 0)
    why = _EXIT_CODES.get(code)
    facts = [f"exit code {code}" + (f": {why}" if why else "") + f", {_times(container.restarts)}"]
    message = str(ended.get("message") or "").strip()
    log = snapshot.logs.get((name_of(pod), container.name), "").strip("\n")
    facts += [message] if message else []
    facts += [log] if log and log not in message else []
    namespace = metadata(pod).get("namespace", "")
    return Cause(
        "crash",
        f"container {container.name} exits with code {code}",
        "\n".join(facts),
        (reference(pod),),
        f"kubectl -n {namespace} logs {name_of(pod)} -c {container.name} --previous",
    )


def _times(restarts: int) -> str:
    return f"{restarts} restart" + ("" if restarts == 1 else "s")
