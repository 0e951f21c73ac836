"""A tag that moves changes what runs without any revision to go back to (T087, T089)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Hit, Rule, Subject
from chartgen.checks.reading.containers import images_of, moves


def check(subject: Subject) -> Iterator[Hit]:
    """Find tags that are known to move, outside the default environment."""
    if subject.environment == subject.platform.default_environment:
        return
    for path, image in images_of(subject.values):
        if "digest" not in image and moves(image["tag"]):
            yield Hit(f'{".".join(map(str, path))} = "{image["tag"]}" is a tag that moves', path)


RULE = Rule(
    "mutable-tag",
    "warning",
    "What runs behind a tag that moves changes at any restart, without any revision to go back to (T087, T089).",
    "Name a version, or pin the content: `chartgen pin`, image.digest.",
    check,
)
