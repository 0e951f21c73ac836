"""What the pods of a service need: storage, placement, security, and how they stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from chartgen.vocabulary.autoscaling import Autoscaling
from chartgen.vocabulary.config import ConfigFiles
from chartgen.vocabulary.containers import InitContainer, Resources, Sidecar
from chartgen.vocabulary.env import Env, EnvFrom
from chartgen.vocabulary.image import Image, ImageTag
from chartgen.vocabulary.placement import LabelKey, LabelValue, Toleration
from chartgen.vocabulary.scalars import (
    DURATION_SCHEMA,
    AbsolutePath,
    DnsLabel,
    Duration,
    Entry,
    IntOrPercent,
    Key,
    ObjectName,
    Quantity,
    Text,
)
from chartgen.vocabulary.spring import SpringApplication


class Nfs(Entry):
    """A directory of an NFS server."""

    server: Annotated[str, Field(min_length=1)]
    """Host name or address, as the nodes resolve it."""
    path: AbsolutePath
    """Exported directory."""


class EmptyDirectory(Entry):
    """Scratch space that goes with the pod."""

    size: Quantity | None = None
    """A pod that writes more is evicted. Default: as much as the node has."""
    memory: bool = False
    """Keep it in RAM; it then counts against the memory limit."""


class Volume(Entry):
    """One volume and where it is mounted. Exactly one source."""

    mount: AbsolutePath
    """Where it appears in the service's container."""
    read_only: bool = False
    """The service's container cannot write to it."""
    sub_path: Text | None = None
    """Only this directory, or file, of the volume."""
    nfs: Nfs | None = None
    """A directory of an NFS server; refused by Pod Security "restricted"."""
    empty: EmptyDirectory | None = None
    """Scratch space that goes with the pod; `empty = {}` has no limit."""
    configmap: ObjectName | None = None
    """A ConfigMap that exists in the namespace, each key a file; `config` makes one of files."""
    secret: ObjectName | None = None
    """A Secret that exists in the namespace, each key a file."""
    host_path: AbsolutePath | None = None
    """A directory of the node, created for root when missing; refused by Pod Security "baseline"."""
    per_pod: bool = False
    """Each pod gets a directory of its own below it, called after the pod: logs of replicas on one node do not mix.
    For nfs and host_path. The variable POD_NAME is set for it."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        chosen = [n for n in ("nfs", "empty", "configmap", "secret", "host_path") if getattr(self, n) is not None]
        if len(chosen) != 1:
            found = " and ".join(chosen) or "none"
            msg = f"needs exactly one source of nfs, empty, configmap, secret, host_path; found {found}"
            raise ValueError(msg)
        if self.per_pod and chosen[0] not in ("nfs", "host_path"):
            msg = f"per_pod belongs to nfs and host_path; {chosen[0]} is no directory that pods share and write to"
            raise ValueError(msg)
        return self


class Claim(Entry):
    """A volume claim of each replica of a statefulset-infra service."""

    mount: AbsolutePath
    """Where it appears in the service's container."""
    size: Quantity
    """Cannot be changed later without a migration (T077)."""
    access: Literal["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"] = "ReadWriteOnce"
    """Who may mount it: one node, many, or one pod."""
    storage_class: ObjectName | None = None
    """Default: the cluster's default class."""
    sub_path: Text | None = None
    """Only this directory of the volume, for databases that want an empty one."""


class Disruption(Entry):
    """PodDisruptionBudget. Made by default for two replicas and more, with `max_unavailable = 1`."""

    name: ObjectName | None = None
    """Default: the service's name."""
    max_unavailable: IntOrPercent | None = None
    """How many pods may be away at once."""
    min_available: IntOrPercent | None = None
    """How many must be there, instead of `max_unavailable`."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.max_unavailable is not None) and (self.min_available is not None):
            msg = "says max_unavailable and min_available; Kubernetes takes one of them"
            raise ValueError(msg)
        return self


class Rollout(Entry):
    """How new pods replace old ones (spring-service)."""

    max_surge: IntOrPercent | None = None
    """How many pods more than replicas; default 1, with `spread = "required"` 0 (T049)."""
    max_unavailable: IntOrPercent | None = None
    """How many fewer; default 0, without surge 1."""
    recreate: bool = False
    """Stop the old pod first, for what must never run twice (T070)."""


class RunAs(Entry):
    """User and group of the container's process."""

    user: Annotated[int, Field(ge=1)]
    """User number; not root."""
    group: Annotated[int, Field(ge=1)] | None = None
    """Default: the user's number."""


