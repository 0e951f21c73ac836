"""The platforms that are moved: chains over several namespaces, with a service that never changes beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tests.builders.platforms import Service, write_package

OLD, NEW, BROKEN = "1.0.0", "2.0.0", "3.0.0"
STILL = "still"
"""The service that is the same in all versions: nothing may ever touch it."""


@dataclass(frozen=True)
class Landscape:
    """A platform in three versions: old, new, and one of which a service never becomes ready."""

    services: tuple[Service, ...]
    """Without tags; those are the versions'."""
    failing: str
    """The service that fails in the broken version."""

    @property
    def namespaces(self) -> tuple[str, ...]:
        """All namespaces, sorted."""
        return tuple(sorted({service.namespace for service in self.services}))

    @property
    def last(self) -> str:
        """The namespace that is moved alone; nothing outside it depends on it."""
        return self.namespaces[-1]

    def version(self, version: str) -> list[Service]:
        """Return the services of a version; their tag is its first number, that of a broken one says so."""
        tag = tag_of(version)
        return [self._tagged(service, version, tag) for service in self.services]

    def write(self, folder: Path) -> None:
        """Write all versions as packages into `folder/dist`."""
        for version in (OLD, NEW, BROKEN):
            write_package(folder / "dist", version, self.version(version))

    def _tagged(self, service: Service, version: str, tag: str) -> Service:
        if service.key == STILL:
            return replace(service, tag=tag_of(OLD), since=OLD)
        if version == BROKEN and service.key == self.failing:
            return replace(service, tag=f"missing-{tag}")
        return replace(service, tag=tag)


def tag_of(version: str) -> str:
    """Return the image tag of a version's services."""
    return version.partition(".")[0]


SMALL = Landscape(
    (
        Service("base", "shop-a"),
        Service("store", "shop-a", kind="StatefulSet", depends_on=("base",)),
        Service("front", "shop-b", depends_on=("store",)),
        Service(STILL, "shop-b"),
    ),
    failing="front",
)
"""Four services in two namespaces: the failure comes last, when everything else has moved."""

LARGE = Landscape(
    (
        Service("base", "shop-a"),
        Service("store", "shop-a", kind="StatefulSet", depends_on=("base",)),
        Service("config", "shop-b", depends_on=("store",)),
        Service("orders", "shop-b", depends_on=("config",)),
        Service("stock", "shop-b", depends_on=("config",)),
        Service("users", "shop-b", depends_on=("store",)),
        Service("gateway", "shop-c", depends_on=("orders", "stock", "users")),
        Service("side", "shop-c"),
        Service(STILL, "shop-c"),
    ),
    failing="orders",
)
"""Eight services that move, in three namespaces: the failure comes while others move, and others wait for it."""
