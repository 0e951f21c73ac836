"""Services, budgets and affinities that match no pod of the release (T044, T048)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.containers import matches, pod_labels, pod_template
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService
from helmkit.immutable import object_id


def check(service: RenderedService, _: ReleaseSize) -> Iterator[Hit]:
    """Find selectors that match none of the pods which the same release makes. A release without pods is left alone."""
    objects = list(service.objects())
    pods = [labels for labels in (pod_labels(found) for found in objects) if labels is not None]
    if not pods:
        return
    for found in objects:
        spec = found.get("spec") or {}
        selector = spec.get("selector")
        if found.get("kind") == "Service" and selector:
            selector = {"matchLabels": selector}
        elif found.get("kind") != "PodDisruptionBudget" or not selector:
            selector = None
        if selector and not any(matches(selector, labels) for labels in pods):
            yield Hit(f"{object_id(found)} selects {_shown(selector)}, and no pod of the release has that")
        yield from _affinities(found, pods)


def _affinities(found: dict[str, Any], pods: list[dict[str, str]]) -> Iterator[Hit]:
    template = pod_template(found)
    spec = (template or {}).get("spec") or {}
    rules = ((spec.get("affinity") or {}).get("podAntiAffinity")) or {}
    terms = [
        *(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or []),
        *[
            one.get("podAffinityTerm") or {}
            for one in rules.get("preferredDuringSchedulingIgnoredDuringExecution") or []
        ],
        *(spec.get("topologySpreadConstraints") or []),
    ]
    for term in terms:
        selector = term.get("labelSelector")
        if selector and not any(matches(selector, labels) for labels in pods):
            yield Hit(f"{object_id(found)} keeps away from {_shown(selector)}, and no pod of the release has that")


def _shown(selector: dict[str, Any]) -> str:
    return json.dumps(selector.get("matchLabels") or selector, sort_keys=True)


RULE = RenderedRule(
    "lost-selector",
    "warning",
    "A Service that matches nothing has no backends, and an anti-affinity that matches nothing lets all replicas "
    "land on one node; neither says a word (T044, T048).",
    "Make the selector equal to labels of the pods.",
    check,
)
