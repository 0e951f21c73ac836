"""Check `dry-run`: the API server would accept every object, and the pods made of it (core, pure).

What other checks know better is left to them: missing rights, node ports, quota for pods, service accounts.
"""

from __future__ import annotations

from collections.abc import Iterator

from relman.core.plan import INSTALL, UNINSTALL
from relman.core.preflight.facts import Facts, Moved, Trial
from relman.core.preflight.finding import DRY_RUN, REFUSE, WARN, Finding, Severity
from relman.core.preflight.pods import name_of
from relman.core.preflight.rejection import Kind, Rejection, explain_rejection

_ELSEWHERE: frozenset[Kind] = frozenset({"node-port", "account"})
_REMEDIES: dict[Kind, str] = {
    "immutable": "Keep the field as it is, or acknowledge the change in the release manifest: it becomes a migration.",
    "pod-security": "Set what it asks for in the service, or lower the namespace's pod_security.",
    "webhook": "Change what it objects to, or ask who runs that policy.",
    "quota": "Ask for a larger ResourceQuota, or make room in the namespace.",
    "quota-field": "Set these resources on the service, or a LimitRange with defaults in the namespace.",
    "schema": "Correct the field in the chart or its values; `chartgen render` shows the object.",
    "other": "The reason is the cluster's own; correct the object, or ask the cluster's administrator.",
}


def check_dry_run(facts: Facts) -> Iterator[Finding]:
    """Yield what the API server does not accept, and objects that belong to somebody else."""
    moved = {one.service: one for one in sorted(facts.moved, key=lambda one: one.action != UNINSTALL)}
    names = frozenset(name_of(item) for one in facts.moved for item in one.objects)
    brought = frozenset(kind for one in facts.moved for kind in one.brings)
    for one in facts.moved:
        if one.unrendered and "kubeVersion" not in one.unrendered:
            yield _finding(one.service, one.namespace, REFUSE, one.unrendered, "Correct the chart or its values.")
    for trial in facts.trials:
        yield from _judge(trial, moved[trial.service], names, brought)


def _judge(trial: Trial, moved: Moved, names: frozenset[str], brought: frozenset[str]) -> Iterator[Finding]:
    if trial.outcome == "rejected":
        yield from _rejected(trial, moved, names)
    elif trial.outcome == "unknown-kind" and trial.kind not in brought:
        message = f"the cluster does not know the kind of {trial.kind}/{trial.name}: {trial.text}"
        remedy = "Install its CustomResourceDefinition first, or correct the API version."
        yield _of(trial, REFUSE, message, remedy)
    elif trial.outcome == "untried":
        yield _of(trial, WARN, f"{trial.kind}/{trial.name} could not be tried: {trial.text}", "Try again.")
    elif trial.owner is not None and trial.owner != f"{moved.namespace}/{moved.release}":
        whose = f"belongs to Helm release {trial.owner}" if trial.owner else "was made without Helm"
        # A release that exists may own it since before Helm noted owners.
        if trial.owner or moved.action == INSTALL:
            message = f"{trial.kind}/{trial.name} exists in namespace {trial.namespace} and {whose}: helm refuses it"
            yield _of(trial, REFUSE, message, "Adopt it, delete it if it may go, or give the service another name.")


def _rejected(trial: Trial, moved: Moved, names: frozenset[str]) -> Iterator[Finding]:
    rejection = explain_rejection(trial.text)
    if rejection.kind in _ELSEWHERE or (rejection.missing and rejection.missing in names):
        return
    if rejection.kind == "quota" and trial.pod_of:
        return
    if rejection.kind == "immutable" and f"{trial.kind}/{trial.name}" in moved.migrates:
        # Whether a migration leads from here to there is found out with its own words.
        return
    severity: Severity = WARN if rejection.kind == "webhook-silent" else REFUSE
    yield _of(trial, severity, _sentence(trial, rejection), _REMEDIES.get(rejection.kind, _REMEDIES["other"]))


def _sentence(trial: Trial, rejection: Rejection) -> str:
    who = trial.pod_of or f"{trial.kind}/{trial.name}"
    if rejection.kind == "immutable":
        fields = ", ".join(trial.changed) or rejection.text
        return f"{who}: {fields} cannot be changed once it exists"
    if trial.kind == "Secret":
        # What it quotes may be the secret itself.
        return f"{who}: the cluster does not accept it"
    return f"{who}: {'its pods are refused: ' if trial.pod_of else ''}{rejection.text}"


def _of(trial: Trial, severity: Severity, message: str, remedy: str) -> Finding:
    return _finding(trial.service, trial.namespace, severity, message, remedy)


def _finding(service: str, namespace: str, severity: Severity, message: str, remedy: str) -> Finding:
    return Finding(
        check=DRY_RUN, severity=severity, message=message, remedy=remedy, namespace=namespace, services=(service,)
    )
