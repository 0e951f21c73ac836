"""The step before a chart: its CustomResourceDefinitions, applied and established, so that its objects have a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmkit.errors import ForbiddenError, TimedOutError
from helmkit.kube import NotFoundError
from relman.core.definitions import KIND, decide_definition, find_definitions, is_established, served_kind
from relman.execute.context import RunContext

_API = "apiextensions.k8s.io/v1"
_MANAGER = "relman"
_PAUSE = 0.25
_LIMIT = 60
"""Seconds until the cluster must know the kinds."""


async def apply_definitions(context: RunContext, service: str, wanted: Sequence[dict[str, Any]]) -> None:
    """Apply the definitions of a chart and wait until they are established; idempotent, never taken back.

    Helm installs what is in `crds/` once and never changes it (helm.sh/docs, "Custom Resource Definitions").

    Raises:
        HelmkitError: One is not accepted.
        TimedOutError: One is not established in time.
    """
    applied = []
    for definition in wanted:
        name = str(definition["metadata"]["name"])
        live = await context.kube.get_object(_API, KIND, None, name)
        if decide_definition(live, definition) == "keep":
            context.reporter.note(f"{service}: {name} is newer in the cluster than in the chart, and stays")
            continue
        context.reporter.report(service, "definitions", name)
        await context.kube.apply_object(definition, field_manager=_MANAGER, force=True)
        applied.append(definition)
    await wait_established(context, applied)


async def wait_established(context: RunContext, objects: Sequence[Any]) -> None:
    """Wait until the definitions among these objects are established; at once when there are none.

    Raises:
        TimedOutError: One is not in time.
    """
    end = context.clock.monotonic() + _LIMIT
    for definition in find_definitions(objects):
        name = str(definition["metadata"]["name"])
        while not await _is_served(context, name, definition):
            if context.clock.monotonic() >= end:
                msg = f"{KIND}/{name} is not established after {_LIMIT} s"
                raise TimedOutError(msg, hint=f"kubectl describe crd {name} tells why; often two share one name.")
            await context.clock.sleep(_PAUSE)


async def _is_served(context: RunContext, name: str, definition: Mapping[str, Any]) -> bool:
    if not is_established(await context.kube.get_object(_API, KIND, None, name)):
        return False
    try:
        # Discovery, which helm asks for kinds, learns of it a moment later.
        await context.kube.list_metadata(*served_kind(definition))
    except NotFoundError:
        return False
    except ForbiddenError:
        return True
    return True
