"""Pods that their namespace's Pod Security level refuses would never start, and nobody but the ReplicaSet says so."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Rule, Subject

_RESTRICTED_VOLUMES = frozenset({"configMap", "emptyDir", "secret"})


def check(subject: Subject) -> Iterator[str]:
    """Find what the namespace's level refuses."""
    namespace = subject.place.namespaces.get(subject.service.namespace)
    if namespace is None or "podSecurityContext" not in subject.values or namespace.pod_security == "privileged":
        return
    sources = {name: next(iter(volume["source"]), "") for name, volume in subject.values["volumes"].items()}
    level = f'namespace {namespace.name} has pod_security "{namespace.pod_security}"'
    for name, source in sources.items():
        if source == "hostPath" or (namespace.pod_security == "restricted" and source not in _RESTRICTED_VOLUMES):
            yield f"{level}, which refuses the volume {name} ({source})"
    if namespace.pod_security == "restricted" and not subject.values["podSecurityContext"].get("runAsNonRoot"):
        yield f"{level}, which refuses pods that may run as root"


RULE = Rule(
    "pod-security",
    "error",
    "Say who it runs as: run_as = { user = 10001 }; or give the namespace another pod_security.",
    check,
)
