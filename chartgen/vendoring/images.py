"""The images of a third party's chart: what helm renders with the values of an environment."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chartgen.archetypes.vendor_chart.model import VendorChart
from chartgen.archetypes.vendor_chart.values import whole_chart
from chartgen.build.subchart import surroundings
from chartgen.manifest.resolved import ResolvedPlatform, ResolvedService
from chartgen.objects.kinds import containers_of, pod_spec_of
from chartgen.render import KUBE_VERSION, Renderer, in_parallel
from helmkit.charts import write_chart
from helmkit.yaml import parse_yaml_documents

Images = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By environment and service key, sorted."""


async def render_images(helm: Renderer, platform: ResolvedPlatform) -> Images:
    """Return the images of all charts of third parties.

    Raises:
        HelmkitError: Helm cannot render one with its values.
    """
    with tempfile.TemporaryDirectory(prefix="chartgen-") as folder:
        work = []
        places = []
        for environment in platform.environments.values():
            for service in _vendored(environment.services.values()):
                chart = Path(folder) / service.key
                if not chart.is_dir():
                    write_chart(chart, whole_chart(service, surroundings(platform, environment.name)))
                places.append((environment.name, service.key))
                work.append(functools.partial(_render, helm, chart, service))
        found = await in_parallel(work)
    result: dict[str, dict[str, tuple[str, ...]]] = {}
    for (environment_name, key), images in zip(places, found, strict=True):
        result.setdefault(environment_name, {})[key] = images
    return result


def find_images(objects: Iterable[Any]) -> tuple[str, ...]:
    """Return the images of the pods among rendered objects, sorted."""
    pods = [pod_spec_of(found) or {} for found in objects if isinstance(found, dict)]
    return tuple(sorted({str(one["image"]) for pod in pods for one in containers_of(pod) if one.get("image")}))


async def _render(helm: Renderer, chart: Path, service: ResolvedService) -> tuple[str, ...]:
    model = service.model
    values = model.values if isinstance(model, VendorChart) else {}
    text = await helm.template(
        service.name, chart, namespace=service.namespace, values=values, kube_version=KUBE_VERSION
    )
    return find_images(parse_yaml_documents(text))


def _vendored(services: Iterable[ResolvedService]) -> Iterable[ResolvedService]:
    return (service for service in services if isinstance(service.model, VendorChart))
