"""What preflight looks at: the rendered objects of each step, and what the cluster and registries said (core, pure).

None stands for "could not be seen" wherever it is allowed; the reason then stands in `Facts.unseen`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Object = Mapping[str, Any]
"""A Kubernetes object in Kubernetes' own form."""


@dataclass(frozen=True)
class Moved:
    """One service that the run moves."""

    service: str
    namespace: str
    release: str
    action: str
    """As in the plan's step; an uninstall renders nothing."""
    objects: tuple[Object, ...] = ()
    """As they would be applied, each with its namespace; Helm's tests left out."""
    unrendered: str = ""
    """Why they could not be rendered; empty when they were."""
    brings: frozenset[str] = frozenset()
    """Kinds that its own CustomResourceDefinitions make known."""
    migrates: frozenset[str] = frozenset()
    """`Kind/name` of objects of which a change of immutable fields was acknowledged: the run carries it out."""
    size: int = 0
    """Bytes its release Secret will hold; 0 when that was not worked out."""


@dataclass(frozen=True)
class Trial:
    """What the API server said to one object it was asked to apply without keeping it."""

    service: str
    namespace: str
    kind: str
    name: str
    outcome: Literal["accepted", "rejected", "unknown-kind", "forbidden", "untried"]
    text: str = ""
    """The server's words."""
    owner: str | None = None
    """Of an object that exists: `namespace/release` as Helm notes it, empty when none is noted. None: it is new."""
    changed: tuple[str, ...] = ()
    """Of a rejected StatefulSet: which of the fields differ that cannot be changed."""
    pod_of: str = ""
    """`Kind/name` of the workload when this is a pod made of its template."""


@dataclass(frozen=True)
class Known:
    """What is known of an object that something refers to."""

    state: Literal["there", "missing", "unseen"]
    keys: frozenset[str] | None = None
    """Keys of its data; None when they could not be seen."""


@dataclass(frozen=True)
class ImageSeen:
    """What a registry said of an image."""

    state: Literal["there", "missing", "denied", "unreachable", "unchecked"]
    platforms: frozenset[str] | None = None
    """`linux/amd64`; None when it does not say."""
    text: str = ""
    """Why it is not known."""
    missing_secrets: tuple[str, ...] = ()
    """Pull secrets the pod names that the namespace does not have, or that say nothing of this registry."""
    anonymous: bool = True
    """Nobody's credentials were shown."""


@dataclass(frozen=True)
class Node:
    """A node pods may be put on."""

    name: str
    platform: str
    labels: Mapping[str, str] = field(default_factory=dict)
    allocatable: Mapping[str, Any] = field(default_factory=dict)
    used: Mapping[str, Any] | None = None
    """What its pods ask for; None when pods could not be seen."""


@dataclass(frozen=True)
class PortHolder:
    """A live Service with node ports."""

    namespace: str
    name: str
    release: str
    """`namespace/release` that owns it; empty when none."""
    ports: frozenset[int]


@dataclass(frozen=True)
class Quota:
    """A ResourceQuota without scopes."""

    namespace: str
    name: str
    hard: Mapping[str, Any]
    used: Mapping[str, Any]


@dataclass(frozen=True)
class Right:
    """What may be done to what."""

    verb: str
    group: str
    """API group; empty for the core one."""
    resource: str
    namespace: str
    name: str = ""

    def __str__(self) -> str:
        """Return `create deployments.apps`."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {what}" + (f"/{self.name}" if self.name else "")


@dataclass(frozen=True)
class Neighbour:
    """A service that others depend on and that this run does not move."""

    service: str
    namespace: str
    needed_by: tuple[str, ...]
    state: Literal["healthy", "unhealthy", "missing", "unseen"]
    detail: str = ""


@dataclass(frozen=True)
class Versions:
    """Versions of what is used."""

    kubernetes: tuple[int, int] = (0, 0)
    kubernetes_text: str = ""
    helm: str = ""
    helm_fault: str = ""
    """Why this helm will not do."""


@dataclass(frozen=True)
class Facts:
    """Everything the checks look at."""

    moved: tuple[Moved, ...] = ()
    missing_namespaces: frozenset[str] = frozenset()
    """Namespaces the run would create."""
    trials: tuple[Trial, ...] = ()
    known: Mapping[tuple[str, str, str], Known] = field(default_factory=dict)
    """By kind, namespace (empty for cluster-wide kinds) and name."""
    default_storage_class: bool | None = None
    images: Mapping[tuple[str, str, str], ImageSeen] = field(default_factory=dict)
    """By namespace, service account and image."""
    nodes: tuple[Node, ...] | None = None
    live: Mapping[tuple[str, str, str], Object | None] = field(default_factory=dict)
    """Live workloads by kind, namespace and name; None: it does not exist. Those not seen are left out."""
    admitted: Mapping[tuple[str, str, str], Object] = field(default_factory=dict)
    """Workloads as the server would keep them, defaults filled in."""
    pods: Mapping[tuple[str, str, str], Object] = field(default_factory=dict)
    """Pods of workloads as the server would keep them, with the defaults of LimitRanges, by the workload."""
    node_ports: tuple[PortHolder, ...] | None = None
    quotas: tuple[Quota, ...] = ()
    lacking: tuple[Right, ...] = ()
    """Rights the run needs and the caller has not."""
    neighbours: tuple[Neighbour, ...] = ()
    versions: Versions = Versions()
    unseen: tuple[str, ...] = ()
