"""The words of statefulset-infra."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.archetypes.service import ServiceModel
from chartgen.vocabulary.connections import Connections
from chartgen.vocabulary.exposure import ClientService, HeadlessService
from chartgen.vocabulary.patches import Escapes
from chartgen.vocabulary.ports import Ports
from chartgen.vocabulary.probes import Probes
from chartgen.vocabulary.scalars import DnsLabel, Entry
from chartgen.vocabulary.workload import Claim, Workload


class ClaimRetention(Entry):
    """What happens to claims; they outlive the service unless said (T077)."""

    deleted: Literal["Retain", "Delete"] = "Retain"
    """When the service is uninstalled."""
    scaled: Literal["Retain", "Delete"] = "Retain"
    """When there are fewer replicas, of those that are gone."""


class StatefulsetInfra(Workload, Connections, Escapes, ServiceModel):
    """Replicas with stable names: StatefulSet, headless Service, client Service, claims, PodDisruptionBudget."""

    ports: Ports
    probes: Probes | Literal[False] = Probes()
    headless: HeadlessService = HeadlessService()
    """The Service that gives each replica its DNS name."""
    client: ClientService | Literal[False] = ClientService()
    """The Service that clients use (statefulset-infra); `false` for none."""
    claims: dict[DnsLabel, Claim] = {}
    """Volume claims of each replica, by name. They cannot be changed later without a migration (T075)."""
    persistent: bool = True
    """`false` says in words that data is lost with the pod (T081)."""
    claim_retention: ClaimRetention = ClaimRetention()
    """What happens to claims when the StatefulSet goes or shrinks."""
    pod_management: Literal["OrderedReady", "Parallel"] = "OrderedReady"
    """Parallel for peers that wait for each other (T071)."""
    ordinals_start: Annotated[int, Field(ge=0)] = 0
    """Number of the first replica."""
    partition: Annotated[int, Field(ge=0)] = 0
    """Replicas with a smaller number keep their version: a canary of the last ones. relman waits for those alone."""

    @model_validator(mode="after")
    def _storage_is_said(self) -> Self:
        keeps = bool(self.claims) or any(v.nfs or v.host_path for v in self.volumes.values())
        if self.persistent and not keeps:
            msg = "has no claims and no lasting volume; add claims.<name>, or say persistent = false (T081)"
            raise ValueError(msg)
        return self
