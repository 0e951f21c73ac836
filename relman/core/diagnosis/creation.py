"""Why the API server refuses to create pods: quota, Pod Security, webhooks, service accounts (core, pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from relman.core.diagnosis.cause import Cause, CauseKind
from relman.core.diagnosis.patience import Patience
from relman.core.diagnosis.snapshot import (
    Object,
    Snapshot,
    condition,
    event_text,
    event_time,
    is_terminating,
    metadata,
    reference,
)
from relman.core.diagnosis.symptom import Symptom, parse_time, symptom_key

_QUOTA = re.compile(r"exceeded quota: (?P<name>[\w.-]+), (?P<numbers>.*)", re.DOTALL)
_NUMBER = re.compile(r"([\w./-]+)=[^,\s]+")
_NO_LIMITS = re.compile(r"failed quota: (?P<name>[\w.-]+): must specify (?P<fields>.*)", re.DOTALL)
_POD_SECURITY = re.compile(r"violates PodSecurity \"(?P<level>[\w:.-]+)\": (?P<why>.*)", re.DOTALL)
_DENIED = re.compile(r"admission webhook \"(?P<name>[^\"]+)\" denied the request(?:: (?P<why>.*))?", re.DOTALL)
_SILENT = re.compile(r"failed calling webhook \"(?P<name>[^\"]+)\"")
_ACCOUNT = re.compile(r"serviceaccount \"(?P<name>[^\"]+)\" not found")
_PASSING = re.compile(
    r"timeout|timed out|deadline exceeded|connection re|unavailable|try again|object has been modified"
)
_REFUSED = re.compile(r"is forbidden: (?P<why>.*)|is invalid: (?P<field>.*)", re.DOTALL)


def creation_symptom(maker: Object, snapshot: Snapshot, patience: Patience, *, missing: bool) -> Symptom | None:
    """Return why a controller cannot create the pods it should, None when it can.

    Args:
        maker: The object that creates them: a ReplicaSet (which says so in its status), else a StatefulSet, DaemonSet
            or Job (of which only events tell).
        snapshot: The namespace.
        patience: How long it may last.
        missing: Whether it has fewer pods than it should; otherwise what it once said is over.
    """
    if not missing:
        return None
    failure = condition(maker, "ReplicaFailure")
    if failure.get("status") == "True" and failure.get("reason") == "FailedCreate":
        text, since = str(failure.get("message", "")), parse_time(failure.get("lastTransitionTime"))
    else:
        event = _last_refusal(snapshot.events_of(maker))
        if event is None:
            return None
        text, since = event_text(event), parse_time(event_time(event))
    cause, limit = _judge(text, maker, patience)
    if cause.kind == "quota" and _frees_room(snapshot):
        limit = None
    return Symptom(symptom_key(maker, f"create/{cause.summary}"), cause, limit, since)


def _last_refusal(events: Sequence[Object]) -> Object | None:
    """Return the newest event about creating a pod, when it is a failure."""
    relevant = [event for event in events if event.get("reason") in {"FailedCreate", "SuccessfulCreate"}]
    return relevant[-1] if relevant and relevant[-1]["reason"] == "FailedCreate" else None


def _frees_room(snapshot: Snapshot) -> bool:
    """Return whether any pod of the namespace is on its way out: it counts against the quota until it is gone."""
    return any(kind == "Pod" and is_terminating(item) for (kind, _), item in snapshot.objects.items())


def _judge(text: str, maker: Object, patience: Patience) -> tuple[Cause, float | None]:
    namespace = metadata(maker).get("namespace", "")
    kind: CauseKind = "admission"
    limit: float | None = patience.admission
    hint = ""
    if found := _QUOTA.search(text):
        kind, limit = "quota", patience.quota
        resources = ", ".join(dict.fromkeys(_NUMBER.findall(found["numbers"].partition(", used:")[0])))
        summary = f"quota {found['name']} is full: {resources}"
        hint = f"kubectl -n {namespace} describe quota {found['name']}"
    elif found := _NO_LIMITS.search(text):
        kind, limit = "quota", patience.quota
        summary = f"quota {found['name']} wants every pod to set {found['fields'].strip()}"
        hint = "Set the service's resources in the release manifest."
    elif found := _POD_SECURITY.search(text):
        summary = f"Pod Security {found['level']} refuses the pod: {_first(found['why'])}"
        hint = (
            f"Correct the service's security settings, or the namespace's level (namespaces.{namespace}.pod_security)."
        )
    elif found := _DENIED.search(text):
        summary = f"admission webhook {found['name']} refuses the pod: {_first(found['why'] or 'no reason given')}"
    elif found := _SILENT.search(text):
        summary, limit = f"admission webhook {found['name']} does not answer", patience.webhook
        hint = (
            f"Look after the webhook's own service; kubectl get validatingwebhookconfigurations shows {found['name']}."
        )
    elif found := _ACCOUNT.search(text):
        summary, limit = f"ServiceAccount {found['name']} does not exist", patience.service_account
        hint = f"kubectl -n {namespace} create serviceaccount {found['name']}"
    else:
        summary, limit = _other(text, patience)
    return Cause(kind, summary, text, (reference(maker),), hint), limit


def _other(text: str, patience: Patience) -> tuple[str, float | None]:
    if _PASSING.search(text):
        return f"pods cannot be created at the moment: {_first(text)}", None
    found = _REFUSED.search(text)
    why = (found["why"] or found["field"]) if found else text
    return f"the cluster refuses the pod: {_first(why)}", patience.admission


def _first(text: str, limit: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
