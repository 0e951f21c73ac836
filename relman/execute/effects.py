"""The single effects a step is made of, on releases and on what they left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import yaml

from helmkit.errors import HelmkitError
from helmkit.kube import ConflictError, NotFoundError, ReleaseMetadata
from helmkit.yaml import parse_yaml_documents
from relman.core.record import CauseRecord, Content, ReleaseState
from relman.execute.context import RunContext
from relman.observe.marks import marks_of
from relman.ports import CauseLike, OutcomeLike, StatusLike

_DESCRIPTION_LIMIT = 250
FAILED = "failed"


async def newest_revision(context: RunContext, namespace: str, release: str) -> ReleaseMetadata | None:
    """Return the newest revision of a release, from its metadata; None when it has none."""
    found = await context.kube.list_release_metadata(namespace, release=release)
    return found[-1] if found else None


async def stored_objects(context: RunContext, namespace: str, release: str, revision: int) -> list[dict[str, Any]]:
    """Return the objects of a stored revision, hooks left out."""
    stored = await context.kube.get_release(namespace, release, revision)
    return parse_objects(stored.manifest, f"{namespace}/{release} revision {revision}")


def parse_objects(manifest: str, source: str) -> list[dict[str, Any]]:
    """Return the objects in Helm's rendered YAML.

    Raises:
        HelmkitError: It is not YAML; Helm accepted it, so this is not expected.
    """
    try:
        return [item for item in parse_yaml_documents(manifest) if isinstance(item, dict) and item.get("kind")]
    except yaml.YAMLError as error:
        msg = f"the rendered objects of {source} are not YAML: {type(error).__name__}"
        raise HelmkitError(msg) from error


async def mark_failed(context: RunContext, namespace: str, release: str, revision: int, why: str) -> None:
    """Set a revision to `failed` in Helm's own history, with the root cause as its description.

    That nobody could is no reason to stop: the next revision supersedes it anyway.
    """
    try:
        stored = await context.kube.get_release(namespace, release, revision)
        text = f"{why} {context.description}"
        await context.kube.mark_release(stored, status=FAILED, description=text[:_DESCRIPTION_LIMIT])
    except HelmkitError as error:
        context.reporter.note(f"{release}: revision {revision} could not be marked failed: {error.message}")


async def heal_pending(context: RunContext, namespace: str, release: str) -> None:
    """Set a pending newest revision to `failed`, so that Helm goes on. Its helm must be proven dead."""
    newest = await newest_revision(context, namespace, release)
    if newest is None or not newest.status.startswith("pending-"):
        return
    try:
        text = f"interrupted: its helm ended before it was through. {context.description}"
        await context.kube.mark_release(newest, status=FAILED, description=text[:_DESCRIPTION_LIMIT])
    except (ConflictError, NotFoundError) as error:
        message = f"{namespace}/{release}: its pending revision {newest.revision} changed while it was healed"
        raise HelmkitError(message, hint="A helm still works on it; wait for it and try again.") from error


async def wait_ready(
    context: RunContext, namespace: str, service: str, objects: Sequence[dict[str, Any]], limit: float,
    *, stoppable: bool,
) -> OutcomeLike | None:  # fmt: skip
    """Wait for a rollout; None when the run was stopped meanwhile (only when `stoppable`)."""
    watcher = await context.watcher(namespace)

    def report(status: StatusLike) -> None:
        context.reporter.report(service, f"{status.ready}/{status.wanted} ready", status.message)

    waiting = asyncio.create_task(_wait(watcher, objects, limit, report))
    if not stoppable:
        return await waiting
    stopped = asyncio.create_task(context.control.stopped())
    try:
        await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        for task in (waiting, stopped):
            task.cancel()
        await asyncio.wait({waiting, stopped})


async def _wait(watcher: Any, objects: Sequence[dict[str, Any]], limit: float, report: Any) -> OutcomeLike:
    outcome: OutcomeLike = await watcher.wait_ready(objects, time_limit=limit, report=report)
    return outcome


async def build_state(
    context: RunContext, namespace: str, revision: ReleaseMetadata, content: Content | None,
    objects: Sequence[dict[str, Any]], *, good: bool,
) -> ReleaseState:  # fmt: skip
    """Return a revision as it is left now, with the marks of its live objects."""
    marks = await marks_of(context.kube, namespace, objects)
    return ReleaseState(uid=revision.uid, revision=revision.revision, content=content, good=good, objects=marks)


def cause_records(causes: Sequence[CauseLike]) -> tuple[CauseRecord, ...]:
    """Return causes as records keep them."""
    return tuple(CauseRecord(c.kind, c.summary, c.detail, tuple(c.objects), c.hint) for c in causes)


def error_cause(error: HelmkitError) -> CauseRecord:
    """Return an error as the cause of a failure."""
    first, _, rest = error.message.partition("\n")
    return CauseRecord(kind=_kind_of(error), summary=first, detail=rest, hint=error.hint or "")


def _kind_of(error: HelmkitError) -> str:
    return type(error).__name__.removesuffix("Error").lower() or "error"
