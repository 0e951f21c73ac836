"""The images of an environment, for pulling ahead, mirroring and carrying to nodes (O05)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from helmkit.bom import EnvironmentEntry
from helmkit.names import parse_image


@dataclass(frozen=True)
class UsedImage:
    """One image and who uses it."""

    image: str
    """As the pods have it."""
    registry: str
    repository: str
    tag: str
    digest: str
    """Empty where it is not pinned."""
    services: tuple[str, ...]
    namespaces: tuple[str, ...]


def find_images(environment: EnvironmentEntry, keys: Collection[str]) -> list[UsedImage]:
    """Return every image of these services once, sorted; init containers' included."""
    users: dict[str, list[str]] = {}
    for key in sorted(keys):
        for image in environment.services[key].images:
            users.setdefault(image, []).append(key)
    return [_used(image, users[image], environment) for image in sorted(users)]


def _used(image: str, keys: list[str], environment: EnvironmentEntry) -> UsedImage:
    parts = parse_image(image)
    namespaces = sorted({environment.services[key].namespace for key in keys})
    return UsedImage(
        image, parts.registry, parts.repository, parts.tag or "", parts.digest or "", tuple(keys), tuple(namespaces)
    )
