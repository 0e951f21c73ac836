"""What belongs to a published version of a platform. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chartgen.promote.artifacts import Item
from helmkit.bom import FILE_NAME, parse_bom
from helmkit.names import parse_image
from helmkit.oci import tag_for


def plan_charts(files: Mapping[str, bytes], name: str, version: str, source: str, target: str) -> list[Item]:
    """Return the umbrella's subcharts, then the umbrella itself.

    Args:
        files: The umbrella's files; a chart without a bill of materials stands for itself alone.
        name: The umbrella's name.
        version: Its version.
        source: Repository of the umbrella in the source; its subcharts are below it.
        target: The same in the target.

    Raises:
        HelmkitError: The bill of materials cannot be read.
    """
    items = []
    if FILE_NAME in files:
        bom = parse_bom(files[FILE_NAME], f"{name}/{FILE_NAME}")
        entries = [entry for one in bom.environments.values() for entry in one.services.values()]
        for chart, published in sorted({(entry.chart, entry.version) for entry in entries}):
            items.append(Item("subchart", f"{source}/{chart}", tag_for(published), f"{target}/{chart}"))
    return [*items, Item("umbrella", source, tag_for(version), target)]


def plan_images(images: Sequence[str], target: str) -> list[Item]:
    """Return the images, each below `target` under its own repository.

    The charts keep naming the registry they were built for: clusters find the copies through a registry mirror.
    """
    items = {}
    for text in images:
        image = parse_image(text)
        reference = image.digest or image.tag or "latest"
        repository = f"{target}/{image.repository}" if target else image.repository
        items[text] = Item("image", image.repository, reference, repository, image.registry)
    return [items[text] for text in sorted(items)]
