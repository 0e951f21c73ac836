"""Containers beside the service's own: those that run to their end first, and sidecars."""

from __future__ import annotations

from typing import Literal

from chartgen.vocabulary.env import Env, EnvFrom
from chartgen.vocabulary.image import Image, ImageTag
from chartgen.vocabulary.probes import Probes
from chartgen.vocabulary.scalars import AbsolutePath, DnsLabel, Entry, PortName, PortNumber, Quantity, Text


class Resources(Entry):
    """CPU and memory of one container. Memory is request and limit alike unless said apart."""

    memory: Quantity | None = None
    """Limit, and request unless `memory_request` says less."""
    memory_request: Quantity | None = None
    """Less than the limit lets a node run more pods than it has memory for."""
    cpu: Quantity | None = None
    """Request."""
    cpu_limit: Quantity | None = None
    """Default: none. A JVM needs much CPU while it starts."""


class SideContainer(Entry):
    """What init containers and sidecars have in common."""

    image: Image
    """Registry and repository."""
    version: ImageTag
    """The image's tag, a text."""
    command: list[Text] = []
    """Instead of the image's ENTRYPOINT."""
    args: list[Text] = []
    """Instead of the image's CMD."""
    env: Env = {}
    """Variables by name, as for the service's own container."""
    env_from: EnvFrom = {}
    """Whole Secrets and ConfigMaps as variables, by a free key."""
    mounts: dict[DnsLabel, AbsolutePath] = {}
    """Name of a volume, a claim or a `config` to the path in this container."""


class InitContainer(SideContainer):
    """A container that runs to its end before the service starts; key order is run order."""

    resources: Resources | None = None
    """Default: those of the service, which costs nothing: init containers are gone when the service starts."""


class Sidecar(SideContainer):
    """A container that starts before the service, runs beside it and stops after it (KEP-753).

    Kubernetes counts its resources to the pod's, and the pod is ready when its sidecars are.
    """

    ports: dict[PortName, PortNumber] = {}
    """Ports it listens on. All containers of a pod share one network, so none may be the service's own."""
    probes: Probes | Literal[False] = False
    """Default: none. With a startup probe the service starts when the sidecar has started."""
    resources: Resources = Resources()
    """Default: none, so a ResourceQuota may refuse the pod."""
    before_init_containers: bool = False
    """Start before the init containers already, for example a proxy that they need."""
