"""The chart values of statefulset-infra."""

from __future__ import annotations

from typing import cast

from chartgen.archetypes.archetype import Archetype, Surroundings, ValueField, Values
from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.archetypes.workload import around as surrounding
from chartgen.archetypes.workload import fields, schemas
from chartgen.archetypes.workload.around_fields import AROUND
from chartgen.archetypes.workload.exposure import build_headless_ports
from chartgen.archetypes.workload.health import health_paths
from chartgen.archetypes.workload.ordering import in_field_order
from chartgen.archetypes.workload.pod import (
    POD_TEMPLATES,
    add_scratch,
    build_client_service,
    build_naming,
    build_pod,
    selector_text,
)
from chartgen.archetypes.workload.schemas import by_name, closed, reference
from chartgen.archetypes.workload.security import build_security
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.workload import Claim
from helmkit.immutable import canonical_quantity

_RETENTION = {"enum": ["Retain", "Delete"]}
_OWN_FIELDS = (
    ValueField(
        "headless",
        "The headless Service that gives every replica its DNS name. Its name cannot be changed later.",
        closed(
            {
                "name": schemas.LABEL,
                "publishNotReadyAddresses": schemas.BOOLEAN,
                "ports": reference("servicePorts"),
                "annotations": schemas.TEXT_MAP,
            }
        ),
    ),
    ValueField(
        "claims",
        "Volume claims of every replica by name. They cannot be changed later.",
        by_name(
            closed(
                {
                    "mountPath": schemas.PATH,
                    "subPath": schemas.TEXT,
                    "size": schemas.TEXT,
                    "accessMode": schemas.TEXT,
                    "storageClass": schemas.OBJECT_NAME,
                }
            )
        ),
    ),
    ValueField(
        "claimRetention",
        "What happens to the claims when the StatefulSet is deleted or scaled down.",
        closed({"whenDeleted": _RETENTION, "whenScaled": _RETENTION}),
    ),
    ValueField(
        "podManagementPolicy",
        "Parallel for peers that wait for each other. Cannot be changed later.",
        {"enum": ["OrderedReady", "Parallel"]},
    ),
    ValueField("ordinalsStart", "Number of the first replica.", schemas.COUNT),
    ValueField("partition", "Replicas with a smaller number keep their version.", schemas.COUNT, required=False),
)


def build_values(service: ResolvedService, around: Surroundings) -> Values:
    """Return the complete chart values of a statefulset-infra."""
    model = cast("StatefulsetInfra", service.model)
    client = build_client_service(model, model.client)
    headless = model.headless.name or f"{model.name}-headless"
    values = {
        **build_naming(service, around),
        **build_pod(service, model, around, dict(health_paths(model.spring_boot, {}))),
        **build_security(model, None),
        **client,
        **surrounding.build_around(service, model, around),
        "headless": {
            "name": headless,
            "publishNotReadyAddresses": model.headless.publish_not_ready,
            "ports": build_headless_ports(model.ports, model.headless.ports),
            **({"annotations": dict(sorted(model.headless.annotations.items()))} if model.headless.annotations else {}),
        },
        "claims": {name: _claim(claim) for name, claim in sorted(model.claims.items())},
        "claimRetention": {"whenDeleted": model.claim_retention.deleted, "whenScaled": model.claim_retention.scaled},
        "podManagementPolicy": model.pod_management,
        "ordinalsStart": model.ordinals_start,
        **({"partition": model.partition} if model.partition else {}),
    }
    if model.read_only_root:
        add_scratch(values)
    return in_field_order(values, STATEFULSET_INFRA.fields)


def _claim(claim: Claim) -> Values:
    found = {
        "mountPath": claim.mount,
        "subPath": claim.sub_path,
        "size": claim.size,
        "accessMode": claim.access,
        "storageClass": claim.storage_class,
    }
    return {key: value for key, value in found.items() if value is not None}


def _immutable_fields(values: Values) -> dict[str, str]:
    stateful = f"StatefulSet/{values['name']} spec."
    claims = [
        " ".join(
            [
                name,
                canonical_quantity(claim["size"]),
                claim["accessMode"],
                claim.get("storageClass", "(default class)"),
            ]
        )
        for name, claim in sorted(values["claims"].items())
    ]
    found = {
        f"{stateful}selector": selector_text(values),
        f"{stateful}serviceName": values["headless"]["name"],
        f"{stateful}podManagementPolicy": values["podManagementPolicy"],
        f"{stateful}volumeClaimTemplates": ", ".join(claims) or "none",
        f"Service/{values['headless']['name']} spec.clusterIP": "None",
    }
    return {**found, **surrounding.service_identities(values)}


STATEFULSET_INFRA = Archetype(
    name="statefulset-infra",
    suffix="infra",
    summary="Replicas with stable names: StatefulSet, headless and client Service, claims, PodDisruptionBudget.",
    package="chartgen.archetypes.statefulset_infra",
    shared_templates=(*POD_TEMPLATES, *surrounding.TEMPLATES),
    fields=(*fields.NAMING, *fields.POD, *AROUND, *_OWN_FIELDS),
    build_values=build_values,
    immutable_fields=_immutable_fields,
    definitions=fields.DEFINITIONS,
)
