"""An image that is never pulled starts only where somebody put it by hand (T088)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.containers import images_of


def check(subject: Subject) -> Iterator[Hit]:
    """Find pull_policy = "Never" outside the default environment."""
    if subject.environment == subject.platform.default_environment:
        return
    for path, image in images_of(subject.values):
        if image.get("pullPolicy") == "Never":
            said = ("image", "pull_policy") if path == ("version",) else (*path, "image", "pull_policy")
            yield Hit(
                f"{image.get('repository')} is never pulled: it starts on nodes that have it already, and nowhere else",
                said,
            )


RULE = Rule(
    "never-pulled",
    "warning",
    'With pull_policy = "Never" a pod starts only on nodes onto which somebody loaded the image: right for '
    "minikube, wrong for a cluster whose nodes come and go (T088).",
    'Say image.pull_policy = "IfNotPresent" in this layer.',
    check,
)
