"""Pods in rendered objects: what they run, with whose rights, and where they may be (core, pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relman.core.preflight.facts import Moved, Object

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}


@dataclass(frozen=True)
class PodMaker:
    """An object that makes pods, or is one."""

    service: str
    namespace: str
    item: Object
    template: Object
    """Metadata and spec of its pods."""

    @property
    def kind(self) -> str:
        """Of the object."""
        return str(self.item.get("kind", ""))

    @property
    def name(self) -> str:
        """Of the object."""
        return name_of(self.item)

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name of the object."""
        return (self.kind, self.namespace, self.name)

    @property
    def spec(self) -> Mapping[str, Any]:
        """The spec of its pods."""
        return self.template.get("spec") or {}

    @property
    def account(self) -> str:
        """The service account its pods run as."""
        return str(self.spec.get("serviceAccountName") or "default")

    @property
    def containers(self) -> tuple[Mapping[str, Any], ...]:
        """Init containers first."""
        return (*(self.spec.get("initContainers") or ()), *(self.spec.get("containers") or ()))

    @property
    def pull_secrets(self) -> tuple[str, ...]:
        """The pull secrets its pods name themselves; if none, those of their service account count."""
        return tuple(str(one["name"]) for one in self.spec.get("imagePullSecrets") or () if one.get("name"))


def name_of(item: Object) -> str:
    """Return an object's name."""
    return str((item.get("metadata") or {}).get("name", ""))


def namespace_of(item: Object) -> str:
    """Return an object's namespace."""
    return str((item.get("metadata") or {}).get("namespace", ""))


def pod_makers(moved: Iterable[Moved]) -> Iterator[PodMaker]:
    """Yield every object that makes pods."""
    for one in moved:
        for item in one.objects:
            path = _TEMPLATES.get(str(item.get("kind")))
            if path is None:
                continue
            template: Any = item
            for part in path:
                template = template.get(part) or {}
            yield PodMaker(one.service, namespace_of(item) or one.namespace, item, template)


def runs_on(spec: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether a node with these labels is one that a pod's `nodeSelector` allows."""
    return all(labels.get(key) == value for key, value in (spec.get("nodeSelector") or {}).items())
