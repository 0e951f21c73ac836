"""Changes of immutable fields that people acknowledged: whether the kind fits, and what is written down. Pure.

Kubernetes refuses such changes in the middle of an upgrade (T041, T075), so a build refuses them first. How relman
carries an acknowledged one out: `helmkit.migrations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chartgen.lockfile import in_order
from chartgen.vocabulary.migrations import Acknowledgement
from helmkit.bom import FieldChange, Migration
from helmkit.immutable import parse_claims, quantity_bytes

Acknowledged = Mapping[str, Mapping[str, Acknowledgement]]
"""By version, then by object (`StatefulSet/nacos`)."""
_CLAIMS = "spec.volumeClaimTemplates"


@dataclass(frozen=True)
class Baseline:
    """What an environment may have of a service: fields and migrations up to the version before this one."""

    fields: Mapping[str, str]
    """By `Kind/name field`."""
    migrations: tuple[Migration, ...]


@dataclass(frozen=True)
class Refused:
    """A change of one object that nobody acknowledged, or not in a way that works."""

    object: str
    changes: tuple[FieldChange, ...]
    reason: str
    """Empty when there is no acknowledgement."""


def final_version(version: str) -> str:
    """Return the version that a pre-release leads to: acknowledgements name that one."""
    return version.partition("-")[0]


def decide_migrations(
    before: Baseline, now: Mapping[str, str], acknowledged: Acknowledged, version: str
) -> tuple[tuple[Migration, ...], list[Refused]]:
    """Return all migrations of a service in one environment up to this version, and what is refused.

    Args:
        before: What may be installed.
        now: The fields as they are to be.
        acknowledged: What people said, by final version.
        version: The platform's.
    """
    found: list[Migration] = list(before.migrations)
    refused = []
    for name, changes in _differing(before.fields, now).items():
        said = acknowledged.get(final_version(version), {}).get(name)
        fault = fault_of(said.kind, name, changes) if said else ""
        if said is None or fault:
            refused.append(Refused(name, changes, fault))
        else:
            found.append(_migration(name, changes, said, version))
    return in_order(found), refused


def undo(fields: Mapping[str, str], migrations: Sequence[Migration], version: str) -> Baseline:
    """Return what was there before this version, not yet published, was first built."""
    ours = {version, final_version(version)}
    older = dict(fields)
    for migration in migrations:
        if migration.from_version in ours:
            older.update({f"{migration.object} {change.field}": change.old for change in migration.changes})
    return Baseline(older, tuple(one for one in migrations if one.from_version not in ours))


def suggest_kind(name: str, changes: Sequence[FieldChange]) -> str:
    """Return the mildest kind that can carry the changes out."""
    if not name.startswith("StatefulSet/") or _pods_must_go(changes):
        return "recreate"
    return "claim-growth" if _claims_only_grow(changes) else "orphan-delete-and-recreate"


def fault_of(kind: str, name: str, changes: Sequence[FieldChange]) -> str:
    """Return why a kind cannot carry the changes out; empty when it can."""
    if kind == "recreate":
        return ""
    if not name.startswith("StatefulSet/"):
        return f"{kind} is for StatefulSets; only recreate works here"
    if _pods_must_go(changes):
        return f"{kind} keeps the pods, and they do not fit the new selector or lack a new claim; only recreate works"
    if kind == "claim-growth" and not _claims_only_grow(changes):
        return "claim-growth is for claims that get larger and change nothing else; take orphan-delete-and-recreate"
    return ""


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[FieldChange, ...]]:
    found: dict[str, tuple[FieldChange, ...]] = {}
    for path in sorted(before.keys() & now.keys()):
        if before[path] != now[path]:
            name, _, field = path.partition(" ")
            found[name] = (*found.get(name, ()), FieldChange(field, before[path], now[path]))
    return found


def _migration(name: str, changes: tuple[FieldChange, ...], said: Acknowledgement, version: str) -> Migration:
    # A pod takes its subdomain from serviceName, which is no part of the revision: adopted pods would keep the old one.
    moved = any(change.field == "spec.serviceName" for change in changes)
    return Migration(
        id=f"{version} {name}",
        kind=said.kind,
        object=name,
        changes=changes,
        from_version=version,
        restart=moved and said.kind != "recreate",
        reversible=said.reversible,
        reason=said.reason,
    )


def _pods_must_go(changes: Sequence[FieldChange]) -> bool:
    for change in changes:
        if change.field == "spec.selector":
            return True
        # The controller cannot give a running pod a volume, and stops there (StatefulSet storageMatches).
        if change.field == _CLAIMS and parse_claims(change.new).keys() - parse_claims(change.old).keys():
            return True
    return False


def _claims_only_grow(changes: Sequence[FieldChange]) -> bool:
    claims = [change for change in changes if change.field == _CLAIMS]
    return bool(claims) and all(_grows(parse_claims(one.old), parse_claims(one.new)) for one in claims)


def _grows(old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]]) -> bool:
    if old.keys() != new.keys() or any(old[name][1] != new[name][1] for name in old):
        return False
    sizes = [(quantity_bytes(old[name][0]), quantity_bytes(new[name][0])) for name in old]
    return all(before is not None and after is not None and before <= after for before, after in sizes)
