"""Data on whatever node the pod happens to run on (T074)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find lasting data on a node's own disk while the pod may move."""
    values = subject.values
    if subject.service.archetype != "statefulset-infra" or values.get("nodeSelector"):
        return
    for name, volume in values.get("volumes", {}).items():
        if "hostPath" in volume.get("source", {}):
            yield Hit(
                f"volumes.{name} is on the node's own disk, and nothing keeps the pod on that node", ("volumes", name)
            )


RULE = Rule(
    "host-path-data",
    "warning",
    "After a rescheduling the pod starts empty on another node, while its data stays behind on the first (T074); "
    "two replicas on one node share the directory (T073).",
    "Take a claim; or keep the pod where the data is: node_selector.",
    check,
)
