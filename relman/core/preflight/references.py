"""Check `references`: what pods, claims and ingresses name exists (core, pure).

A missing Secret or ConfigMap keeps pods from starting for as long as it is missing, so it refuses; what pods start
without (pull secrets, TLS of an ingress) only warns. References marked `optional` are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from relman.core.plan import INSTALL
from relman.core.preflight.facts import Facts, Known
from relman.core.preflight.finding import REFERENCES, REFUSE, WARN, Finding, Severity
from relman.core.preflight.named import (
    CONFIG_MAP,
    INGRESS_CLASS,
    SECRET,
    STORAGE_CLASS,
    Reference,
    provided,
    references_of,
)

Target = tuple[str, str, str]
"""Kind, namespace and name."""
State = Literal["fine", "missing", "keyless"]

_UNKNOWN = Known("unseen")
_MANY = 4
"""Users of one object to name."""


def check_references(facts: Facts) -> Iterator[Finding]:
    """Yield what is referred to and is not there, each object once with everything that needs it."""
    brought = provided(facts.moved)
    installs = {one.service for one in facts.moved if one.action == INSTALL}
    missing: dict[tuple[Target, Severity], list[Reference]] = {}
    keyless: dict[tuple[Target, Severity], list[Reference]] = {}
    for reference in references_of(facts.moved):
        if reference.kind == STORAGE_CLASS and not reference.name:
            if facts.default_storage_class is False:
                yield _no_default(reference)
            continue
        state = _state(reference, facts, brought)
        # Claims that exist keep their volumes; only new ones need the class.
        hard = not reference.soft and (reference.kind != STORAGE_CLASS or reference.service in installs)
        if state != "fine":
            chosen = missing if state == "missing" else keyless
            chosen.setdefault((reference.target, REFUSE if hard else WARN), []).append(reference)
    for (_, severity), references in missing.items():
        yield _missing(references, facts, severity)
    for (_, severity), references in keyless.items():
        yield _without_keys(references, severity)


def _state(reference: Reference, facts: Facts, brought: Mapping[Target, frozenset[str] | None]) -> State:
    known = facts.known.get(reference.target, _UNKNOWN)
    keys = brought.get(reference.target)
    if reference.target in brought and (keys is None or not reference.key or reference.key in keys):
        return "fine"
    if known.state == "missing":
        return "keyless" if reference.target in brought else "missing"
    lacks = reference.key and known.keys is not None and reference.key not in known.keys
    return "keyless" if lacks else "fine"


def _missing(references: Sequence[Reference], facts: Facts, severity: Severity) -> Finding:
    first = references[0]
    where = f" in namespace {first.namespace}" if first.namespace else ""
    keys = _keys(references)
    what = f", with the {keys}" if keys else ""
    return Finding(
        check=REFERENCES,
        severity=severity,
        message=f"{first.kind} {first.name} does not exist{where}; needed by {_users(references)}{what}",
        remedy=_remedy(first, facts),
        namespace=first.namespace,
        services=_services(references),
    )


def _without_keys(references: Sequence[Reference], severity: Severity) -> Finding:
    first = references[0]
    return Finding(
        check=REFERENCES,
        severity=severity,
        message=f"{first.kind} {first.name} in namespace {first.namespace} lacks the {_keys(references)}; "
        f"needed by {_users(references)}",
        remedy="Add what is missing, or mark the references as optional: "
        f"kubectl -n {first.namespace} edit {first.kind.lower()} {first.name}",
        namespace=first.namespace,
        services=_services(references),
    )


def _users(references: Sequence[Reference]) -> str:
    users = dict.fromkeys(f"{one.user} ({one.what})" for one in references)
    shown = list(users)[:_MANY]
    return ", ".join(shown) + (f" and {len(users) - _MANY} more" if len(users) > _MANY else "")


def _keys(references: Sequence[Reference]) -> str:
    keys = sorted({one.key for one in references if one.key})
    return f"key{'s' if len(keys) > 1 else ''} {', '.join(keys)}" if keys else ""


def _services(references: Sequence[Reference]) -> tuple[str, ...]:
    return tuple(sorted({one.service for one in references}))


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
        command = f"relman pull-secrets {reference.namespace} --registry … --username … --password-stdin"
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
