"""Annotations that Kubernetes no longer reads (T022, T023)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService
from helmkit.immutable import object_id

_DEAD = {
    "service.alpha.kubernetes.io/tolerate-unready-endpoints": "spec.publishNotReadyAddresses",
    "volume.beta.kubernetes.io/storage-class": "spec.storageClassName",
    "kubernetes.io/ingress.class": "spec.ingressClassName",
    "scheduler.alpha.kubernetes.io/critical-pod": "spec.priorityClassName",
    "seccomp.security.alpha.kubernetes.io/pod": "spec.securityContext.seccompProfile",
}


def check(service: RenderedService, _: ReleaseSize) -> Iterator[Hit]:
    """Find them on objects, on claim templates and on pods."""
    for found in service.objects():
        spec = found.get("spec") or {}
        inner = [spec.get("template") or {}, *(spec.get("volumeClaimTemplates") or [])]
        for one in [found, *inner]:
            for key in (one.get("metadata") or {}).get("annotations") or {} if isinstance(one, dict) else ():
                if key in _DEAD:
                    yield Hit(f"{object_id(found)} has the annotation {key}; that is {_DEAD[key]} now")


RULE = RenderedRule(
    "dead-annotation",
    "warning",
    "An annotation that is no longer read does nothing, silently: not-ready peers vanish from DNS, claims get the "
    "default class (T022, T023).",
    "Say it in the field that replaced the annotation.",
    check,
)
