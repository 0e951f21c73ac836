"""What an uninstall leaves behind: claims, kept objects, Secrets and namespaces (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_POLICY = "helm.sh/resource-policy"


def what_stays(namespace: str, objects: Sequence[Mapping[str, Any]], claims: Iterable[str]) -> tuple[str, ...]:
    """Return what is still there after an uninstall, in words.

    Args:
        namespace: Where.
        objects: All rendered objects that are removed, also those that are kept.
        claims: Names of the claims in the namespace.
    """
    kept = sorted(_name(item) for item in objects if _is_kept(item))
    prefixes = tuple(_claim_prefixes(objects))
    made = sorted(name for name in claims if name.startswith(prefixes)) if prefixes else []
    secrets = sorted({name for item in objects for name in _secrets(item)} - _own_secrets(objects))
    notes = []
    if made:
        notes.append(f"claims with their data stay: {', '.join(made)}")
    if kept:
        notes.append(f"kept by their resource policy: {', '.join(kept)}")
    if secrets:
        notes.append(f"Secrets that were referred to stay: {', '.join(secrets)}")
    return (*notes, f"the namespace {namespace} and relman's history in it stay")


def _is_kept(item: Mapping[str, Any]) -> bool:
    return ((item.get("metadata") or {}).get("annotations") or {}).get(_POLICY) == "keep"


def _name(item: Mapping[str, Any]) -> str:
    return f"{item.get('kind')}/{item['metadata']['name']}"


def _claim_prefixes(objects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for item in objects:
        if item.get("kind") == "StatefulSet":
            for template in (item.get("spec") or {}).get("volumeClaimTemplates") or ():
                yield f"{template['metadata']['name']}-{item['metadata']['name']}-"


def _own_secrets(objects: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(item["metadata"]["name"]) for item in objects if item.get("kind") == "Secret"}


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            if key in ("secretKeyRef", "secretRef") and isinstance(below, Mapping) and below.get("name"):
                yield str(below["name"])
            elif key == "secretName" and isinstance(below, str):
                yield below
            elif key == "imagePullSecrets" and isinstance(below, list):
                yield from (str(entry["name"]) for entry in below if isinstance(entry, Mapping) and entry.get("name"))
            else:
                yield from _secrets(below)
    elif isinstance(value, list):
        for entry in value:
            yield from _secrets(entry)
