"""Services whose namespace changes between versions: what `--all` does with the old release (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relman.core.judge import State, judge_release
from relman.core.limits import ACCEPT, IRREVERSIBLE, find_limit
from relman.core.plan import INSTALL, UNINSTALL, Refusal, Step
from relman.core.record import ServiceRecord, SetRecord
from relman.core.restore_point import restore_point
from relman.core.seen import NamespaceSeen
from relman.core.wanted import Wanted

_LIMIT = 60


@dataclass(frozen=True)
class Move:
    """A service that runs in one namespace and is wanted in another."""

    service: str
    old: str
    new: str


def find_moves(records: Iterable[SetRecord], wanted: Mapping[str, Wanted]) -> tuple[Move, ...]:
    """Return the services that records know as installed in another namespace than the wanted one, sorted."""
    found = [
        Move(key, record.namespace, wanted[key].entry.namespace)
        for record in records
        for key, service in record.services.items()
        if service.now is not None and key in wanted and wanted[key].entry.namespace != record.namespace
    ]
    return tuple(sorted(found, key=lambda move: (move.service, move.old)))


def removal_step(seen: NamespaceSeen, key: str, recorded: ServiceRecord, new: str) -> Step | Refusal | None:
    """Return the step that removes the old release of a service that moves; None when it is gone already."""
    release = seen.releases.get(recorded.release)
    verdict = judge_release(release, recorded, seen.objects)
    if verdict.state in (State.GONE, State.ABSENT):
        return None
    if verdict.state is State.FOREIGN:
        message = f"{seen.namespace}/{recorded.release}: {verdict.detail}"
        hint = "relman removes only what it installed. Uninstall that release with helm if it may go."
        return Refusal(kind="foreign-release", service=key, namespace=seen.namespace, message=message, hint=hint)
    return Step(
        service=key, namespace=seen.namespace, release=recorded.release, action=UNINSTALL,
        reason=f"moves to namespace {new}", before=restore_point(release, recorded), time_limit=_LIMIT,
        heal=verdict.state is State.PENDING,
    )  # fmt: skip


def move_notes(steps: Iterable[Step], moves: Iterable[Move]) -> tuple[str, ...]:
    """Return what a person should know of the services that move."""
    going = {(step.namespace, step.service) for step in steps if step.action == UNINSTALL}
    return tuple(
        f"{move.service} moves from namespace {move.old} to {move.new}: its claims and Secrets stay in {move.old}"
        for move in moves
        if (move.old, move.service) in going
    )


def refuse_moves(steps: Iterable[Step], moves: Iterable[Move]) -> tuple[Refusal, ...]:
    """Return a refusal for each service that would run in two namespaces, because only a part was asked for."""
    installed = {(step.namespace, step.service) for step in steps if step.action == INSTALL}
    return tuple(
        Refusal(
            kind="move", service=move.service, namespace=move.new,
            message=f"{move.service} runs in namespace {move.old}, and moves to {move.new} only with --all",
            hint="Say --all: the old release is removed with it, and comes back if anything fails.",
        )
        for move in moves
        if (move.new, move.service) in installed
    )  # fmt: skip


def refuse_limited_moves(steps: Iterable[Step]) -> tuple[Refusal, ...]:
    """Return a refusal for each service that moves and limits rolling back in one version.

    After a failure the old release comes back and the new one goes: across the limit, or there were two of them.
    """
    every = tuple(steps)
    old = {step.service: step.before.content for step in every if step.action == UNINSTALL and step.before}
    found = (
        (step, find_limit(step.service, step.content, old[step.service]))
        for step in every
        if step.action == INSTALL and step.service in old
    )
    return tuple(
        Refusal(
            kind=IRREVERSIBLE, service=step.service, namespace=step.namespace,
            message=f"{limit}; and it moves to {step.namespace}, so a failure would bring back what it was",
            hint=f"Move it in one version, and bring the limit in the next. {ACCEPT}",
        )
        for step, limit in found
        if limit
    )  # fmt: skip
