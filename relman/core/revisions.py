"""What differs between two set revisions: services, versions, digests, images (pure)."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from relman.core.record import Content, ServiceRecord, SetRecord


class ServiceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A service that ran something else, or was not there, in the other revision."""

    service: str
    change: str
    """`added`, `removed` or `changed`."""
    old: Content | None = None
    new: Content | None = None
    differs: tuple[str, ...] = ()
    """What differs, in words."""
    good: bool = False
    """In the second one it was seen healthy."""


class RevisionDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Two set revisions beside each other."""

    namespace: str
    old: int
    new: int
    old_version: str
    """The platform version the set stood at; the one asked for when no single one describes it."""
    new_version: str
    differs: tuple[str, ...]
    """What differs of the set itself, in words."""
    services: tuple[ServiceChange, ...]
    unchanged: int


def compare_revisions(old: SetRecord, new: SetRecord, only: Collection[str] | None = None) -> RevisionDiff:
    """Return what differs between what two set revisions left behind.

    Args:
        old: The one.
        new: The other, usually the later.
        only: Service keys; all when None.
    """
    keys = sorted(key for key in {*old.services, *new.services} if only is None or key in only)
    changes = [_compare(key, old.services.get(key), new.services.get(key)) for key in keys]
    found = tuple(change for change in changes if change is not None)
    here = [key for key in keys if _content(new.services.get(key)) is not None]
    return RevisionDiff(
        namespace=new.namespace,
        old=old.number,
        new=new.number,
        old_version=old.stands_at or old.version,
        new_version=new.stands_at or new.version,
        differs=tuple(_set_differs(old, new)),
        services=found,
        unchanged=len(here) - sum(change.change != "removed" for change in found),
    )


def _set_differs(old: SetRecord, new: SetRecord) -> list[str]:
    pairs = {
        "environment": (old.environment, new.environment),
        "source": (old.source, new.source),
        "bill of materials": (old.bom_digest, new.bom_digest),
        "outcome": (old.outcome, new.outcome),
        "holds": (_holds(old), _holds(new)),
    }
    return [f"{what} {left or '-'} -> {right or '-'}" for what, (left, right) in pairs.items() if left != right]


def _holds(record: SetRecord) -> str:
    return ", ".join(f"{hold.service} {hold.content.label}" for hold in record.holds)


def _content(service: ServiceRecord | None) -> Content | None:
    return service.now.content if service and service.now else None


def _compare(key: str, old: ServiceRecord | None, new: ServiceRecord | None) -> ServiceChange | None:
    before, after = _content(old), _content(new)
    here, there = bool(old and old.now), bool(new and new.now)
    good = bool(new and new.now and new.now.good)
    if not here and not there:
        return None
    if here != there:
        return ServiceChange(service=key, change="added" if there else "removed", old=before, new=after, good=good)
    differs = _differs(before, after)
    if not differs:
        return None
    return ServiceChange(service=key, change="changed", old=before, new=after, differs=differs, good=good)


def _differs(old: Content | None, new: Content | None) -> tuple[str, ...]:
    if old is None or new is None:
        return () if old is new else ("what ran is not known on one side",)
    found = []
    if old.label != new.label:
        found.append(f"version {old.label} -> {new.label}")
    if old.archetype != new.archetype:
        found.append(f"archetype {old.archetype} -> {new.archetype}")
    if old.images != new.images:
        found += [f"image {image} gone" for image in old.images if image not in new.images]
        found += [f"image {image} new" for image in new.images if image not in old.images]
    if old.content_digest != new.content_digest:
        chart = f"{old.chart} {old.chart_version} -> {new.chart} {new.chart_version}"
        found.append(f"chart {chart} ({_short(old.content_digest)} -> {_short(new.content_digest)})")
    if old.values_digest != new.values_digest:
        found.append(f"values ({_short(old.values_digest)} -> {_short(new.values_digest)})")
    return tuple(found)


def _short(digest: str) -> str:
    return digest.rpartition(":")[2][:12]
