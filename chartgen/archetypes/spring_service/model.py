"""The words of spring-service."""

from __future__ import annotations

from typing import Literal

from chartgen.archetypes.service import ServiceModel
from chartgen.vocabulary.connections import Connections
from chartgen.vocabulary.exposure import ClientService
from chartgen.vocabulary.patches import Escapes
from chartgen.vocabulary.ports import Ports
from chartgen.vocabulary.probes import Probes
from chartgen.vocabulary.workload import Rollout, Workload


class SpringService(Workload, Connections, Escapes, ServiceModel):
    """A stateless service: Deployment, Service, Ingresses, PodDisruptionBudget."""

    ports: Ports
    """Ports by name; `ports.http = 8080` is short for `ports.http = { port = 8080 }`."""
    probes: Probes | Literal[False] = Probes()
    """How a pod shows that it has started, lives and may get traffic; `false` for no probes."""
    service: ClientService | Literal[False] = ClientService()
    """The Service that clients use (spring-service); `false` for none."""
    rollout: Rollout = Rollout()
    """How new pods replace old ones (spring-service)."""
