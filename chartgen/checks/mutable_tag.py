"""A tag that moves changes what runs without any revision to go back to (T087, T089)."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.checks.finding import Rule, Subject

_MOVING = frozenset({"latest", "stable", "edge", "nightly", "main", "master", "dev", "develop", "snapshot"})


def check(subject: Subject) -> Iterator[str]:
    """Find tags that are known to move, outside the default environment."""
    if subject.environment == subject.platform.default_environment:
        return
    inits = subject.values.get("initContainers", {})
    images = {"version": subject.values.get("image"), **{f"init_containers.{n}": i["image"] for n, i in inits.items()}}
    for said, image in images.items():
        if image and "digest" not in image and _moves(image["tag"]):
            yield f'{said} = "{image["tag"]}" is a tag that moves'


def _moves(tag: str) -> bool:
    return tag.lower() in _MOVING or tag.upper().endswith("-SNAPSHOT")


RULE = Rule("mutable-tag", "warning", "Name a version, or pin the content: image.digest.", check)
