"""The words of raw-objects."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chartgen.archetypes.service import ServiceModel
from chartgen.vocabulary.image import Image, ImageTag
from chartgen.vocabulary.patches import FilePattern, Patches
from chartgen.vocabulary.scalars import DnsLabel, Duration


class ContainerImage(Image):
    """The image of the containers of one name."""

    version: ImageTag
    """The image's tag, a text."""


class RawObjects(ServiceModel):
    """Objects of any kind from YAML files: DaemonSets, RBAC, storage, Jobs, definitions (S03, S20, S23, S32)."""

    files: Annotated[list[FilePattern], Field(min_length=1)]
    """Which files, from the folder of `releases.toml`. Nothing in them is a template."""
    images: dict[DnsLabel, ContainerImage] = {}
    """The image of each container by the container's name; the files' own word for it does not count."""
    patches: Patches = {}
    """What differs from the files, in an environment for example."""
    startup_budget: Duration = 300
    """How long a pod may take to become ready, or a Job to end."""
