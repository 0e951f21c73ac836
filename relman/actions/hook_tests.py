"""Run the helm tests of what is installed: `helm test` for each release, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from helmkit.errors import HelmkitError, UnreachableError
from helmkit.secrecy import mask_text
from relman.actions.inventory import installed_scope, load_inventory
from relman.actions.ports import World
from relman.core.diagnosis import safe_text
from relman.core.hook_tests import (
    FAILED,
    NONE,
    PASSED,
    HookResult,
    ServiceTests,
    SuiteReport,
    find_tests,
    judge_tests,
    title,
)
from relman.core.record import ServiceRecord, SetRecord

LINES = 30
_KINDS = {"Pod": "v1", "Job": "batch/v1"}


@dataclass(frozen=True)
class HookTestOptions:
    """What was asked for."""

    name: str | None = None
    namespace: str | None = None
    timeout: int = 300
    """Seconds for each test."""
    parallel: int = 4


async def run_hook_tests(world: World, options: HookTestOptions) -> SuiteReport:
    """Run the tests of the newest revision of every service that is named; of everything when nothing is.

    Takes no lock and writes no record: tests change no release.

    Raises:
        UsageError: What is named is not there.
        UnreachableError: The cluster does not answer.
    """
    inventory = await load_inventory(world.kube, name=options.name, namespace=options.namespace)
    scope = installed_scope(inventory, options.name, options.namespace)
    chosen = [
        (record, key, service)
        for record in inventory.records
        for key, service in sorted(record.services.items())
        if scope.covers(record.namespace, key) and service.now is not None
    ]
    gate = asyncio.Semaphore(options.parallel)

    async def one(record: SetRecord, key: str, service: ServiceRecord) -> ServiceTests:
        async with gate:
            found = await _test(world, options, record, key, service)
        world.reporter.report(key, found.outcome, found.message)
        return found

    return SuiteReport(services=tuple(await asyncio.gather(*(one(*each) for each in chosen))))


async def _test(
    world: World, options: HookTestOptions, record: SetRecord, key: str, service: ServiceRecord
) -> ServiceTests:
    namespace, release = record.namespace, service.release
    content = service.now.content if service.now else None
    found = ServiceTests(
        service=key, namespace=namespace, release=release, version=content.label if content else "", outcome=NONE
    )
    try:
        revisions = await world.kube.list_release_metadata(namespace, release=release)
        if not revisions:
            return msgspec.structs.replace(found, outcome=FAILED, message="its release is gone")
        stored = await world.kube.get_release(namespace, release, revisions[-1].revision)
        tests = find_tests(stored.hooks)
        if not tests:
            return msgspec.structs.replace(found, message=f"chart {stored.chart_name} {stored.chart_version} has none")
        world.reporter.report(key, "testing", ", ".join(title(item) for item in tests))
        begun = world.clock.monotonic()
        said = await _run(world, options, namespace, release, len(tests))
        seconds = round(world.clock.monotonic() - begun, 1)
        live = await _live(world, namespace, tests)
        results = judge_tests(tests, live, passed=not said)
        results = tuple([await _with_logs(world, namespace, result, live) for result in results])
    except UnreachableError:
        raise
    except HelmkitError as error:
        return msgspec.structs.replace(found, outcome=FAILED, message=error.message)
    return msgspec.structs.replace(
        found, outcome=FAILED if said else PASSED, seconds=seconds, tests=results, message=said
    )


async def _run(world: World, options: HookTestOptions, namespace: str, release: str, tests: int) -> str:
    """Return what helm said when a test failed, nothing when all passed."""
    try:
        await world.helm.test(release, namespace=namespace, timeout=options.timeout, tests=tests)
    except UnreachableError:
        raise
    except HelmkitError as error:
        return safe_text(mask_text(error.message))
    return ""


async def _live(world: World, namespace: str, tests: tuple[dict[str, Any], ...]) -> dict[str, dict[str, Any]]:
    found = await asyncio.gather(
        *(world.kube.get_object(_KINDS[t["kind"]], t["kind"], namespace, t["metadata"]["name"]) for t in tests)
    )
    return {title(item): live for item, live in zip(tests, found, strict=True) if live is not None}


async def _with_logs(
    world: World, namespace: str, result: HookResult, live: Mapping[str, Mapping[str, Any]]
) -> HookResult:
    if result.outcome != FAILED or result.name not in live:
        return result
    kind, _, name = result.name.partition("/")
    pods: list[Mapping[str, Any]] = [live[result.name]]
    if kind == "Job":
        pods = [*await world.kube.list_objects("v1", "Pod", namespace, f"job-name={name}")]
    logs = {}
    for pod in pods:
        for container in (pod.get("spec") or {}).get("containers") or ():
            where = f"{pod['metadata']['name']}/{container['name']}"
            try:
                text = await world.kube.read_log(
                    namespace, pod["metadata"]["name"], container["name"], previous=False, lines=LINES
                )
            except HelmkitError as error:
                text = f"(no log: {error.message})"
            logs[where] = safe_text(mask_text(text))
    return msgspec.structs.replace(result, logs=logs)
