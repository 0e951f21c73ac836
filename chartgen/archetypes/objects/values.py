"""The chart values of objects and patches, shared by all archetypes that have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chartgen.objects.assembly import Assembled, ObjectPatch, assemble_objects
from chartgen.vocabulary.patches import Escapes, Patch

if TYPE_CHECKING:
    from chartgen.archetypes.archetype import Surroundings, Values


def list_patches(patches: Mapping[str, Patch]) -> list[ObjectPatch]:
    """Return patches in the order in which they are laid over: that of their keys."""
    return [ObjectPatch(key, patch.kind, patch.name, patch.merge) for key, patch in sorted(patches.items())]


def assemble_extras(model: Escapes, namespace: str, files: Mapping[str, bytes]) -> Assembled:
    """Return the extra objects of a service; patches that name one of them are laid over it."""
    named = [patch for patch in list_patches(model.patches) if patch.name]
    return assemble_objects(model.extra_objects, files, namespace, patches=named)


def build_escapes(model: Escapes, namespace: str, around: Surroundings) -> Values:
    """Return `objects`, `clusterObjects` and `patches`, each only if there is something in it.

    Patches that were laid over extra objects are done with; the others wait for the rendered objects.
    """
    made = assemble_extras(model, namespace, around.place.files)
    patches = {patch.key: _patch(patch) for patch in list_patches(model.patches) if patch.key not in made.used_patches}
    return {**build_objects(made), **({"patches": patches} if patches else {})}


def build_objects(made: Assembled) -> Values:
    """Return `objects` and `clusterObjects`, each only if there is something in it."""
    found = {"objects": made.namespaced, "clusterObjects": made.cluster}
    return {key: dict(sorted(objects.items())) for key, objects in found.items() if objects}


def images_of(values: Mapping[str, Any]) -> Iterable[str]:
    """Return the images of the pods among the objects of a chart's values."""
    from chartgen.objects.kinds import containers_of, pod_spec_of

    for part in ("objects", "clusterObjects"):
        for found in values.get(part, {}).values():
            for container in containers_of(pod_spec_of(found) or {}):
                if container.get("image"):
                    yield str(container["image"])


def _patch(patch: ObjectPatch) -> Values:
    name = {"name": patch.name} if patch.name else {}
    return {"kind": patch.kind, **name, "merge": dict(patch.merge)}
