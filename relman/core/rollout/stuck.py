"""The pods a StatefulSet needs deleted before it can go on (T076; core, pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from relman.core.diagnosis.kinds import is_waited_for
from relman.core.diagnosis.snapshot import Object, Snapshot, name_of
from relman.core.diagnosis.statefulsets import blocking_pods


def stuck_pods(objects: Sequence[Object], snapshot: Snapshot, *, now: datetime | None = None) -> list[str]:
    """Return the names of pods that must be deleted after a rollback (or a corrected upgrade), sorted.

    Empty as long as a StatefulSet's controller has not seen the newest generation: ask again then.

    Args:
        objects: What Helm applied.
        snapshot: The namespace, StatefulSets and Pods at least.
        now: The time; without it a container that runs at the moment does not count as crashing.
    """
    found = []
    for applied in objects:
        live = snapshot.get("StatefulSet", name_of(applied)) if applied.get("kind") == "StatefulSet" else None
        if live is not None and is_waited_for(applied):
            found += [name_of(pod) for pod in blocking_pods(live, snapshot, now=now)]
    return sorted(found)
