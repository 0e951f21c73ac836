"""The words of each archetype: what a service may state, by the archetype it names."""

from __future__ import annotations

from collections.abc import Mapping

from chartgen.archetypes.external_endpoint.model import ExternalEndpoint
from chartgen.archetypes.raw_objects.model import RawObjects
from chartgen.archetypes.service import ServiceModel
from chartgen.archetypes.spring_service.model import SpringService
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.archetypes.vendor_chart.model import VendorChart

MODELS: Mapping[str, type[ServiceModel]] = {
    "spring-service": SpringService,
    "statefulset-infra": StatefulsetInfra,
    "external-endpoint": ExternalEndpoint,
    "raw-objects": RawObjects,
    "vendor-chart": VendorChart,
}
