"""What an adoption would take over: a service's objects, live and as its chart has them, and who had them (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helmkit.bom import ServiceEntry
from relman.core.adoption.manifest import FROM, LAST_APPLIED, RELEASE_NAME, RELEASE_NAMESPACE

Place = tuple[str, str]
"""Namespace and `apiVersion/Kind/name`."""


@dataclass(frozen=True)
class Former:
    """Another Helm release that has objects a service is to have."""

    namespace: str
    name: str
    revision: int
    status: str
    """Helm's word for its newest revision; empty when its record is gone and its mark on the objects alone is left."""
    objects: frozenset[Place] = frozenset()
    """What its newest revision states and is still its in the cluster."""

    @property
    def title(self) -> str:
        """Its name with its namespace."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class ServiceClaim:
    """One service: what its chart has, and what of it is there."""

    key: str
    entry: ServiceEntry
    wanted: Mapping[str, Mapping[str, Any]]
    """The chart's objects by `apiVersion/Kind/name`, hooks left out."""
    live: Mapping[str, Mapping[str, Any]]
    """Those that are there."""
    rejected: Mapping[str, str] = field(default_factory=dict)
    """Why the cluster would refuse the chart's form of an object that is there."""
    neighbours: Sequence[Mapping[str, Any]] = ()
    """Live workloads of the namespace, to name one that may be meant."""

    def owners(self) -> dict[str, str]:
        """Return who has each live object now, by reference: `release namespace/name`, `kubectl apply` or nobody."""
        return {ref: owner_of(item) for ref, item in sorted(self.live.items())}


def release_of(item: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return namespace and name of the Helm release that a live object says it belongs to."""
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    if not annotations.get(RELEASE_NAME):
        return None
    return (str(annotations.get(RELEASE_NAMESPACE, "")), str(annotations[RELEASE_NAME]))


def former_of(item: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the release an adoption that was not finished took an object from."""
    namespace, _, name = str(((item.get("metadata") or {}).get("annotations") or {}).get(FROM, "")).partition("/")
    return (namespace, name) if name else None


def owner_of(item: Mapping[str, Any]) -> str:
    """Return in words whom a live object belongs to."""
    release = release_of(item)
    if release:
        return f"release {release[0]}/{release[1]}"
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    return "kubectl apply" if LAST_APPLIED in annotations else "nobody in particular"
