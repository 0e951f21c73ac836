"""Immutable fields that differ between two renderings, and how relman gets from one to the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chartgen.comparison.records import MigrationDiff
from helmkit.bom import Migration
from helmkit.immutable import immutable_fields, object_id
from helmkit.migrations import NotAllowed, decide_way

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def compare_frozen(
    was: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]], known: Iterable[Migration]
) -> Iterator[MigrationDiff]:
    """Yield what must happen to objects that both renderings have, because an update is not allowed.

    Args:
        was: Objects before.
        now: Objects after.
        known: The migrations of both sides.
    """
    before = {object_id(found): immutable_fields(found) for found in was}
    migrations = list({migration.id: migration for migration in known}.values())
    for found in now:
        name = object_id(found)
        way = decide_way(migrations, name, before.get(name, {}), immutable_fields(found))
        if way is None:
            continue
        if isinstance(way, NotAllowed):
            yield MigrationDiff(object=name, kind="", fields=tuple(change.field for change in way.changes))
        else:
            replaced = way.restart or way.kind == "recreate"
            yield MigrationDiff(
                object=name,
                kind=way.kind,
                fields=tuple(change.field for change in way.changes),
                restarts=replaced and name.partition("/")[0] in _WORKLOADS,
            )