class Workload(SpringApplication):
    """Common part of spring-service and statefulset-infra."""

    image: Image
    """Registry and repository of the service's own container."""
    version: ImageTag
    """The image's tag, a text."""
    replicas: Annotated[int, Field(ge=0)] = 1
    """How many pods run."""
    max_replicas: Annotated[int, Field(ge=1)] | None = None
    """More is refused; 1 makes a Deployment stop its old pod before it starts the new one (T070)."""
    autoscaling: Autoscaling | None = None
    """As many replicas as the load needs, instead of `replicas`."""
    container: DnsLabel | None = None
    """Container name, when it is not the service's name (T009)."""
    command: list[Text] | None = None
    """Instead of the image's ENTRYPOINT."""
    args: list[Text] | None = None
    """Instead of the image's CMD."""
    env: Env = {}
    """Variables by name: a text, in which `$(NAME)` is another variable, or a reference (field, secret, configmap,
    peers, endpoint, replicas)."""
    env_from: EnvFrom = {}
    """Whole Secrets and ConfigMaps as variables, by a free key; of equal names the last key's counts; `env` wins."""
    resources: Resources = Resources()
    """CPU and memory of the service's own container."""
    volumes: dict[DnsLabel, Volume] = {}
    """Volumes by name: scratch space, NFS, directories of the node, existing ConfigMaps and Secrets."""
    config: dict[DnsLabel, ConfigFiles] = {}
    """Configuration files that travel in the chart, by a free key that is the volume's name."""
    init_containers: dict[DnsLabel, InitContainer] = {}
    """Containers that run to their end before the service starts, in key order."""
    sidecars: dict[DnsLabel, Sidecar] = {}
    """Containers that start before the service and run beside it, in key order."""
    spread: Literal["preferred", "required", "none"] = "preferred"
    """Keep replicas on different nodes; the selector is the pods' own label (T048)."""
    spread_zones: Literal["preferred", "required", "none"] = "none"
    """Keep replicas evenly over zones (node label topology.kubernetes.io/zone), one more or less; `required` leaves
    pods waiting when a zone has no room."""
    disruption: Disruption | Literal[False] | None = None
    """How many pods a node drain may take at once; `false` for no PodDisruptionBudget."""
    node_selector: dict[str, Text] = {}
    """Labels that a node must have."""
    tolerations: dict[Key, Toleration] = {}
    """Taints of nodes that the pods bear, by a free key."""
    selector: Annotated[dict[LabelKey, LabelValue] | None, Field(min_length=1)] = None
    """Labels that select the pods instead of `app = <name>`, to take over what runs already. Cannot be changed later;
    releases.lock keeps it."""
    run_as: RunAs | Literal["image"] | None = None
    """Default: user 10001 for spring-service, whatever the image says for statefulset-infra."""
    read_only_root: bool = False
    """Containers cannot write to their image's files; /tmp stays writable for the service."""
    service_account: ObjectName | None = None
    """An existing ServiceAccount whose token the pods get; without it they get none."""
    service_links: bool = False
    """Variables for every Service of the namespace; they collide with Spring's own names (T079)."""
    pull_secrets: list[ObjectName] = []
    """Besides the registry's own."""
    time_zone: Text | None = None
    """Sets TZ, also for init containers and sidecars (T116)."""
    drain: Annotated[Duration | None, WithJsonSchema(DURATION_SCHEMA)] = None
    """How long a stopping pod goes on serving until everybody has noticed (T066, T067). Default: 10s, or what
    `discovery` needs: 95s for eureka, 45s for nacos."""
    deregister: Annotated[list[Text], Field(min_length=1)] | None = None
    """A command in the container that takes this instance out of its registry, run when the pod is told to stop, before
    it drains. Without it the instance stays registered until the process stops, and callers find it gone. Needs `sh` in
    the image; when it fails the pod drains all the same. Its words are not looked into: what needs a variable brings
    a shell of its own, `["sh", "-c", "curl … $POD_IP"]`."""
    graceful: Duration = 30
    """How long the process may take to stop after that. The pod's whole grace period is drain, graceful and 5s."""
    min_ready: Duration = 0
    """How long a new pod must be ready before it counts."""
    revision_history: Annotated[int, Field(ge=0)] = 10
    """How many old revisions Kubernetes keeps."""


def stated_images(model: Workload) -> Iterator[tuple[tuple[str, ...], Image, ImageTag]]:
    """Yield every image of the pods with its path in the release manifest and its tag, the service's own first."""
    yield ("image",), model.image, model.version
    for name, init in model.init_containers.items():
        yield ("init_containers", name, "image"), init.image, init.version
    for name, sidecar in model.sidecars.items():
        yield ("sidecars", name, "image"), sidecar.image, sidecar.version
    agent = model.skywalking
    if agent and agent.image and agent.version:
        yield ("skywalking", "image"), agent.image, agent.version
