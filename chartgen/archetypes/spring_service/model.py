"""The words of spring-service."""

from __future__ import annotations

from typing import Literal

from chartgen.archetypes.service import ServiceModel
from chartgen.vocabulary.exposure import ClientService, Ingresses
from chartgen.vocabulary.ports import Ports
from chartgen.vocabulary.probes import Probes
from chartgen.vocabulary.workload import Rollout, Workload


class SpringService(Workload, ServiceModel):
    """A stateless service: Deployment, Service, Ingresses, PodDisruptionBudget."""

    ports: Ports
    probes: Probes | Literal[False] = Probes()
    service: ClientService | Literal[False] = ClientService()
    ingress: Ingresses = {}
    rollout: Rollout = Rollout()
