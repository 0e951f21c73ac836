"""Compare two sides: charts and values by their content, and where these differ, the objects helm makes of them."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chartgen.comparison.frozen import compare_frozen
from chartgen.comparison.records import MigrationDiff, PlatformDiff, ServiceDiff
from chartgen.comparison.sides import Side
from chartgen.render import KUBE_VERSION, Renderer, in_parallel
from helmkit.bom import EnvironmentEntry, ServiceEntry
from helmkit.charts import content_digest, subchart, subchart_values, write_chart
from helmkit.errors import UsageError
from helmkit.objectdiff import ObjectChange, compare_fields, compare_objects
from helmkit.yaml import parse_yaml_documents

_TEMPLATE = "spec.template."


async def compare_sides(
    helm: Renderer, old: Side, new: Side, environment: str, services: Sequence[str] = ()
) -> PlatformDiff:
    """Return what changes from `old` to `new` in one environment.

    Only services whose chart or values differ are rendered, all for the same version of Kubernetes.

    Args:
        helm: Renders.
        old: What was.
        new: What is now.
        environment: Its name.
        services: Keys of the services to look at; all when empty.

    Raises:
        UsageError: Neither side has the environment, or one of the services.
        HelmkitError: Helm cannot render a chart.
    """
    before, after = old.environment(environment), new.environment(environment)
    keys = choose_keys(old, new, environment, services)
    differing = [key for key in keys if not _is_same(old, new, environment, key)]
    with tempfile.TemporaryDirectory(prefix="chartgen-") as folder:
        work = [functools.partial(_compare, helm, old, new, environment, key, Path(folder)) for key in differing]
        found = await in_parallel(work)
    return PlatformDiff(
        platform=new.bom.platform,
        environment=environment,
        old=old.label,
        new=new.label,
        settings=() if services else compare_fields(_settings(before), _settings(after)),
        services=tuple(found),
        unchanged=len(keys) - len(differing),
        refusals=(new.refusal,) if new.refusal else (),
    )


def choose_keys(old: Side, new: Side, environment: str, services: Sequence[str]) -> list[str]:
    """Return the keys of the services to compare, sorted.

    Raises:
        UsageError: Neither side has the environment, or one of the services.
    """
    known = sorted({*old.bom.environments, *new.bom.environments})
    if environment not in known:
        message = f"there is no environment called {environment!r}"
        raise UsageError(message, hint=f"There are: {', '.join(known)}.")
    keys = {*old.environment(environment).services, *new.environment(environment).services}
    missing = [key for key in services if key not in keys]
    if missing:
        import difflib

        close = difflib.get_close_matches(missing[0], sorted(keys), 1)
        message = f"there is no service called {' or '.join(map(repr, missing))} in the environment {environment}"
        raise UsageError(
            message, hint=f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(sorted(keys))}."
        )
    return sorted(services or keys)


def _settings(environment: EnvironmentEntry) -> dict[str, Any]:
    """Return what holds for an environment as a whole; its services are compared one by one."""
    found: dict[str, Any] = msgspec.to_builtins(environment)
    del found["services"]
    return found


def _service_settings(entry: ServiceEntry | None) -> dict[str, Any]:
    if entry is None:
        return {}
    return {
        "release": entry.release,
        "namespace": entry.namespace,
        "archetype": entry.archetype,
        "depends_on": ", ".join(entry.depends_on),
    }


def _is_same(old: Side, new: Side, environment: str, key: str) -> bool:
    before, after = (side.environment(environment).services.get(key) for side in (old, new))
    if before is None or after is None or _service_settings(before) != _service_settings(after):
        return False
    same_values = _values(old, environment, before) == _values(new, environment, after)
    # Not by what the bills say: somebody may have changed a chart by hand.
    contents = [content_digest(subchart(side.files, entry.chart)) for side, entry in ((old, before), (new, after))]
    return same_values and contents[0] == contents[1]


def _values(side: Side, environment: str, entry: ServiceEntry) -> Mapping[str, Any]:
    return subchart_values(side.values[environment], entry.chart)


async def _compare(helm: Renderer, old: Side, new: Side, environment: str, key: str, folder: Path) -> ServiceDiff:
    before, after = (side.environment(environment).services.get(key) for side in (old, new))
    was = await _render(helm, old, environment, before, folder / "old")
    now = await _render(helm, new, environment, after, folder / "new")
    objects = compare_objects(was, now)
    settings = compare_fields(_service_settings(before), _service_settings(after)) if before and after else ()
    restarting = [change for change in objects if change.restarts]
    entries = [entry for entry in (before, after) if entry]
    migrations = tuple(compare_frozen(was, now, [known for entry in entries for known in entry.migrations]))
    replaced = [migration for migration in migrations if migration.restarts]
    names = [*(change.object for change in restarting), *(migration.object for migration in replaced)]
    entry = after or before
    return ServiceDiff(
        service=key,
        namespace=entry.namespace if entry else "",
        change=_change(before, after, bool(objects or settings)),
        old=before.app_version if before else None,
        new=after.app_version if after else None,
        settings=settings,
        objects=objects,
        restarts=tuple(dict.fromkeys(names)),
        why=_reasons(restarting, replaced),
        migrations=migrations,
    )


def _change(before: ServiceEntry | None, after: ServiceEntry | None, differs: bool) -> str:  # noqa: FBT001
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "changed" if differs else "chart"


def _reasons(changes: Sequence[ObjectChange], replaced: Sequence[MigrationDiff]) -> tuple[str, ...]:
    templates = [path.removeprefix(_TEMPLATE) for change in changes for path in change.why]
    return tuple(dict.fromkeys([*templates, *(field for one in replaced for field in one.fields)]))


async def _render(
    helm: Renderer, side: Side, environment: str, entry: ServiceEntry | None, folder: Path
) -> list[Mapping[str, Any]]:
    if entry is None:
        return []
    chart = folder / entry.chart
    write_chart(chart, subchart(side.files, entry.chart))
    values = _values(side, environment, entry)
    text = await helm.template(
        entry.release, chart, namespace=entry.namespace, values=values, kube_version=KUBE_VERSION
    )
    return list(parse_yaml_documents(text))
