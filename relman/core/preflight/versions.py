"""Check `versions`: the cluster and helm are new enough for what is to be applied (core, pure)."""

from __future__ import annotations

from collections.abc import Iterator

from relman.core.preflight.facts import Facts
from relman.core.preflight.finding import REFUSE, VERSIONS, Finding

OLDEST_KUBERNETES = (1, 22)
"""Server-side apply, by which every object is brought, is final since then."""


def check_versions(facts: Facts) -> Iterator[Finding]:
    """Yield a helm or a cluster that is too old, and charts that ask for another Kubernetes."""
    seen = facts.versions
    if seen.helm_fault:
        yield Finding(
            check=VERSIONS, severity=REFUSE, message=seen.helm_fault, remedy="Install helm 4, or name it with --helm."
        )
    if (0, 0) < seen.kubernetes < OLDEST_KUBERNETES:
        oldest = ".".join(map(str, OLDEST_KUBERNETES))
        yield Finding(
            check=VERSIONS,
            severity=REFUSE,
            message=f"the cluster runs Kubernetes {seen.kubernetes_text}; {oldest} or newer is needed",
            remedy="Upgrade the cluster.",
        )
    for one in facts.moved:
        if "kubeVersion" in one.unrendered:
            yield Finding(
                check=VERSIONS,
                severity=REFUSE,
                message=one.unrendered,
                remedy=f"Choose a version of the service that fits Kubernetes {seen.kubernetes_text}.",
                namespace=one.namespace,
                services=(one.service,),
            )
