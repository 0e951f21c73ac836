"""What the pods of a service need: resources, storage, placement, security, and how they stop."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.vocabulary.env import Env, EnvFrom
from chartgen.vocabulary.image import Image, ImageTag
from chartgen.vocabulary.scalars import (
    AbsolutePath,
    DnsLabel,
    Duration,
    Entry,
    IntOrPercent,
    ObjectName,
    Quantity,
    Text,
)


class Resources(Entry):
    """CPU and memory of one pod. Memory is request and limit alike unless said apart; CPU has no limit unless said."""

    memory: Quantity | None = None
    """Limit, and request unless `memory_request` says less."""
    memory_request: Quantity | None = None
    cpu: Quantity | None = None
    """Request."""
    cpu_limit: Quantity | None = None


class Nfs(Entry):
    """A directory of an NFS server."""

    server: Annotated[str, Field(min_length=1)]
    path: AbsolutePath


class EmptyDirectory(Entry):
    """Scratch space that goes with the pod."""

    size: Quantity | None = None
    memory: bool = False
    """Keep it in RAM; it then counts against the memory limit."""


class Volume(Entry):
    """One volume and where it is mounted. Exactly one source."""

    mount: AbsolutePath
    read_only: bool = False
    sub_path: Text | None = None
    nfs: Nfs | None = None
    empty: EmptyDirectory | None = None
    configmap: ObjectName | None = None
    secret: ObjectName | None = None
    host_path: AbsolutePath | None = None
    """A directory of the node, created when missing; refused by Pod Security "baseline"."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        chosen = [n for n in ("nfs", "empty", "configmap", "secret", "host_path") if getattr(self, n) is not None]
        if len(chosen) != 1:
            found = " and ".join(chosen) or "none"
            msg = f"needs exactly one source of nfs, empty, configmap, secret, host_path; found {found}"
            raise ValueError(msg)
        return self


class Claim(Entry):
    """A volume claim of each replica of a statefulset-infra service."""

    mount: AbsolutePath
    size: Quantity
    access: Literal["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"] = "ReadWriteOnce"
    storage_class: ObjectName | None = None
    """Default: the cluster's default class."""
    sub_path: Text | None = None


class InitContainer(Entry):
    """A container that runs to its end before the service starts; key order is run order."""

    image: Image
    version: ImageTag
    command: list[Text] = []
    args: list[Text] = []
    env: Env = {}
    mounts: dict[DnsLabel, AbsolutePath] = {}
    """Volume or claim name to path."""


class Disruption(Entry):
    """PodDisruptionBudget. Made by default for two replicas and more, with `max_unavailable = 1`."""

    name: ObjectName | None = None
    """Default: the service's name."""
    max_unavailable: IntOrPercent | None = None
    min_available: IntOrPercent | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.max_unavailable is not None) and (self.min_available is not None):
            msg = "says max_unavailable and min_available; Kubernetes takes one of them"
            raise ValueError(msg)
        return self


class Rollout(Entry):
    """How new pods replace old ones (spring-service)."""

    max_surge: IntOrPercent | None = None
    max_unavailable: IntOrPercent | None = None
    recreate: bool = False
    """Stop the old pod first, for what must never run twice (T070)."""


class RunAs(Entry):
    """User and group of the container's process."""

    user: Annotated[int, Field(ge=1)]
    group: Annotated[int, Field(ge=1)] | None = None
    """Default: the user's number."""


class Workload(Entry):
    """Common part of spring-service and statefulset-infra."""

    image: Image
    version: ImageTag
    """The image's tag, a text."""
    replicas: Annotated[int, Field(ge=0)] = 1
    max_replicas: Annotated[int, Field(ge=1)] | None = None
    """More is refused; 1 makes a Deployment stop its old pod before it starts the new one (T070)."""
    container: DnsLabel | None = None
    """Container name, when it is not the service's name (T009)."""
    command: list[Text] | None = None
    args: list[Text] | None = None
    env: Env = {}
    env_from: EnvFrom = {}
    resources: Resources = Resources()
    volumes: dict[DnsLabel, Volume] = {}
    init_containers: dict[DnsLabel, InitContainer] = {}
    spread: Literal["preferred", "required", "none"] = "preferred"
    """Keep replicas on different nodes; the selector is the pods' own label (T048)."""
    disruption: Disruption | Literal[False] | None = None
    node_selector: dict[str, Text] = {}
    run_as: RunAs | Literal["image"] | None = None
    """Default: user 10001 for spring-service, whatever the image says for statefulset-infra."""
    read_only_root: bool = False
    service_account: ObjectName | None = None
    """An existing ServiceAccount whose token the pods get; without it they get none."""
    service_links: bool = False
    """Variables for every Service of the namespace; they collide with Spring's own names (T079)."""
    pull_secrets: list[ObjectName] = []
    """Besides the registry's own."""
    time_zone: Text | None = None
    """Sets TZ (T116)."""
    drain: Duration = 10
    """How long a stopping pod goes on serving until everybody has noticed (T066, T067)."""
    graceful: Duration = 30
    """How long the process may take to stop after that."""
    min_ready: Duration = 0
    revision_history: Annotated[int, Field(ge=0)] = 10
