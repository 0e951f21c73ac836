"""What a comparison of two states of a platform finds."""

from __future__ import annotations

import msgspec

from helmkit.objectdiff import FieldChange, ObjectChange


class MigrationDiff(msgspec.Struct, frozen=True, kw_only=True):
    """An object of which something changes that Kubernetes does not let an update change."""

    object: str
    """`StatefulSet/nacos`."""
    kind: str
    """What relman does, one of `helmkit.migrations.KINDS`; empty when nobody acknowledged the change."""
    fields: tuple[str, ...]
    restarts: bool = False
    """Its pods are replaced by that."""


class ServiceDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in one service."""

    service: str
    namespace: str
    """Where it is now; where it was, when it is removed."""
    change: str
    """`added`, `removed`, `changed`, or `chart`: another chart or other values that make the same objects."""
    old: str | None
    """Its version (image tag) before; None where it was not there, empty where it has none."""
    new: str | None
    settings: tuple[FieldChange, ...] = ()
    """What relman works by and no object shows: release, namespace, archetype, dependencies."""
    objects: tuple[ObjectChange, ...] = ()
    restarts: tuple[str, ...] = ()
    """Workloads, as `Kind/name`, whose pods are replaced."""
    why: tuple[str, ...] = ()
    """What makes them restart: paths in their pod templates, and immutable fields that change."""
    migrations: tuple[MigrationDiff, ...] = ()


class PlatformDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in one environment of a platform."""

    platform: str
    environment: str
    old: str
    """What was compared with: a commit, a published version, a folder."""
    new: str
    settings: tuple[FieldChange, ...] = ()
    """Of the environment: cluster, protection, namespaces with their labels and gates."""
    services: tuple[ServiceDiff, ...] = ()
    unchanged: int = 0
    """How many services stay as they are."""
    refusals: tuple[str, ...] = ()
    """Why a build of this would be refused."""

    @property
    def changes(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.services or self.settings)
