"""Replace the pods of a service: the same revision, new pods, as `kubectl rollout restart` does it."""

from __future__ import annotations

from typing import Any

import msgspec

from helmkit.errors import HelmkitError
from relman.core import outcome
from relman.core.drift import decide_drift
from relman.core.health import WORKLOADS
from relman.core.plan import Step
from relman.core.record import CauseRecord, ReleaseState
from relman.execute.context import RunContext
from relman.execute.effects import build_state, cause_records, newest_revision, stored_objects, wait_ready
from relman.observe.marks import marks_of

_ANNOTATION = "kubectl.kubernetes.io/restartedAt"
"""kubectl's own, so that `kubectl rollout history` says what it says of its own restarts."""
_MANAGER = "relman"


async def restart_service(context: RunContext, step: Step) -> tuple[CauseRecord, ...] | None:
    """Restart one service and wait until it is ready; the intent is journalled already.

    Returns:
        The causes when it does not get ready; nothing when it did; None when the run was stopped meanwhile.

    Raises:
        HelmkitError: The cluster refuses, or the release is no longer the one that was planned.
    """
    newest = await newest_revision(context, step.namespace, step.release)
    before = step.before
    if newest is None or before is None or newest.uid != before.uid:
        msg = f"release {step.release} changed while it was to be restarted"
        raise HelmkitError(msg, hint=f"See who: `relman status {step.namespace}/{step.service}`.")
    objects = await stored_objects(context, step.namespace, step.release, newest.revision)
    # What others changed must stay to be seen: new marks are taken only where nothing had drifted.
    clean = bool(before.objects) and not decide_drift(
        before.objects, await marks_of(context.kube, step.namespace, objects)
    )
    await _replace_pods(context, step.namespace, objects)
    result = await wait_ready(context, step.namespace, step.service, objects, step.time_limit, stoppable=True)
    if result is None:
        return None
    ready = result.state == "ready"
    state: ReleaseState = msgspec.structs.replace(before, good=before.good and ready)
    if clean:
        good = before.good and ready
        state = await build_state(context, step.namespace, newest, before.content, objects, good=good)
    word = {"outcome": outcome.RESTARTED, "finished": context.clock.now()} if ready else {}
    await context.record(step.namespace, step.service, now=state, intent="", **word)
    if ready:
        context.reporter.report(step.service, outcome.RESTARTED, "")
        return ()
    late = CauseRecord("deadline", f"not ready {step.time_limit} s after its restart", result.status.message)
    return cause_records(result.causes) or (late,)


async def _replace_pods(context: RunContext, namespace: str, objects: list[dict[str, Any]]) -> None:
    stamp = {"metadata": {"annotations": {_ANNOTATION: context.clock.now()}}}
    for item in objects:
        if (item["apiVersion"], item["kind"]) not in WORKLOADS:
            continue
        name = {"name": item["metadata"]["name"], "namespace": namespace}
        patch = {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": name, "spec": {"template": stamp}}
        await context.kube.apply_object(patch, field_manager=_MANAGER, force=True)
