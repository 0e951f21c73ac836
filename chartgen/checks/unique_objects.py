"""Server-side apply refuses an object whose list names one entry twice, and Helm one that stands there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chartgen.checks.finding import Hit, RenderedRule
from chartgen.checks.reading.size import ReleaseSize
from chartgen.render import RenderedService

_KEYS: dict[str, tuple[str, ...]] = {
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "containers": ("name",),
    "initContainers": ("name",),
    "imagePullSecrets": ("name",),
}
"""What identifies the entries of a list (Kubernetes' list-map keys)."""


def check(service: RenderedService, _: ReleaseSize) -> Iterator[Hit]:
    """Find objects and list entries that stand there twice."""
    objects = list(service.objects())
    names = Counter(f"{found['kind']} {found['metadata']['name']}" for found in objects)
    yield from (Hit(f"{name} is rendered {count} times") for name, count in names.items() if count > 1)
    for found in objects:
        for path, key in _twice(found, ""):
            yield Hit(f"{found['kind']} {found['metadata']['name']}: {path} names {key} twice")


def _twice(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for child in node:
            yield from _twice(child, path)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if isinstance(value, list):
            yield from _repeated(key, value, f"{path}.{key}".lstrip("."))
        yield from _twice(value, f"{path}.{key}".lstrip("."))


def _repeated(key: str, entries: list[Any], path: str) -> Iterator[tuple[str, str]]:
    keys: tuple[str, ...] | None = _KEYS.get(key)
    if key == "ports":
        number = "containerPort" if any("containerPort" in entry for entry in entries) else "port"
        keys = (number, "protocol")
    if keys:
        counted = Counter(" ".join(str(entry.get(one)) for one in keys) for entry in entries)
        yield from ((path, name) for name, count in counted.items() if count > 1)


RULE = RenderedRule(
    "unique-objects",
    "error",
    "Server-side apply refuses an object whose list names one entry twice, and Helm one that stands there twice.",
    "Report this with the release manifest: chartgen should have refused it.",
    check,
)
