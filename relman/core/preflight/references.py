"""Check `references`: what pods, claims and ingresses name exists (core, pure).

A missing Secret or ConfigMap keeps pods from starting for as long as it is missing, so it refuses; what pods start
without (pull secrets, TLS of an ingress) only warns. References marked `optional` are none.
"""

from __future__ import annotations

from collections.abc import Iterator

from relman.core.plan import INSTALL
from relman.core.preflight.facts import Facts, Known
from relman.core.preflight.finding import REFERENCES, REFUSE, WARN, Finding, Severity
from relman.core.preflight.named import CONFIG_MAP, INGRESS_CLASS, SECRET, STORAGE_CLASS, Reference, provided, references_of

_UNKNOWN = Known("unseen")


def check_references(facts: Facts) -> Iterator[Finding]:
    """Yield what is referred to and is not there."""
    brought = provided(facts.moved)
    installs = {one.service for one in facts.moved if one.action == INSTALL}
    for reference in references_of(facts.moved):
        if reference.kind == STORAGE_CLASS and not reference.name:
            if facts.default_storage_class is False:
                yield _no_default(reference)
            continue
        keys = brought.get(reference.target, frozenset())
        if reference.target in brought and (keys is None or not reference.key or reference.key in keys):
            continue
        known = facts.known.get(reference.target, _UNKNOWN)
        if known.state == "missing":
            # Claims that exist keep their volumes; only new ones need the class.
            hard = not reference.soft and (reference.kind != STORAGE_CLASS or reference.service in installs)
            yield _missing(reference, facts, REFUSE if hard else WARN)
        elif reference.key and known.keys is not None and reference.key not in known.keys:
            yield _no_key(reference)


def _missing(reference: Reference, facts: Facts, severity: Severity) -> Finding:
    where = f" in namespace {reference.namespace}" if reference.namespace else ""
    return Finding(
        check=REFERENCES,
        severity=severity,
        message=f"{reference.kind} {reference.name} does not exist{where}: {reference.user} needs it ({reference.what})",
        remedy=_remedy(reference, facts),
        namespace=reference.namespace,
        services=(reference.service,),
    )


def _no_key(reference: Reference) -> Finding:
    what = f"{reference.kind} {reference.name} in namespace {reference.namespace}"
    return Finding(
        check=REFERENCES,
        severity=WARN if reference.soft else REFUSE,
        message=f"{what} has no key {reference.key}: {reference.user} needs it ({reference.what})",
        remedy=f"Add the key to it, or mark the reference as optional: kubectl -n {reference.namespace} edit "
        f"{reference.kind.lower()} {reference.name}",
        namespace=reference.namespace,
        services=(reference.service,),
    )


def _no_default(reference: Reference) -> Finding:
    return Finding(
        check=REFERENCES,
        severity=WARN,
        message=f"the cluster has no default StorageClass, and {reference.what} of {reference.user} names none",
        remedy="Name one (storage_class), or mark one as the default: kubectl get storageclass",
        services=(reference.service,),
    )


def _remedy(reference: Reference, facts: Facts) -> str:
    if reference.what == "pull secret":
        command = f"kubectl -n {reference.namespace} create secret docker-registry {reference.name} …"
    elif reference.kind == SECRET:
        command = f"kubectl -n {reference.namespace} create secret generic {reference.name} …"
    elif reference.kind == CONFIG_MAP:
        command = f"kubectl -n {reference.namespace} create configmap {reference.name} …"
    elif reference.kind in (STORAGE_CLASS, INGRESS_CLASS):
        return f"Choose one that exists: kubectl get {reference.kind.lower()}"
    else:
        command = f"kubectl -n {reference.namespace} create {reference.kind.lower()} {reference.name}"
    if reference.namespace in facts.missing_namespaces:
        command = f"kubectl create namespace {reference.namespace}; {command}"
    return f"Create it: {command}"
