"""The archetypes by name."""

from __future__ import annotations

from chartgen.archetypes.archetype import Archetype
from chartgen.archetypes.external_endpoint.values import EXTERNAL_ENDPOINT
from chartgen.archetypes.namespace_objects.values import NAMESPACE_OBJECTS
from chartgen.archetypes.objects.escaping import with_escapes
from chartgen.archetypes.raw_objects.values import RAW_OBJECTS
from chartgen.archetypes.spring_service.values import SPRING_SERVICE
from chartgen.archetypes.statefulset_infra.values import STATEFULSET_INFRA
from chartgen.archetypes.vendor_chart.values import VENDOR_CHART

_GENERATED = (SPRING_SERVICE, STATEFULSET_INFRA, EXTERNAL_ENDPOINT)

ARCHETYPES: dict[str, Archetype] = {
    archetype.name: archetype
    for archetype in (*map(with_escapes, _GENERATED), RAW_OBJECTS, NAMESPACE_OBJECTS, VENDOR_CHART)
}
"""Every archetype whose services get a generated chart."""
