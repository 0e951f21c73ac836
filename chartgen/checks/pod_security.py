"""Pods that their namespace's Pod Security level refuses would never start, and nobody but the ReplicaSet says so."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject

_RESTRICTED_VOLUMES = frozenset({"configMap", "emptyDir", "secret"})


def check(subject: Subject) -> Iterator[Hit]:
    """Find what the namespace's level refuses."""
    namespace = subject.place.namespaces.get(subject.service.namespace)
    if namespace is None or "podSecurityContext" not in subject.values or namespace.pod_security == "privileged":
        return
    sources = {name: next(iter(volume["source"]), "") for name, volume in subject.values["volumes"].items()}
    level = f'namespace {namespace.name} has pod_security "{namespace.pod_security}"'
    for name, source in sources.items():
        if source == "hostPath" or (namespace.pod_security == "restricted" and source not in _RESTRICTED_VOLUMES):
            yield Hit(f"{level}, which refuses the volume {name} ({source})", ("volumes", name))
    if namespace.pod_security == "restricted" and not subject.values["podSecurityContext"].get("runAsNonRoot"):
        yield Hit(f"{level}, which refuses pods that may run as root", ("run_as",))


RULE = Rule(
    "pod-security",
    "error",
    "The API server refuses such pods while it accepts their Deployment: nothing starts, and only the events of the "
    "ReplicaSet say why (T156).",
    "Say who it runs as: run_as = { user = 10001 }; or give the namespace another pod_security.",
    check,
)
