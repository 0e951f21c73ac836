"""The images of a service: wanted, in the template, and in the pods that run (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec


class ImageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One container of one workload."""

    namespace: str
    service: str
    workload: str
    """`Kind/name`."""
    container: str
    wanted: str
    """By the newest record; empty when it does not name one for this container."""
    template: str
    """What new pods get."""
    running: tuple[str, ...] = ()
    """What pods run, each once."""
    digests: tuple[str, ...] = ()
    """Of what they run, as the kubelets resolved it."""
    pods: int = 0

    @property
    def differs(self) -> bool:
        """Whether anything else runs, or would run, than is wanted."""
        others = {self.template, *self.running}
        return others != {self.wanted or self.template}


def image_lines(
    namespace: str, service: str, wanted: Sequence[str], workload: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]
) -> list[ImageLine]:
    """Return a line for each container of a live workload.

    Args:
        namespace: Where.
        service: Its key.
        wanted: The images of the recorded content.
        workload: A Deployment, StatefulSet or DaemonSet.
        pods: All pods of the namespace.
    """
    spec = workload["spec"]
    mine = [pod for pod in pods if _selected(pod, (spec.get("selector") or {}).get("matchLabels") or {})]
    lines = []
    for container in _containers(spec["template"]["spec"]):
        name, template = container["name"], str(container.get("image", ""))
        of_pods = [c for pod in mine for c in _containers(pod.get("spec") or {}) if c["name"] == name]
        lines.append(
            ImageLine(
                namespace=namespace,
                service=service,
                workload=f"{workload['kind']}/{workload['metadata']['name']}",
                container=name,
                wanted=_wanted(wanted, template),
                template=template,
                running=tuple(sorted({str(c.get("image", "")) for c in of_pods})),
                digests=tuple(sorted({d for pod in mine for d in _digests(pod, name)})),
                pods=len(of_pods),
            )
        )
    return lines


def _containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def _selected(pod: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    own = (pod.get("metadata") or {}).get("labels") or {}
    alive = (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    return bool(labels) and alive and all(own.get(key) == value for key, value in labels.items())


def _wanted(wanted: Sequence[str], template: str) -> str:
    """Return the recorded image that is meant for a container: the same one, else the one of its repository."""
    if template in wanted:
        return template
    same = [image for image in wanted if _repository(image) == _repository(template)]
    return same[0] if len(same) == 1 else ""


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _digests(pod: Mapping[str, Any], container: str) -> Iterable[str]:
    status = pod.get("status") or {}
    for one in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        digest = str(one.get("imageID") or "").rpartition("@")[2]
        if one.get("name") == container and digest.startswith("sha256:"):
            yield digest
