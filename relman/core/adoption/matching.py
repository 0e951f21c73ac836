"""Whether live objects fit the chart that is to look after them: same names, same selectors (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from helmkit.yaml import dump_yaml
from relman.core.adoption.claims import ServiceClaim, release_of
from relman.core.drift import short_name
from relman.core.plan import Refusal

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def find_mismatches(claim: ServiceClaim, ours: frozenset[tuple[str, str]]) -> list[Refusal]:
    """Return everything that keeps a service's live objects from being its chart's.

    Args:
        claim: The service.
        ours: Releases of other services, namespace and name, that relman has already.
    """
    found = [*_missing_workloads(claim), *_other_selectors(claim), *_not_takeable(claim, ours)]
    entry = claim.entry
    return [
        Refusal(
            kind=kind, service=claim.key, namespace=entry.namespace,
            message=f"{entry.namespace}/{claim.key}: {message}", hint=hint,
        )
        for kind, message, hint in found
    ]  # fmt: skip


def _missing_workloads(claim: ServiceClaim) -> Iterator[tuple[str, str, str]]:
    for ref in sorted(set(claim.wanted) - set(claim.live)):
        kind, name = ref.split("/")[-2:]
        if kind not in _WORKLOADS:
            continue
        message = f"there is no {kind} {name}, though there is {', '.join(map(short_name, sorted(claim.live)))}"
        yield "other-name", message + _meant(claim, kind, name), (
            "Give the service the name that runs: `name = \"…\"` in the release manifest. If it is another archetype, "
            "change that."
        )  # fmt: skip


def _meant(claim: ServiceClaim, kind: str, name: str) -> str:
    """Return a guess at which live workload is meant: one with the same selector, else one of a similar name."""
    there = [f"{item['kind']} {item['metadata']['name']}" for item in claim.neighbours if _selects(item, name)]
    names = [item["metadata"]["name"] for item in claim.neighbours]
    there = there or get_close_matches(name, names, n=1, cutoff=0.5)
    same = [item["kind"] for item in claim.neighbours if item["metadata"]["name"] == name and item["kind"] != kind]
    there = [f"{same[0]} {name}"] if same else there
    return f"; is {there[0]} meant?" if there else ""


def _selects(item: Mapping[str, Any], name: str) -> bool:
    return bool(_selector(item).get("matchLabels") == {"app": name})


def _other_selectors(claim: ServiceClaim) -> Iterator[tuple[str, str, str]]:
    for ref, item in sorted(claim.live.items()):
        if ref.split("/")[-2] not in _WORKLOADS:
            continue
        runs, wanted = _selector(item), _selector(claim.wanted[ref])
        if runs == wanted:
            continue
        shown, chart = _inline(runs), _inline(wanted)
        labels = runs.get("matchLabels") or {}
        inline = ", ".join(f'"{key}" = "{value}"' for key, value in sorted(labels.items()))
        yield "other-selector", f"{short_name(ref)} selects its pods by {shown}, the chart by {chart}", (
            f"A selector cannot be changed. Say `selector = {{ {inline} }}` for the service in the release manifest, "
            "build the chart again and adopt then."
        )  # fmt: skip


def _not_takeable(claim: ServiceClaim, ours: frozenset[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    for ref, item in sorted(claim.live.items()):
        metadata, release = item["metadata"], release_of(item)
        if release in ours:
            message = f"{short_name(ref)} belongs to release {release[1]}, which relman has already"
            yield "taken", message, "Two services cannot have one object: look at the names in the release manifest."
        owner = next((one for one in metadata.get("ownerReferences") or () if one.get("controller")), None)
        if owner:
            message = f"{short_name(ref)} belongs to {owner.get('kind')} {owner.get('name')}, which made it"
            yield "owned", message, "What a controller makes is not taken; adopt or replace the controller's object."
        if metadata.get("deletionTimestamp"):
            yield "deleting", f"{short_name(ref)} is being deleted", "Wait until it is gone."


def _selector(item: Mapping[str, Any]) -> dict[str, Any]:
    return dict((item.get("spec") or {}).get("selector") or {})


def _inline(value: Mapping[str, Any]) -> str:
    labels = value.get("matchLabels") or {}
    parts = [f"{key}={labels[key]}" for key in sorted(labels)]
    if value.get("matchExpressions"):
        parts.append(dump_yaml(value["matchExpressions"]).strip().replace("\n", " "))
    return ",".join(parts) or "nothing"
