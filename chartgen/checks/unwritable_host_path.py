"""A directory of the node that Kubernetes makes belongs to root; a service that is not root cannot write there."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject


def check(subject: Subject) -> Iterator[Hit]:
    """Find writable directories of the node in pods that run as an ordinary user."""
    user = subject.values.get("podSecurityContext", {}).get("runAsUser")
    if user is None:
        return
    for name, volume in sorted(subject.values.get("volumes", {}).items()):
        path = volume["source"].get("hostPath", {}).get("path")
        if path and not volume.get("readOnly"):
            yield Hit(f"volumes.{name} is {path} of the node, and the pods run as user {user}", ("volumes", name))


RULE = Rule(
    "unwritable-host-path",
    "warning",
    "Kubernetes makes a missing directory for root with mode 0755 and applies fsGroup to none of them: the first line "
    "that the service logs fails, or the service does not start.",
    "Make the directory on every node with that user as its owner, write to standard output instead, or say "
    'run_as = "image".',
    check,
)
