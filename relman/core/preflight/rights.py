"""Check `rights`: the caller may do what the run will do, in each namespace (core, pure).

The table is what relman and helm really call; `tests/integration/test_relman_preflight.py` runs an upgrade with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from helmkit.kube.kinds import KNOWN
from relman.core.plan import UNINSTALL
from relman.core.preflight.facts import Facts, Moved, Right
from relman.core.preflight.finding import REFUSE, RIGHTS, Finding
from relman.core.preflight.pods import namespace_of

_RECORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "secrets"): ("get", "list", "create", "update", "delete"),
    ("", "configmaps"): ("get", "list", "create", "update", "delete"),
    ("coordination.k8s.io", "leases"): ("get", "create", "update"),
}
"""Helm's history, the set's history, and the lock."""
_WATCHED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "pods"): ("list", "watch"),
    ("", "events"): ("list",),
    ("apps", "replicasets"): ("list", "watch"),
}
"""What a rollout is followed by."""
_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_WORKLOADS = frozenset({"deployments", "statefulsets", "daemonsets", "jobs", "persistentvolumeclaims"})
_OBJECT_VERBS = ("get", "list", "create", "patch", "delete")


def needed_rights(moved: Iterable[Moved], missing: frozenset[str], labels: frozenset[str]) -> tuple[Right, ...]:
    """Return the rights a run needs, sorted.

    Args:
        moved: What it moves.
        missing: Namespaces it has to create.
        labels: Namespaces it has to label.
    """
    found: set[Right] = set()
    for one in moved:
        found |= {Right(verb, *what, one.namespace) for what, verbs in _RECORDS.items() for verb in verbs}
        if one.action != UNINSTALL:
            found |= {Right(verb, *what, one.namespace) for what, verbs in _WATCHED.items() for verb in verbs}
            found.add(Right("get", "", "namespaces", one.namespace, one.namespace))
        if one.brings:
            found |= {Right(verb, *_DEFINITIONS, "") for verb in ("get", "create", "patch")}
        for item in one.objects:
            found |= _of_object(str(item.get("apiVersion")), str(item.get("kind")), namespace_of(item) or one.namespace)
    found |= {Right("create", "", "namespaces", "") for _ in missing}
    found |= {Right("patch", "", "namespaces", name, name) for name in labels - missing}
    return tuple(sorted(found, key=lambda r: (r.namespace, r.group, r.resource, r.verb, r.name)))


def check_rights(facts: Facts) -> Iterator[Finding]:
    """Yield the rights that are missing, those of one namespace in one finding."""
    by_namespace: dict[str, list[Right]] = {}
    for right in facts.lacking:
        by_namespace.setdefault(right.namespace, []).append(right)
    for namespace, rights in sorted(by_namespace.items()):
        where = f"in namespace {namespace}" if namespace else "in the cluster"
        yield Finding(
            check=RIGHTS,
            severity=REFUSE,
            message=f"you lack rights {where}: {'; '.join(_grouped(rights))}",
            remedy=f"Ask for them; `{_question(rights[0])}` tells when you have them.",
            namespace=namespace,
        )


def _of_object(api_version: str, kind: str, namespace: str) -> set[Right]:
    place = KNOWN.get((api_version, kind))
    if place is None:
        return set()
    group = api_version.partition("/")[0] if "/" in api_version else ""
    verbs = (*_OBJECT_VERBS, "watch") if place.plural in _WORKLOADS else _OBJECT_VERBS
    return {Right(verb, group, place.plural, namespace if place.namespaced else "") for verb in verbs}


def _grouped(rights: list[Right]) -> list[str]:
    verbs: dict[str, list[str]] = {}
    for right in rights:
        verb, _, what = str(right).partition(" ")
        verbs.setdefault(what, []).append(verb)
    return [f"{', '.join(found)} {what}" for what, found in sorted(verbs.items())]


def _question(right: Right) -> str:
    where = f" -n {right.namespace}" if right.namespace else ""
    return f"kubectl auth can-i {right}{where}"
