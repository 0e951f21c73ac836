"""Acknowledged changes of immutable fields: what a step has to do to which object, decided from what is there (pure).

Both directions are known to whoever knows the newer version, so the migrations of what runs count as much as those of
what is wanted (T041, T075).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helmkit.bom import Migration
from helmkit.immutable import immutable_fields, object_id
from helmkit.migrations import NotAllowed, Way, decide_way
from relman.core.plan import Step
from relman.core.record import Content, MigrationRecord

_WORDS = {
    "orphan-delete-and-recreate": "is deleted without its pods and created anew around them",
    "claim-growth": "gets larger claims, is deleted without its pods and created anew around them",
    "recreate": "is deleted with its pods and created anew, an interruption",
}


def known_migrations(*contents: Content | None) -> tuple[Migration, ...]:
    """Return the migrations that any of these contents knows, each once, in order of versions."""
    found: dict[str, Migration] = {}
    # The newest content knows all that came before it.
    for content in sorted((c for c in contents if c), key=lambda content: -len(content.migrations)):
        for migration in content.migrations:
            found.setdefault(migration.id, migration)
    return tuple(found.values())


def migrations_of(step: Step) -> tuple[Migration, ...]:
    """Return the migrations that may matter to a step: of what it brings, and of what is there."""
    return known_migrations(step.content, step.before.content if step.before else None)


def migrated_names(known: Iterable[Migration]) -> frozenset[str]:
    """Return `Kind/name` of every object some migration is about."""
    return frozenset(migration.object for migration in known)


def decide_ways(
    known: Sequence[Migration], objects: Iterable[Mapping[str, Any]], there: Mapping[str, Mapping[str, Any]]
) -> tuple[Way | NotAllowed, ...]:
    """Return what must happen to which object before Helm can apply these.

    Args:
        known: See `known_migrations`.
        objects: As they are to be.
        there: As they are, by `Kind/name`; what does not exist is simply created.
    """
    found = []
    for item in objects:
        name = object_id(item)
        if name in there:
            found.append(decide_way(known, name, immutable_fields(there[name]), immutable_fields(item)))
    return tuple(one for one in found if one is not None)


def describe_way(way: Way) -> str:
    """Return what is going to happen, in words."""
    fields = ", ".join(f"{change.field} {change.old} -> {change.new}" for change in way.changes)
    return f"{way.object} {_WORDS.get(way.kind, 'is changed')} ({fields})"


def describe_refusal(refused: NotAllowed) -> str:
    """Return which change nobody acknowledged, in words."""
    fields = ", ".join(f"{change.field} {change.old} -> {change.new}" for change in refused.changes)
    return f"{refused.object}: {fields} cannot be changed once it exists, and no migration allows it"


def describe_loss(way: Way) -> str:
    """Return what is undone although it was declared irreversible."""
    return f"{way.object}: going back undoes {', '.join(way.backwards)}, which was declared irreversible"


def never_back(way: Way, known: Iterable[Migration]) -> bool:
    """Tell whether a way goes forward over something that is not to be undone."""
    forward = set(way.migrations) - set(way.backwards)
    return any(one.id in forward and not one.reversible for one in known)


def shrinks_not(way: Way, known: Iterable[Migration]) -> bool:
    """Tell whether a way goes back over claims that grew: they stay as large as they are."""
    return any(one.id in way.backwards and one.kind == "claim-growth" for one in known)


def migration_record(way: Way, uid: str) -> MigrationRecord:
    """Return a way as the journal keeps it, with the UID of the object that goes."""
    return MigrationRecord(
        object=way.object, kind=way.kind, uid=uid, changes=way.changes, migrations=way.migrations,
        backwards=way.backwards,
    )  # fmt: skip
