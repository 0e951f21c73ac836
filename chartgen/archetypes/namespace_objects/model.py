"""One namespace's own objects as a service that everything there waits for."""

from __future__ import annotations

from chartgen.archetypes.service import ServiceModel
from chartgen.manifest.sections import NamespaceSection

ARCHETYPE = "namespace-objects"
RELEASE = "namespace-objects"
"""Name of the Helm release and of the objects, in every namespace."""


class NamespaceObjects(ServiceModel):
    """A ResourceQuota, a LimitRange and NetworkPolicies, as far as the namespace says so."""

    content: NamespaceSection


def key_of(namespace: str) -> str:
    """Return the key of the service that holds a namespace's objects."""
    return f"namespace-{namespace}"


def has_objects(section: NamespaceSection) -> bool:
    """Tell whether a namespace says something that takes objects."""
    return bool(section.quota or section.limits or section.network != "open")


def namespace_service(name: str, section: NamespaceSection) -> NamespaceObjects:
    """Return the service of a namespace's objects."""
    return NamespaceObjects(
        name=RELEASE,
        namespace=name,
        description=f"What holds for all pods of {name}",
        content=section,
    )
