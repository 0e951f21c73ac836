"""Adopt one service: record its objects as a Helm revision, make them ours, look, and retire who had them.

Every effect may be repeated: an adoption that died anywhere is finished by doing it again. The order is what makes
that true: the record first, which touches no object; then the objects, one by one, each marked with where it came
from; the former owner's record last, once everything was seen to be ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helmkit.errors import HelmkitError
from helmkit.kube import AlreadyExistsError, ConflictError, NotFoundError, ReleaseDraft, ReleaseMetadata
from helmkit.kube.fields import take_over
from helmkit.yaml import dump_yaml
from relman.core import outcome
from relman.core.adoption import manifest_digest, manifest_objects, taken_over
from relman.core.adoption.claims import release_of
from relman.core.adoption.manifest import (
    FROM,
    LAST_APPLIED,
    MANAGED_BY,
    MANAGER,
    RELEASE_NAME,
    RELEASE_NAMESPACE,
)
from relman.core.drift import short_name
from relman.core.plan import FormerOwner, Step
from relman.core.record import CauseRecord, ReleaseState
from relman.execute.context import RunContext
from relman.execute.effects import build_state, cause_records, wait_ready
from relman.observe.live import get_live
from relman.observe.marks import CLUSTER_WIDE

RETIRED_OWNER = "relman-retired"
"""The `owner` label of a retired release's Secrets: helm looks for `owner=helm`."""
_TRIES = 5

Objects = Mapping[str, Mapping[str, Any]]


async def adopt_service(context: RunContext, step: Step) -> bool:
    """Adopt one service; the intent is journalled already.

    Returns:
        Whether it is adopted, also when it is not healthy, which the record tells; False when the run was stopped
        meanwhile.

    Raises:
        HelmkitError: Something changed since it was planned, or the cluster refuses.
    """
    live = await _live(context, step)
    revision = await _record(context, step, live)
    state = ReleaseState(uid=revision.uid, revision=revision.revision, content=step.content)
    await context.record(step.namespace, step.service, made=state, now=state)
    for ref in step.takes:
        await _change(context, step, ref, lambda item: _owned(item, step))
        await _change(context, step, ref, lambda item: _migrated(item))
    now = await _live(context, step)
    _verify(step, live, now)
    objects = list(now.values())
    result = await wait_ready(context, step.namespace, step.service, objects, step.time_limit, stoppable=True)
    if result is None:
        return False
    told = [text for former in step.former for text in await _retire(context, former)]
    for ref in step.takes:
        await _change(context, step, ref, _without_traces)
    good = result.state == "ready"
    state = await build_state(context, step.namespace, revision, step.content, objects, good=good)
    causes = () if good else cause_records(result.causes) or (_unhealthy(result.status.message),)
    await context.record(
        step.namespace, step.service, now=state, made=None, intent="", outcome=outcome.ADOPTED, causes=causes,
        finished=context.clock.now(), leftovers=tuple(told),
    )  # fmt: skip
    context.reporter.report(step.service, outcome.ADOPTED, step.reason)
    return True


def _unhealthy(message: str) -> CauseRecord:
    hint = "It is adopted as it is, and not recorded as good; adopt again once it is healthy, or upgrade it."
    return CauseRecord("not-healthy", "adopted, but not healthy", message, hint=hint)


async def _live(context: RunContext, step: Step) -> dict[str, dict[str, Any]]:
    live = await get_live(context.kube, step.namespace, step.takes)
    gone = [short_name(ref) for ref in step.takes if ref not in live]
    if gone:
        msg = f"{step.namespace}/{step.release}: {', '.join(gone)} went away while it was adopted"
        raise HelmkitError(msg, hint="See who removed it, then adopt again.")
    return live


async def _record(context: RunContext, step: Step, live: Objects) -> ReleaseMetadata:
    """Record the objects as they are as Helm's newest revision; what was recorded before the run died is kept."""
    found = await context.kube.list_release_metadata(step.namespace, release=step.release)
    if step.before is not None and found and found[-1].uid == step.before.uid:
        return found[-1]
    objects = manifest_objects(live, with_namespace=step.names_namespace)
    content = step.content
    if content is None or manifest_digest(objects) != content.content_digest:
        msg = f"{step.namespace}/{step.release}: its objects changed while the adoption was planned"
        raise HelmkitError(msg, hint="Adopt again.")
    draft = ReleaseDraft(
        name=step.release, namespace=step.namespace, revision=found[-1].revision + 1 if found else 1,
        manifest="".join(f"---\n{dump_yaml(item)}" for item in objects), description=context.description,
        chart_name=content.chart, chart_version=content.chart_version, app_version=content.app_version,
        now=context.clock.now(),
    )  # fmt: skip
    try:
        made = await context.kube.create_release(draft)
    except AlreadyExistsError as error:
        msg = f"{step.namespace}/{step.release}: somebody else made revision {draft.revision} just now"
        raise HelmkitError(msg, hint="Look at `helm history`, then adopt again.") from error
    for one in found:
        if one.status == "deployed":
            stored = await context.kube.get_release(step.namespace, step.release, one.revision)
            await context.kube.mark_release(stored, status="superseded", description=stored.description)
    return made


