"""Give archetypes what goes beyond their words: patches of their objects, and objects of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from chartgen.archetypes.archetype import Archetype, Surroundings, Values
from chartgen.archetypes.objects.fields import ESCAPES
from chartgen.archetypes.objects.values import build_escapes
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.patches import Escapes


def with_escapes(archetype: Archetype) -> Archetype:
    """Return an archetype whose services may have patches and extra objects; their models are `Escapes`."""

    def build_values(service: ResolvedService, around: Surroundings) -> Values:
        model = cast("Escapes", service.model)
        return {**archetype.build_values(service, around), **build_escapes(model, service.namespace, around)}

    return replace(archetype, fields=(*archetype.fields, *ESCAPES), build_values=build_values)
