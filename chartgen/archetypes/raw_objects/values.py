"""The chart values of raw-objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from chartgen.archetypes.archetype import Archetype, Surroundings, ValueField, Values
from chartgen.archetypes.objects.fields import OBJECTS
from chartgen.archetypes.objects.values import build_objects, list_patches
from chartgen.archetypes.raw_objects.model import RawObjects
from chartgen.archetypes.workload import fields, schemas
from chartgen.archetypes.workload.ordering import in_field_order
from chartgen.objects.assembly import Assembled, PodImage, assemble_objects
from helmkit.immutable import immutable_fields, object_id
from helmkit.yaml import dump_yaml

if TYPE_CHECKING:
    from chartgen.manifest.resolved import ResolvedService
    from chartgen.vocabulary.image import Registry

_BUDGET = ValueField(
    "startupBudgetSeconds",
    "How long a pod may take to become ready, or a Job to end; read by who installs this.",
    schemas.COUNT,
)


def assemble(service: ResolvedService, around: Surroundings) -> Assembled:
    """Return the objects of a raw-objects service in one environment."""
    model = cast("RawObjects", service.model)
    place = around.place.namespaces.get(model.namespace)
    return assemble_objects(
        model.files,
        around.place.files,
        model.namespace,
        images=_images(model, around.registries),
        patches=list_patches(model.patches),
        pull_secrets=place.pull_secrets if place else (),
    )


def build_values(service: ResolvedService, around: Surroundings) -> Values:
    """Return the complete chart values of a raw-objects service."""
    model = cast("RawObjects", service.model)
    values: Values = {
        "name": model.name,
        "component": service.archetype,
        "partOf": around.platform,
        "startupBudgetSeconds": model.startup_budget,
        **build_objects(assemble(service, around)),
    }
    return in_field_order(values, RAW_OBJECTS.fields)


def build_definitions(service: ResolvedService, around: Surroundings) -> dict[str, bytes]:
    """Return the files below `crds/`: helm installs them before everything else, and never takes them away."""
    made = assemble(service, around).definitions
    return {f"crds/{name}.yaml": dump_yaml(made[name]).encode() for name in sorted(made)}


def object_identities(values: Values) -> dict[str, str]:
    """Return what Kubernetes will not let an upgrade change in the objects of a chart's values."""
    return {
        f"{object_id(found)} {path}": text
        for part in ("objects", "clusterObjects")
        for found in values.get(part, {}).values()
        for path, text in immutable_fields(found).items()
    }


def _images(model: RawObjects, registries: Mapping[str, Registry]) -> dict[str, PodImage]:
    found = {}
    for name, image in model.images.items():
        registry = registries[image.registry]
        digest = f"@{image.digest}" if image.digest else ""
        text = f"{registry.host}/{image.repository}:{image.version}{digest}"
        found[name] = PodImage(text, image.pull_policy, registry.pull_secret or "")
    return found


RAW_OBJECTS = Archetype(
    name="raw-objects",
    suffix="objects",
    summary="Objects of any kind from plain YAML files, with the labels of this release.",
    package="chartgen.archetypes.raw_objects",
    shared_templates=("_names.tpl",),
    fields=(*fields.NAMING, _BUDGET, *OBJECTS),
    build_values=build_values,
    immutable_fields=object_identities,
    extra_files=build_definitions,
)
