"""Images of a registry that gets no new ones (T025)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.containers import images_of

_SUCCESSORS = {
    "k8s.gcr.io": "registry.k8s.io",
    "gcr.io/google_containers": "registry.k8s.io",
    "gcr.io/google-containers": "registry.k8s.io",
}
"""Registry, or registry and first part of the repository, to where its images went."""


def check(subject: Subject) -> Iterator[Hit]:
    """Find images of frozen registries."""
    for path, image in images_of(subject.values):
        registry, repository = str(image.get("registry", "")), str(image.get("repository", ""))
        for frozen, successor in _SUCCESSORS.items():
            if f"{registry}/{repository}/".startswith(f"{frozen}/"):
                said = ("image",) if path == ("version",) else (*path, "image")
                yield Hit(f"{registry}/{repository} comes from {frozen}, which is frozen; {successor} has it", said)


RULE = Rule(
    "frozen-registry",
    "warning",
    "A frozen registry gets no fixes and will be switched off; pods that move to a new node then cannot start (T025).",
    "Point the registry at its successor: registries.<key>.host.",
    check,
)
