"""Pods restart when a ConfigMap beside them changes: a digest of what they read is an annotation of theirs (T143)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from chartgen.objects.kinds import name_of, pod_spec_of

_ROLLED = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds that replace their pods when the template changes; a Job's must not change."""
_REFERENCES = ("configMap", "configMapRef", "configMapKeyRef")
_ANNOTATION = "checksum/config"


def add_config_digests(objects: Iterable[dict[str, Any]]) -> None:
    """Annotate the pods of workloads with a digest of the ConfigMaps among `objects` that they read, in place."""
    listed = list(objects)
    content = {
        name_of(one): [one.get("data"), one.get("binaryData")] for one in listed if one.get("kind") == "ConfigMap"
    }
    for one in listed:
        pod = pod_spec_of(one) if one.get("kind") in _ROLLED else None
        read = {name: content[name] for name in _read_by(pod) if name in content}
        if read:
            text = json.dumps(read, sort_keys=True, ensure_ascii=False)
            metadata = one["spec"]["template"].setdefault("metadata", {})
            annotations = metadata.get("annotations") or {}
            digest = hashlib.sha256(text.encode()).hexdigest()
            metadata["annotations"] = {_ANNOTATION: digest, **annotations}


def _read_by(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for entry in part:
            yield from _read_by(entry)
    elif isinstance(part, dict):
        for key, entry in part.items():
            if key in _REFERENCES and isinstance(entry, dict) and "name" in entry:
                yield str(entry["name"])
            else:
                yield from _read_by(entry)
