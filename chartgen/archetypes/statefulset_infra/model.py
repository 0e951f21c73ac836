"""The words of statefulset-infra."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chartgen.archetypes.service import ServiceModel
from chartgen.vocabulary.exposure import ClientService, HeadlessService, Ingresses
from chartgen.vocabulary.ports import Ports
from chartgen.vocabulary.probes import Probes
from chartgen.vocabulary.scalars import DnsLabel, Entry
from chartgen.vocabulary.workload import Claim, Workload


class ClaimRetention(Entry):
    """What happens to claims; they outlive the service unless said (T077)."""

    deleted: Literal["Retain", "Delete"] = "Retain"
    scaled: Literal["Retain", "Delete"] = "Retain"


class StatefulsetInfra(Workload, ServiceModel):
    """Replicas with stable names: StatefulSet, headless Service, client Service, claims, PodDisruptionBudget."""

    ports: Ports
    probes: Probes | Literal[False] = Probes()
    headless: HeadlessService = HeadlessService()
    client: ClientService | Literal[False] = ClientService()
    ingress: Ingresses = {}
    claims: dict[DnsLabel, Claim] = {}
    persistent: bool = True
    """`false` says in words that data is lost with the pod (T081)."""
    claim_retention: ClaimRetention = ClaimRetention()
    pod_management: Literal["OrderedReady", "Parallel"] = "OrderedReady"
    """Parallel for peers that wait for each other (T071)."""
    ordinals_start: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _storage_is_said(self) -> Self:
        keeps = bool(self.claims) or any(v.nfs or v.host_path for v in self.volumes.values())
        if self.persistent and not keeps:
            msg = "has no claims and no lasting volume; add claims.<name>, or say persistent = false (T081)"
            raise ValueError(msg)
        return self
