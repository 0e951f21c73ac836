"""Is it ready, can it still get ready: the judgement over all objects of a service (core, pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relman.core.diagnosis.cause import CONSEQUENCES, Cause, root_first
from relman.core.diagnosis.finding import find_symptoms, is_judged
from relman.core.diagnosis.patience import DEFAULT_PATIENCE, Patience
from relman.core.diagnosis.snapshot import Object, Snapshot, name_of
from relman.core.diagnosis.symptom import Symptom
from relman.core.rollout.progress import Progress, describe, gone, progress_of
from relman.core.rollout.status import RolloutState, RolloutStatus


@dataclass(frozen=True)
class Memory:
    """What a wait remembers between two looks. Times are those of whoever waits: no clocks are compared."""

    first_seen: Mapping[str, datetime] = field(default_factory=dict)
    """When each symptom was seen first without a break, by its key."""
    inherited: frozenset[str] = frozenset()
    """Keys of symptoms that were there before the wait began."""
    started: bool = False


def decide_rollout(
    objects: Sequence[Object], snapshot: Snapshot, *, now: datetime, patience: Patience = DEFAULT_PATIENCE
) -> RolloutStatus:
    """Return how far the objects of a service are, judged from one look.

    Without memory the cluster's own timestamps tell how long something has been wrong; `judge_rollout` knows better.

    Args:
        objects: What Helm applied: the release's manifest, parsed. Only Deployments, StatefulSets, DaemonSets,
            ReplicaSets, Jobs, Pods and PersistentVolumeClaims are waited for.
        snapshot: The namespace. Without ReplicaSets and Pods in it the state is right, but causes are missing.
        now: The time.
        patience: How long what looks wrong may last.
    """
    return judge_rollout(objects, snapshot, now=now, memory=None, patience=patience)[0]


def judge_rollout(
    objects: Sequence[Object],
    snapshot: Snapshot,
    *,
    now: datetime,
    memory: Memory | None,
    patience: Patience = DEFAULT_PATIENCE,
) -> tuple[RolloutStatus, Memory]:
    """Return how far the objects of a service are, and what to remember for the next look.

    Args:
        objects: As for `decide_rollout`.
        snapshot: As for `decide_rollout`.
        now: The time.
        memory: Returned by the last look, `Memory()` for the first one, None for a single look without a wait.
        patience: How long what looks wrong may last.
    """
    judged = list(_judged(objects, snapshot))
    pending = [applied for applied, progress in judged if not progress.done]
    symptoms = list(find_symptoms(pending, snapshot, now=now, patience=patience))
    kept = _remember(memory or Memory(), symptoms, now, patience)
    final = {s.key for s in symptoms if _is_final(s, kept if memory is not None else None, now, patience)}
    state: RolloutState = "progressing"
    if not pending:
        state = "ready"
    elif final:
        state = "doomed"
    dooming = {_name(symptom.cause) for symptom in symptoms if symptom.key in final}
    seen = root_first(s.cause for s in symptoms if not s.quiet or s.key in final)
    causes = tuple(sorted(seen, key=lambda cause: _rank(cause, dooming)))
    status = RolloutStatus(
        state,
        sum(progress.ready for _, progress in judged),
        sum(progress.wanted for _, progress in judged),
        _message(state, judged, causes),
        causes,
    )
    return status, kept


def _judged(objects: Sequence[Object], snapshot: Snapshot) -> Iterator[tuple[Object, Progress]]:
    for applied in objects:
        if is_judged(applied, snapshot):
            live = snapshot.get(str(applied["kind"]), name_of(applied))
            yield applied, gone(applied) if live is None else progress_of(applied, live, snapshot)


def _remember(memory: Memory, symptoms: Sequence[Symptom], now: datetime, patience: Patience) -> Memory:
    """Return what to remember: symptoms that are gone are forgotten, so that one that returns counts anew."""
    first_seen = {symptom.key: memory.first_seen.get(symptom.key, now) for symptom in symptoms}
    inherited = memory.inherited
    if not memory.started:
        settled = now - timedelta(seconds=patience.settled)
        inherited = frozenset(s.key for s in symptoms if s.old or (s.since is not None and s.since < settled))
    return Memory(first_seen, inherited & first_seen.keys(), started=True)


def _is_final(symptom: Symptom, memory: Memory | None, now: datetime, patience: Patience) -> bool:
    if symptom.patience is None:
        return False
    if memory is None:
        since = symptom.since or now
        return now - since >= timedelta(seconds=symptom.patience)
    allowed = symptom.patience
    if symptom.key in memory.inherited:
        allowed = max(allowed, patience.inherited)
    return now - memory.first_seen[symptom.key] >= timedelta(seconds=allowed)


def _message(state: RolloutState, judged: Sequence[tuple[Object, Progress]], causes: Sequence[Cause]) -> str:
    if not judged:
        return "nothing to wait for"
    several = len(judged) > 1
    if state == "doomed" and causes:
        return causes[0].summary
    open_ones = [(applied, progress) for applied, progress in judged if not progress.done]
    if open_ones:
        text = describe(*open_ones[0], several=several)
        return f"{text}: {causes[0].summary}" if causes else text
    return "; ".join(describe(applied, progress, several=several) for applied, progress in judged)


def _rank(cause: Cause, dooming: Collection[tuple[str, str]]) -> int:
    """Return where a cause stands: what dooms comes before what is merely there, and both before what follows."""
    if cause.kind in CONSEQUENCES:
        return 2
    return 0 if _name(cause) in dooming else 1


def _name(cause: Cause) -> tuple[str, str]:
    return cause.kind, cause.summary
