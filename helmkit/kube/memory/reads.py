"""Reading from the in-memory API server: discovery, lists, and which watches see a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from helmkit.kube.kinds import Kind
from helmkit.kube.memory.copying import copy_data
from helmkit.kube.memory.selectors import matches_fields, matches_labels
from helmkit.kube.memory.store import Change, Object, Store
from helmkit.kube.transport import METADATA_LIST, Answer, Request


def matches(obj: Object, params: Mapping[str, str]) -> bool:
    """Tell whether an object is among those that a list or a watch asks for."""
    labels = obj["metadata"].get("labels") or {}
    by_labels = matches_labels(labels, params.get("labelSelector", ""))
    return by_labels and matches_fields(obj, params.get("fieldSelector", ""))


def list_answer(store: Store, kind: Kind, namespace: str | None, request: Request) -> Answer:
    """Return a page of a list."""
    found = [obj for obj in store.select(kind, namespace) if matches(obj, request.params)]
    start = int(request.params.get("continue", "0"))
    limit = int(request.params.get("limit", "0")) or len(found) or 1
    page, more = found[start : start + limit], len(found) > start + limit
    metadata = {"resourceVersion": str(store.version)}
    if more:
        metadata["continue"] = str(start + limit)
    if request.accept == METADATA_LIST:
        items: list[dict[str, Any]] = [{"metadata": obj["metadata"]} for obj in page]
        body = {"kind": "PartialObjectMetadataList", "metadata": metadata, "items": items}
        return Answer(200, None, msgspec.json.encode(body))
    items = [{key: value for key, value in obj.items() if key not in {"apiVersion", "kind"}} for obj in page]
    return Answer(200, {"kind": f"{kind.kind}List", "metadata": metadata, "items": copy_data(items)})


def watch_event(change: Change, kind: Kind, namespace: str | None, params: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what a watch is told of a change; None when it is not concerned.

    An object that no longer matches the watch's selector is DELETED for it, one that begins to match is ADDED.
    """
    if change.kind != kind or namespace not in (None, change.after["metadata"].get("namespace")):
        return None
    was = change.before is not None and matches(change.before, params)
    is_now = change.type != "DELETED" and matches(change.after, params)
    if not was and not is_now:
        return None
    seen = "MODIFIED" if was and is_now else "ADDED" if is_now else "DELETED"
    return {"type": seen, "object": copy_data(change.after)}


def discovery(path: str, kinds: Iterable[Kind]) -> Answer:
    """Return the kinds of an API version."""
    api_version = path.strip("/").split("/", 1)[1]
    resources = [
        {"name": kind.plural, "kind": kind.kind, "namespaced": kind.namespaced}
        for kind in kinds
        if kind.api_version == api_version
    ]
    if not resources:
        return Answer(404, None, b"404 page not found\n")
    return Answer(200, {"kind": "APIResourceList", "groupVersion": api_version, "resources": resources})