async def _change(
    context: RunContext, step: Step, ref: str, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> None:
    """Change one live object's metadata; nothing is sent when it is so already. Its status changes all the time."""
    api_version, kind, name = ref.rsplit("/", 2)
    namespace = None if kind in CLUSTER_WIDE else step.namespace
    for left in reversed(range(_TRIES)):
        found = await context.kube.get_object(api_version, kind, namespace, name)
        if found is None:
            msg = f"{step.namespace}/{step.release}: {short_name(ref)} went away while it was adopted"
            raise HelmkitError(msg, hint="See who removed it, then adopt again.")
        wanted = change(found)
        if wanted == found:
            return
        try:
            await context.kube.replace_object(wanted, field_manager=MANAGER)
        except ConflictError:
            if not left:
                raise
        else:
            return


def _owned(item: Mapping[str, Any], step: Step) -> dict[str, Any]:
    """Return an object with Helm's marks of ownership, and with where it came from."""
    own, now = (step.namespace, step.release), release_of(item)
    metadata = dict(item["metadata"])
    annotations = {**(metadata.get("annotations") or {}), RELEASE_NAME: step.release, RELEASE_NAMESPACE: step.namespace}
    if now is not None and now != own:
        annotations[FROM] = f"{now[0]}/{now[1]}"
    metadata["annotations"] = annotations
    metadata["labels"] = {**(metadata.get("labels") or {}), MANAGED_BY: "Helm"}
    return {**item, "metadata": metadata}


def _migrated(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "metadata": {**item["metadata"], "managedFields": take_over(item, MANAGER, taken_over)}}


def _without_traces(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without what kubectl apply and an adoption under way remember on it."""
    metadata = dict(item["metadata"])
    metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k not in (LAST_APPLIED, FROM)}
    return {**item, "metadata": metadata}


def _verify(step: Step, before: Objects, now: Objects) -> None:
    """Check that every object is the same one as before, is ours, and that nobody else's fields are left.

    Raises:
        HelmkitError: One is not; nothing is retired then.
    """
    faults = []
    for ref, item in now.items():
        name = short_name(ref)
        if item["metadata"]["uid"] != before[ref]["metadata"]["uid"]:
            faults.append(f"{name} was made anew meanwhile")
        if release_of(item) != (step.namespace, step.release):
            faults.append(f"{name} was taken back by somebody")
        if take_over(item, MANAGER, taken_over) != (item["metadata"].get("managedFields") or []):
            faults.append(f"{name} was changed by somebody meanwhile")
    if faults:
        msg = f"{step.namespace}/{step.release}: {'; '.join(faults)}"
        raise HelmkitError(msg, hint="Let only one tool change it, then adopt again: what was done stays.")


async def _retire(context: RunContext, former: FormerOwner) -> list[str]:
    """Put a former release's record aside once nothing of it is left there; the last service that leaves it does.

    The Secrets stay, under another `owner` label: no helm command sees them, so that none deletes what is ours now,
    and setting the label back undoes it.
    """
    title = f"{former.namespace}/{former.release}"
    for place in former.objects:
        namespace, _, ref = place.partition(":")
        live = await get_live(context.kube, namespace, [ref])
        if ref in live and release_of(live[ref]) == (former.namespace, former.release):
            return [f"release {title} is retired with the last service that leaves it"]
    revisions = await context.kube.list_release_metadata(former.namespace, release=former.release)
    labels = {"owner": RETIRED_OWNER, "relman.internal/adopted-by": context.settings.run}
    for one in revisions:
        try:
            await context.kube.relabel_release(one, labels)
        except NotFoundError:
            continue
    if not revisions:
        return []
    return [f"release {title} is retired: its {len(revisions)} revisions are kept with the label owner={RETIRED_OWNER}"]
