"""What every service states, whatever its archetype."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chartgen.vocabulary.acceptance import Acceptances
from chartgen.vocabulary.migrations import Migrations
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
    enabled: bool = True
    """`false` in a layer: this environment goes without it. `depends_on` may still name it."""
    rollback: Text = ""
    """Why nobody must go back behind this version just so: `the schema is at 12 from here on`. relman then does only
    with --accept-irreversible. Versions that say the same are on the same side; say it anew when there is a reason
    (T136)."""
    migrations: Migrations = {}
    """Changes of what Kubernetes does not let an upgrade change, acknowledged: relman carries them out (T075)."""
    accept: Acceptances = {}
    """Findings of `chartgen check` that are meant to be so: the reason, by rule."""
