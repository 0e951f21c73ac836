"""Every image that a platform states, by service and environment. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chartgen.archetypes.raw_objects.model import RawObjects
from chartgen.manifest.keypath import dotted
from chartgen.manifest.resolved import ResolvedEnvironment, ResolvedPlatform, ResolvedService
from chartgen.vocabulary.image import Image
from chartgen.vocabulary.workload import Workload, stated_images


@dataclass(frozen=True, order=True)
class Tag:
    """An image's tag in a registry."""

    host: str
    plain_http: bool
    repository: str
    tag: str

    def __str__(self) -> str:
        """Return it as the pods have it."""
        return f"{self.host}/{self.repository}:{self.tag}"


@dataclass(frozen=True)
class StatedImage:
    """An image of a service in one environment."""

    service: str
    environment: str
    path: tuple[str, ...]
    """Of the image's table in the release manifest: `services.gateway.image`."""
    tag: Tag
    digest: str | None
    """What it is pinned to."""

    @property
    def name(self) -> str:
        """Return the path as people write it."""
        return dotted(self.path)


def find_stated(
    platform: ResolvedPlatform, environments: Iterable[str], services: Iterable[str] = ()
) -> list[StatedImage]:
    """Return the images of these services (all when empty) in these environments, init containers' included."""
    wanted = set(services)
    return [
        image
        for name in environments
        for key, service in sorted(platform.environments[name].services.items())
        if not wanted or key in wanted
        for image in _images(platform.environments[name], service)
    ]


def _images(environment: ResolvedEnvironment, service: ResolvedService) -> Iterator[StatedImage]:
    model = service.model
    path = ("services", service.key)
    if isinstance(model, RawObjects):
        for name, raw in model.images.items():
            yield _stated(environment, service, (*path, "images", name), raw, raw.version)
    if not isinstance(model, Workload):
        return
    for inner, image, version in stated_images(model):
        yield _stated(environment, service, (*path, *inner), image, version)


def _stated(
    environment: ResolvedEnvironment, service: ResolvedService, path: tuple[str, ...], image: Image, version: str
) -> StatedImage:
    registry = environment.registries[image.registry]
    tag = Tag(registry.host, registry.plain_http, image.repository, version)
    return StatedImage(service.key, environment.name, path, tag, image.digest)
