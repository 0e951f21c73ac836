"""From applied objects to what is wrong with them in the cluster (core, pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from relman.core.diagnosis.cause import Cause, root_first
from relman.core.diagnosis.containers import CrashedContainer, crashed_containers
from relman.core.diagnosis.kinds import is_waited_for
from relman.core.diagnosis.patience import DEFAULT_PATIENCE, Patience
from relman.core.diagnosis.snapshot import Object, Snapshot, is_terminating, metadata, name_of, reference
from relman.core.diagnosis.symptom import Symptom, symptom_key
from relman.core.diagnosis.workloads import newest_pods, symptoms_of


def diagnose(
    objects: Sequence[Object], snapshot: Snapshot, *, now: datetime, patience: Patience = DEFAULT_PATIENCE
) -> tuple[Cause, ...]:
    """Return everything that stands between `objects` and being ready, root cause first.

    Unlike a status's causes this includes what is normal while something starts: it is for when the time is over.

    Args:
        objects: What Helm applied.
        snapshot: The namespace, with events and logs for a full answer.
        now: The time.
        patience: Decides nothing here but which restarts count as a crash loop.
    """
    return root_first(symptom.cause for symptom in find_symptoms(objects, snapshot, now=now, patience=patience))


def find_symptoms(
    objects: Sequence[Object], snapshot: Snapshot, *, now: datetime, patience: Patience
) -> Iterator[Symptom]:
    """Yield what is wrong with applied objects in the cluster."""
    for applied in objects:
        if not is_judged(applied, snapshot):
            continue
        live = snapshot.get(str(applied["kind"]), name_of(applied))
        if live is not None:
            yield from symptoms_of(live, snapshot, patience, now)
            continue
        name = reference(applied)
        cause = Cause("missing-object", f"{name} is not there", "It was applied and has been deleted since.", (name,))
        yield Symptom(symptom_key(applied, "gone"), cause, patience.missing_object)


def is_judged(applied: Object, snapshot: Snapshot) -> bool:
    """Return whether an applied object is waited for and lives in the snapshot's namespace."""
    namespace = metadata(applied).get("namespace")
    elsewhere = snapshot.namespace and namespace and namespace != snapshot.namespace
    return not elsewhere and is_waited_for(applied)


def find_crashed(objects: Sequence[Object], snapshot: Snapshot) -> list[CrashedContainer]:
    """Return the containers of the newest revisions that crashed: those whose logs are worth reading."""
    found: dict[CrashedContainer, None] = {}
    for applied in objects:
        live = snapshot.get(str(applied["kind"]), name_of(applied)) if is_judged(applied, snapshot) else None
        if live is None:
            continue
        pods = [live] if live.get("kind") == "Pod" else newest_pods(live, snapshot)
        for pod in pods:
            if not is_terminating(pod):
                found.update(dict.fromkeys(crashed_containers(pod)))
    return list(found)
