"""Which images a chart brings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from helmkit.bom import FILE_NAME, parse_bom
from helmkit.yaml import parse_yaml

ANNOTATION = "artifacthub.io/images"


def annotated_images(chart: Mapping[str, Any]) -> list[str]:
    """Return the images that a Chart.yaml names in its `artifacthub.io/images` annotation, sorted."""
    annotations = chart.get("annotations") or {}
    try:
        listed = parse_yaml(str(annotations.get(ANNOTATION, ""))) or []
    except yaml.YAMLError:
        return []
    found = {str(one["image"]) for one in listed if isinstance(one, dict) and one.get("image")}
    return sorted(found)


def bom_images(files: Mapping[str, bytes], source: str) -> list[str]:
    """Return the images in an umbrella's bill of materials, over all environments; empty when it has none.

    Raises:
        HelmkitError: The bill of materials cannot be read.
    """
    if FILE_NAME not in files:
        return []
    bom = parse_bom(files[FILE_NAME], f"{source}/{FILE_NAME}")
    services = [service for one in bom.environments.values() for service in one.services.values()]
    return sorted({image for service in services for image in service.images})
