"""What every service states, whatever its archetype."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chartgen.vocabulary.scalars import Entry, Key, ServiceName, Text


class ServiceModel(Entry):
    """The common part. `archetype` and `preset` are consumed while layering and are not part of it."""

    name: Annotated[ServiceName, Field(max_length=53)]
    """Name of its Kubernetes objects and of its Helm release (T005, T147). Default: the key."""
    namespace: Key
    """Key of an entry in `[namespaces]` (T001)."""
    depends_on: list[Key] = []
    """Services that must be ready first, besides those its references name."""
    description: Text | None = None
