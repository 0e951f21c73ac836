"""How an acknowledged change of an immutable field is carried out, and whether one is needed. Pure.

`orphan-delete-and-recreate` (StatefulSet)
    Delete it with propagation Orphan; its pods and claims stay and are adopted by the new one.
`claim-growth` (StatefulSet)
    Grow every existing claim first (their storage class must allow expansion), then as above. On the way back the
    claims stay as large as they are.
`recreate` (Deployment, StatefulSet, Service, Job and others)
    Delete the object, its pods too, then create it anew: an interruption. A StatefulSet is deleted with propagation
    Orphan and its pods by their labels, so that no retention policy takes the claims along (KEP-1847).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from helmkit.bom import FieldChange, Migration

Kind = Literal["claim-growth", "orphan-delete-and-recreate", "recreate"]
KINDS: Final[tuple[Kind, ...]] = ("claim-growth", "orphan-delete-and-recreate", "recreate")
"""From the mildest to the one that interrupts most."""


@dataclass(frozen=True)
class Way:
    """What to do with one object so that its immutable fields can become what is wanted."""

    object: str
    kind: str
    """`claim-growth` is always forward; its way back is `orphan-delete-and-recreate`."""
    changes: tuple[FieldChange, ...]
    """From what is there to what is wanted."""
    migrations: tuple[str, ...]
    """Ids of the migrations that allow it, in the order in which they are passed."""
    backwards: tuple[str, ...]
    """Ids of those that are undone by it."""
    restart: bool
    loses: bool
    """It undoes a migration that was declared irreversible."""


@dataclass(frozen=True)
class NotAllowed:
    """Fields of one object that differ, and no acknowledged migration allows it."""

    object: str
    changes: tuple[FieldChange, ...]


def decide_way(
    known: Iterable[Migration], name: str, live: Mapping[str, str], wanted: Mapping[str, str]
) -> Way | NotAllowed | None:
    """Return what must happen to an object before an upgrade can apply it.

    Args:
        known: The migrations of the service of which the newer of both versions knows.
        name: `Kind/name`.
        live: Its immutable fields as they are (`helmkit.immutable.immutable_fields`).
        wanted: The same as they shall be.

    Returns:
        None when nothing differs. A way when migrations lead from here to there, through versions in between and in
        either direction. Else what nobody acknowledged.
    """
    differing = [FieldChange(path, live[path], wanted[path]) for path in sorted(live.keys() & wanted.keys())]
    changes = tuple(change for change in differing if change.old != change.new)
    if not changes:
        return None
    own = [migration for migration in known if migration.object == name]
    steps: dict[str, tuple[Migration, bool]] = {}
    for change in changes:
        path = _path(own, change)
        if path is None:
            return NotAllowed(name, tuple(one for one in changes if _path(own, one) is None))
        steps.update({migration.id: (migration, forward) for migration, forward in path})
    return _way(name, changes, [steps[migration.id] for migration in own if migration.id in steps])


def _way(name: str, changes: tuple[FieldChange, ...], steps: list[tuple[Migration, bool]]) -> Way:
    kinds = [_kind(migration, forward=forward) for migration, forward in steps]
    return Way(
        object=name,
        kind=max(kinds, key=_weight),
        changes=changes,
        migrations=tuple(migration.id for migration, _ in steps),
        backwards=tuple(migration.id for migration, forward in steps if not forward),
        restart=any(migration.restart for migration, _ in steps),
        loses=any(not migration.reversible for migration, forward in steps if not forward),
    )


def _kind(migration: Migration, *, forward: bool) -> str:
    if migration.kind == "claim-growth" and not forward:
        return "orphan-delete-and-recreate"
    return migration.kind


def _weight(kind: str) -> int:
    # A kind of a newer chartgen counts as the heaviest: it must not be taken for less than it is.
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def _path(known: list[Migration], change: FieldChange) -> list[tuple[Migration, bool]] | None:
    """The shortest chain of acknowledged changes of one field from its old to its new text."""
    edges: dict[str, list[tuple[str, Migration, bool]]] = {}
    for migration in known:
        for step in migration.changes:
            if step.field == change.field:
                edges.setdefault(step.old, []).append((step.new, migration, True))
                edges.setdefault(step.new, []).append((step.old, migration, False))
    waiting: deque[tuple[str, list[tuple[Migration, bool]]]] = deque([(change.old, [])])
    seen = {change.old}
    while waiting:
        text, path = waiting.popleft()
        if text == change.new:
            return path
        for other, migration, forward in edges.get(text, []):
            if other not in seen:
                seen.add(other)
                waiting.append((other, [*path, (migration, forward)]))
    return None
