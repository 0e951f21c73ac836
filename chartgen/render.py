"""Render charts with the real helm, in parallel: what Helm will apply, before it does.

The only place where chartgen starts processes. Charts are written to a temporary folder that goes when the work ends.
"""

from __future__ import annotations

import asyncio
import functools
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from chartgen.build import BuiltPlatform
from helmkit.charts import subchart_values, write_chart
from helmkit.yaml import parse_yaml_documents

KUBE_VERSION = "1.36.0"
"""Rendered for this one wherever helm was built from source and believes to be years older."""

Result = TypeVar("Result")


class Renderer(Protocol):
    """What is needed of helm; `helmkit.helm` has it."""

    async def template(
        self,
        release: str,
        chart: Path,
        *,
        namespace: str,
        values: Mapping[str, Any] | None = None,
        kube_version: str | None = None,
    ) -> str:
        """Return the rendered YAML of a chart."""
        ...

    async def lint(self, chart: Path, *, values: Mapping[str, Any] | None = None) -> list[str]:
        """Return helm's remarks on a chart."""
        ...


@dataclass(frozen=True)
class RenderedService:
    """One service as Helm will apply it in one environment."""

    key: str
    release: str
    namespace: str
    text: str
    """YAML documents, each after a comment that names its template."""

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield the objects; nobody may change them, they are parsed once."""
        yield from self._parsed

    @functools.cached_property
    def _parsed(self) -> tuple[dict[str, Any], ...]:
        return tuple(parse_yaml_documents(self.text))


@asynccontextmanager
async def written_charts(built: BuiltPlatform) -> AsyncIterator[Path]:
    """Give the umbrella chart as a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="chartgen-") as folder:
        umbrella = Path(folder) / built.name
        await asyncio.to_thread(write_chart, umbrella, built.files)
        yield umbrella


async def render_services(
    helm: Renderer, built: BuiltPlatform, umbrella: Path, environment: str, keys: Sequence[str]
) -> list[RenderedService]:
    """Return services as relman would install them: each from its subchart, as a release of its own.

    Args:
        helm: Renders.
        built: The platform.
        umbrella: Its umbrella chart on disk.
        environment: Which environment's values to use.
        keys: Which services, in the order to return them.

    Raises:
        HelmkitError: Helm cannot render one of them.
    """
    entries = built.bom.environments[environment].services

    async def render(key: str) -> RenderedService:
        entry = entries[key]
        values = subchart_values(built.environments[environment], entry.chart)
        text = await helm.template(
            entry.release,
            umbrella / "charts" / entry.chart,
            namespace=entry.namespace,
            values=values,
            kube_version=KUBE_VERSION,
        )
        return RenderedService(key, entry.release, entry.namespace, text)

    return await in_parallel([functools.partial(render, key) for key in keys])


async def in_parallel(work: Sequence[Callable[[], Awaitable[Result]]]) -> list[Result]:
    """Call and await everything in `work`, as many at a time as helm processes pay off; results come in order.

    Raises:
        Exception: The first failure; the others are cancelled.
    """
    slots = asyncio.Semaphore((os.cpu_count() or 2) + 1)

    async def limited(one: Callable[[], Awaitable[Result]]) -> Result:
        async with slots:
            return await one()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(limited(one)) for one in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
