"""One object in two releases (T146)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from chartgen.checks.finding import Hit, TogetherRule
from chartgen.render import RenderedService
from helmkit.immutable import object_id

_CLUSTER_SCOPED = frozenset(
    {
        *("PersistentVolume", "StorageClass", "ClusterRole", "ClusterRoleBinding", "Namespace", "IngressClass"),
        *("CustomResourceDefinition", "PriorityClass", "RuntimeClass", "CSIDriver", "GatewayClass", "APIService"),
        *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy"),
    }
)


def check(services: Sequence[RenderedService]) -> Iterator[Hit]:
    """Find objects that more than one service renders; cluster-scoped ones are one object in all namespaces."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for service in services:
        for found in service.objects():
            shared = found.get("kind") in _CLUSTER_SCOPED
            place = "" if shared else (found.get("metadata") or {}).get("namespace") or service.namespace
            owners[object_id(found), place].append(service.key)
    for (name, place), keys in sorted(owners.items()):
        others = sorted(set(keys))
        if len(others) > 1:
            where = f" in {place}" if place else " (of the whole cluster)"
            yield Hit(
                f"{name}{where} belongs to {' and '.join(others)}: the second release is refused", service=others[0]
            )


RULE = TogetherRule(
    "shared-object",
    "error",
    "Helm refuses to install an object that another release owns; where it is forced, each upgrade of one undoes "
    "the other, and an uninstall deletes it for both (T146).",
    "Let one service own it and the others depend on that one (depends_on).",
    check,
)
