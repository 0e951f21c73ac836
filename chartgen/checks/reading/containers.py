"""Containers and images in chart values, exposure, and pods among rendered objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chartgen.archetypes.archetype import Values
from chartgen.checks.finding import Subject
from chartgen.manifest.keypath import KeyPath

_MOVING = frozenset({"latest", "stable", "edge", "nightly", "main", "master", "dev", "develop", "snapshot"})


def images_of(values: Values) -> Iterator[tuple[KeyPath, Values]]:
    """Yield every image of a service with where its tag is said."""
    if values.get("image"):
        yield ("version",), values["image"]
    for part, said in (("initContainers", "init_containers"), ("sidecars", "sidecars")):
        for name, container in values.get(part, {}).items():
            if container.get("image"):
                yield (said, name), container["image"]


def moves(tag: str) -> bool:
    """Tell whether a tag is known to be given to new content again and again."""
    return tag.lower() in _MOVING or tag.upper().endswith("-SNAPSHOT")


def is_exposed(subject: Subject) -> bool:
    """Tell whether a service is reached from outside the cluster: by an Ingress or a node port."""
    model = subject.service.model
    ports = getattr(model, "ports", {})
    return bool(getattr(model, "ingress", {}) or getattr(model, "routes", {})) or any(
        getattr(port, "node_port", None) for port in ports.values()
    )


def probe_path(values: Values, probe: str) -> str | None:
    """Return the path that a probe asks for, without its query."""
    path = values.get(probe, {}).get("httpGet", {}).get("path")
    return str(path).partition("?")[0] if path else None


def pod_template(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the pod template of a rendered object; None for what makes no pods."""
    spec = found.get("spec") or {}
    if found.get("kind") == "Pod":
        return found
    if found.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template = spec.get("template") if found.get("kind") not in _NO_PODS else None
    return template if isinstance(template, dict) else None


_NO_PODS = frozenset({"Certificate", "ExternalSecret", "HTTPRoute"})
"""Kinds with a template of something else."""


def pod_labels(found: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the labels of the pods that a rendered object makes; None for what makes none."""
    template = pod_template(found)
    return None if template is None else dict((template.get("metadata") or {}).get("labels") or {})


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether a label selector (matchLabels, matchExpressions) matches labels."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(one, labels) for one in selector.get("matchExpressions") or [])


def _expression(one: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = one.get("key", ""), one.get("values") or []
    operator = one.get("operator")
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")
