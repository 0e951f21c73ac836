"""Images as chart values."""

from __future__ import annotations

from chartgen.archetypes.archetype import Surroundings, Values
from chartgen.vocabulary.image import Image
from chartgen.vocabulary.workload import Workload, stated_images


def build_image(image: Image, tag: str, around: Surroundings) -> Values:
    """Return an image as chart values, its registry's host looked up."""
    digest = {"digest": image.digest} if image.digest else {}
    host = around.registries[image.registry].host
    return {
        "registry": host,
        "repository": image.repository,
        "tag": tag,
        **digest,
        "pullPolicy": image.pull_policy,
    }


def build_pull_secrets(model: Workload, around: Surroundings) -> list[Values]:
    """Return the pull secrets of all images' registries and the service's own, each once."""
    registries = [around.registries[image.registry].pull_secret for _, image, _ in stated_images(model)]
    named = [name for name in (*registries, *model.pull_secrets) if name]
    return [{"name": name} for name in dict.fromkeys(named)]
