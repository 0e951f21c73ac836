"""The objects of each step as they would be applied: rendered by helm, or taken from a stored revision."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from helmkit.charts import subchart
from helmkit.errors import HelmkitError
from helmkit.yaml import parse_yaml_documents
from relman.core.migrating import migrated_names, migrations_of
from relman.core.plan import ROLLBACK, UNINSTALL, Plan, Step
from relman.core.preflight.facts import Moved, Object
from relman.core.preflight.release_size import release_size
from relman.execute.effects import parse_objects
from relman.preflight.ports import PreflightHelm, PreflightKube
from relman.source import Platform

_AT_A_TIME = 4
"""helm processes: more gain nothing on two cores."""
_HOOK = "helm.sh/hook"
_TESTS = ("test", "test-success", "test-failure")
_CRD = "CustomResourceDefinition"


async def render_steps(
    helm: PreflightHelm, kube: PreflightKube, plan: Plan, platforms: Mapping[str, Platform], kube_version: str
) -> tuple[Moved, ...]:
    """Return what every step of a plan brings, in the plan's order.

    What cannot be rendered is no error here but a finding later.

    Args:
        helm: Renders.
        kube: Holds stored revisions.
        plan: Its steps.
        platforms: By platform version.
        kube_version: The cluster's, as charts ask for it.
    """
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def one(step: Step) -> Moved:
        async with gate:
            return await _render(helm, kube, plan, step, platforms, kube_version)

    return tuple(await asyncio.gather(*(one(step) for step in plan.steps)))


async def _render(
    helm: PreflightHelm, kube: PreflightKube, plan: Plan, step: Step, platforms: Mapping[str, Platform], version: str
) -> Moved:
    if step.action == UNINSTALL or step.content is None:
        return Moved(step.service, step.namespace, step.release, step.action)
    what = f"{step.service} {step.content.label}"
    platform = platforms.get(step.content.platform_version)
    try:
        if step.action == ROLLBACK:
            stored = await kube.get_release(step.namespace, step.release, step.to_revision)
            return _moved(step, parse_objects(stored.manifest, what))
        if platform is None:
            return _unrendered(step, f"its charts (platform {step.content.platform_version}) are not at hand")
        values = platform.values(plan.environment, step.content.chart)
        rendered = await helm.template(
            step.release, platform.chart(step.content.chart), namespace=step.namespace, values=values,
            kube_version=version,
        )  # fmt: skip
        objects = parse_objects(rendered, what)
    except HelmkitError as error:
        return _unrendered(step, error.message)
    files = subchart(platform.files, step.content.chart)
    # Compressing takes a few milliseconds a chart: beside the event loop.
    size = await asyncio.to_thread(release_size, files, values, rendered)
    return _moved(step, objects, files=files, size=size)


def _moved(step: Step, objects: Sequence[Object], *, files: Mapping[str, bytes] | None = None, size: int = 0) -> Moved:
    placed = tuple(_placed(item, step.namespace) for item in objects if not _is_test(item))
    definitions = [*placed, *_definitions(files or {})]
    return Moved(
        service=step.service,
        namespace=step.namespace,
        release=step.release,
        action=step.action,
        objects=placed,
        brings=frozenset(_brought_kind(item) for item in definitions if item.get("kind") == _CRD),
        migrates=migrated_names(migrations_of(step)),
        size=size,
    )


def _unrendered(step: Step, why: str) -> Moved:
    message = f"{step.namespace}/{step.release} cannot be rendered: {why}"
    return Moved(step.service, step.namespace, step.release, step.action, unrendered=message)


def _placed(item: Object, namespace: str) -> Object:
    metadata: dict[str, Any] = dict(item.get("metadata") or {})
    metadata.setdefault("namespace", namespace)
    return {**item, "metadata": metadata}


def _is_test(item: Object) -> bool:
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    events = [event.strip() for event in str(annotations.get(_HOOK, "")).split(",")]
    return any(event in _TESTS for event in events)


def _definitions(files: Mapping[str, bytes]) -> list[Object]:
    """Return the CustomResourceDefinitions in a chart's `crds/`, which helm installs first and does not render."""
    found: list[Object] = []
    for path, content in files.items():
        if path.startswith("crds/"):
            try:
                found += [item for item in parse_yaml_documents(content) if isinstance(item, dict)]
            except yaml.YAMLError:
                continue
    return found


def _brought_kind(definition: Object) -> str:
    names = (definition.get("spec") or {}).get("names") or {}
    return str(names.get("kind", ""))
