"""Annotations that no Ingress controller reads any more (T019, T020)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject

_DEAD = {
    "kubernetes.io/ingress.class": 'say class = "…", which is spec.ingressClassName',
    "ingress.kubernetes.io/": "ingress-nginx reads nginx.ingress.kubernetes.io/… only",
}


def check(subject: Subject) -> Iterator[Hit]:
    """Find them in the Ingresses of a service."""
    for name, ingress in getattr(subject.service.model, "ingress", {}).items():
        for key in ingress.annotations:
            for dead, instead in _DEAD.items():
                if key.startswith(dead):
                    yield Hit(
                        f"ingress.{name} has the annotation {key}: {instead}", ("ingress", name, "annotations", key)
                    )


RULE = Rule(
    "ingress-annotation",
    "warning",
    "An annotation that nobody reads changes nothing, and what it was meant to do is missing without a word; the "
    "old class annotation beside ingressClassName is refused by the API server (T019, T020).",
    "Write what the controller of the class documents.",
    check,
)
