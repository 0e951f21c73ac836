"""Build a platform with charts of third parties in it: helm tells their images, all else is pure."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from chartgen.build import BuiltPlatform, build_platform
from chartgen.lockfile import Lock
from chartgen.manifest.resolved import ResolvedPlatform

Result = TypeVar("Result")


def build_whole_platform(
    platform: ResolvedPlatform, lock: Lock | None = None, environ: Mapping[str, str] = os.environ
) -> BuiltPlatform:
    """Return the umbrella chart of a platform; as `build_platform`, but with the images of vendor charts.

    Helm is started only for platforms that have such charts.

    Raises:
        UsageError: One was not fetched yet, or there is no helm.
        HelmkitError: Helm cannot render one.
        InputError: As `build_platform`.
    """
    return build_platform(with_rendered_images(platform, environ), lock)


def with_rendered_images(platform: ResolvedPlatform, environ: Mapping[str, str] = os.environ) -> ResolvedPlatform:
    """Return the platform with the images of its vendor charts, which only helm can tell."""
    if not any(
        service.archetype == "vendor-chart" for e in platform.environments.values() for service in e.services.values()
    ):
        return platform
    from chartgen.vendoring.images import render_images
    from helmkit.helm import Helm

    found = _run(render_images(Helm(None, environ), platform))
    places = {
        name: replace(place, rendered_images=found.get(name, {})) for name, place in platform.environments.items()
    }
    return replace(platform, environments=places)


def fetch_missing(platform: ResolvedPlatform, folder: Path, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Fetch the charts that are not beside the release manifest yet; return the names of the new files.

    Raises:
        HelmkitError: One cannot be fetched, or is not what is pinned.
    """
    from chartgen.vendoring.fetch import fetch_charts, missing_charts

    return _run(fetch_charts(platform, folder, environ)) if missing_charts(platform) else ()


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    import asyncio

    # In a thread of its own: some callers run inside an event loop.
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()
