"""The archetypes by name."""

from __future__ import annotations

from chartgen.archetypes.archetype import Archetype
from chartgen.archetypes.external_endpoint.values import EXTERNAL_ENDPOINT
from chartgen.archetypes.spring_service.values import SPRING_SERVICE
from chartgen.archetypes.statefulset_infra.values import STATEFULSET_INFRA

ARCHETYPES: dict[str, Archetype] = {
    archetype.name: archetype for archetype in (SPRING_SERVICE, STATEFULSET_INFRA, EXTERNAL_ENDPOINT)
}
"""Every archetype whose services get a generated chart."""
