"""A moving tag that is not pulled again: replicas of one service run different versions (T087)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.containers import images_of, moves


def check(subject: Subject) -> Iterator[Hit]:
    """Find tags that move together with a policy that keeps what a node has."""
    for path, image in images_of(subject.values):
        if image.get("pullPolicy") != "Always" and not image.get("digest") and moves(str(image.get("tag", ""))):
            tag, policy = image["tag"], image.get("pullPolicy")
            yield Hit(
                f'tag "{tag}" moves, and pull_policy = "{policy}" keeps what a node has: replicas may differ', path
            )


RULE = Rule(
    "stale-tag",
    "warning",
    "Each node keeps the content it pulled first, so two replicas may run two versions, and a restart on another "
    "node changes what runs (T087).",
    'Name a version, or say image.pull_policy = "Always" where the tag is meant to move.',
    check,
)
