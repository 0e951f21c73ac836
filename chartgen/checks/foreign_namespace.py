"""Objects in another namespace than their release (T002, T003)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService
from helmkit.immutable import object_id


def check(service: RenderedService, _: ReleaseSize) -> Iterator[Hit]:
    """Find objects that name a namespace other than the release's."""
    for found in service.objects():
        namespace = (found.get("metadata") or {}).get("namespace")
        if namespace and namespace != service.namespace:
            yield Hit(f"{object_id(found)} is in namespace {namespace}, its release in {service.namespace}")


RULE = RenderedRule(
    "foreign-namespace",
    "warning",
    "History, lock and rights of a release are those of its own namespace: an object elsewhere is changed and "
    "rolled back by whoever works here, and is not seen there (T002, T003).",
    "Give it a service of its own in that namespace; take metadata.namespace away.",
    check,
)
