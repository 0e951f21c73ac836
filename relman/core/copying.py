"""What runs in one environment, as a platform version that can be brought to another (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from helmkit.bom import BillOfMaterials
from relman.core.record import Content, SetRecord


class CopiedService(msgspec.Struct, frozen=True, kw_only=True):
    """One service that runs in the environment that is copied."""

    service: str
    namespace: str
    """Where it runs."""
    target: str
    """The namespace it has in the other environment; empty when it is not part of it."""
    version: str
    platform_version: str
    """The platform version it was brought with; empty when it was adopted as it was."""
    brings: str
    """What the chosen platform version brings to the other environment; empty for nothing."""
    same: bool
    """The chosen platform version is what runs."""
    good: bool
    """It was seen healthy where it runs."""


class CopyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of what runs, as one platform version."""

    platform: str
    version: str
    source: str
    """Where the charts are."""
    from_environment: str
    to_environment: str
    namespaces: tuple[str, ...]
    """Those of the other environment, sorted."""
    whole: bool
    """Everything of the environment is copied, not single namespaces."""
    services: tuple[CopiedService, ...]
    differences: tuple[str, ...] = ()
    """What one platform version cannot say, each with what to type instead."""
    notes: tuple[str, ...] = ()


def running_services(records: Sequence[SetRecord]) -> dict[str, tuple[SetRecord, Content, bool]]:
    """Return what runs by service key: its set, its content, and whether it was seen healthy."""
    return {
        key: (record, service.now.content, service.now.good)
        for record in records
        for key, service in sorted(record.services.items())
        if service.now is not None and service.now.content is not None
    }


def candidate_versions(records: Sequence[SetRecord]) -> tuple[str, ...]:
    """Return platform versions that may describe what runs, the likeliest first.

    What a whole set stands at comes before what single services were brought with, newer runs before older.
    """
    ordered = sorted(records, key=lambda record: record.started, reverse=True)
    stands = [record.stands_at for record in ordered]
    asked = [record.version for record in ordered]
    single = [content.platform_version for _, content, _ in running_services(ordered).values()]
    return tuple(dict.fromkeys(version for version in (*stands, *asked, *single) if version))


def count_same(bom: BillOfMaterials, environment: str, records: Sequence[SetRecord]) -> int:
    """Return how many of the running services are just what a platform version brings to their environment."""
    entry = bom.environments.get(environment)
    if entry is None:
        return 0
    running = running_services(records)
    return sum(_is_same(bom, environment, key, content) for key, (_, content, _) in running.items())


def plan_copy(
    bom: BillOfMaterials, records: Sequence[SetRecord], to_environment: str, *, source: str, whole: bool
) -> CopyPlan:
    """Return the copy of what runs, by one platform version.

    Args:
        bom: Of the version chosen; it has the other environment.
        records: The newest record of each set that is copied, all of one environment.
        to_environment: Where to.
        source: Where the charts are.
        whole: Everything of the environment is copied.
    """
    environment = records[0].environment
    target = bom.environments[to_environment].services
    services = []
    for key, (record, content, good) in sorted(running_services(records).items()):
        entry = target.get(key)
        services.append(
            CopiedService(
                service=key, namespace=record.namespace, target=entry.namespace if entry else "",
                version=content.label, platform_version=content.platform_version,
                brings=(entry.app_version or entry.version) if entry else "",
                same=_is_same(bom, environment, key, content), good=good,
            )
        )  # fmt: skip
    namespaces = tuple(sorted({one.target for one in services if one.target}))
    return CopyPlan(
        platform=bom.platform, version=bom.version, source=source, from_environment=environment,
        to_environment=to_environment, namespaces=namespaces, whole=whole, services=tuple(services),
        differences=tuple(_differences(bom.version, to_environment, services)),
        notes=tuple(_notes(services, {k: e.namespace for k, e in target.items()}, namespaces)),
    )  # fmt: skip


def _is_same(bom: BillOfMaterials, environment: str, key: str, content: Content) -> bool:
    entry = bom.environments[environment].services.get(key) if environment in bom.environments else None
    return entry is not None and (entry.content_digest, entry.values_digest) == content.identity


def _differences(version: str, environment: str, services: Sequence[CopiedService]) -> list[str]:
    told = []
    for one in services:
        if one.same and one.target:
            continue
        if not one.target:
            told.append(f"{one.service} runs in {one.namespace} and is not part of {environment}")
        elif one.platform_version and one.platform_version != version:
            told.append(
                f"{one.service} runs {one.version} of {one.platform_version}, and {version} brings "
                f"{one.brings}: `relman upgrade {one.target}/{one.service} --to {one.platform_version}`"
            )
        elif one.platform_version:
            told.append(f"{one.service} runs {one.version}, which is no longer what {version} brings")
        else:
            told.append(f"{one.service} was adopted as it was, so no version has it; {version} brings {one.brings}")
    return told


def _notes(services: Sequence[CopiedService], target: Mapping[str, str], namespaces: Sequence[str]) -> list[str]:
    running = {one.service for one in services}
    added = sorted(key for key, namespace in target.items() if namespace in namespaces and key not in running)
    sick = [one.service for one in services if not one.good]
    notes = [f"installed as well, though not running where it is copied from: {', '.join(added)}"] if added else []
    return [*notes, f"not seen healthy where it runs: {', '.join(sick)}"] if sick else notes
