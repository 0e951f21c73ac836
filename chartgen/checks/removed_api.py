"""API versions that no supported cluster serves (T016, T017, T028)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService
from helmkit.immutable import object_id

_REMOVED = {
    "extensions/v1beta1": "1.22",
    "apps/v1beta1": "1.16",
    "apps/v1beta2": "1.16",
    "networking.k8s.io/v1beta1": "1.22",
    "policy/v1beta1": "1.25",
    "batch/v1beta1": "1.25",
    "autoscaling/v2beta1": "1.25",
    "autoscaling/v2beta2": "1.26",
    "rbac.authorization.k8s.io/v1beta1": "1.22",
    "storage.k8s.io/v1beta1": "1.22",
    "discovery.k8s.io/v1beta1": "1.25",
    "apiextensions.k8s.io/v1beta1": "1.22",
    "admissionregistration.k8s.io/v1beta1": "1.22",
    "apiregistration.k8s.io/v1beta1": "1.22",
    "scheduling.k8s.io/v1beta1": "1.22",
    "coordination.k8s.io/v1beta1": "1.22",
    "certificates.k8s.io/v1beta1": "1.22",
}
"""API version to the Kubernetes version that removed it (Deprecated API Migration Guide)."""
_BACK = {
    ("networking.k8s.io/v1beta1", "IPAddress"),
    ("networking.k8s.io/v1beta1", "ServiceCIDR"),
    ("storage.k8s.io/v1beta1", "VolumeAttributesClass"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicyBinding"),
    ("coordination.k8s.io/v1beta1", "LeaseCandidate"),
    ("certificates.k8s.io/v1beta1", "ClusterTrustBundle"),
    ("certificates.k8s.io/v1beta1", "PodCertificateRequest"),
}
"""Newer kinds that took up such a version again."""


def check(service: RenderedService, _: ReleaseSize) -> Iterator[Hit]:
    """Find objects of removed API versions."""
    for found in service.objects():
        version, kind = str(found.get("apiVersion", "")), str(found.get("kind", ""))
        if version in _REMOVED and (version, kind) not in _BACK:
            yield Hit(f"{object_id(found)} says apiVersion {version}, which Kubernetes {_REMOVED[version]} removed")


RULE = RenderedRule(
    "removed-api",
    "error",
    "The API server does not know the version: the whole release fails (T016, T017, T028).",
    "Write the object in its current version; the Deprecated API Migration Guide of Kubernetes has each.",
    check,
)
