"""What Kubernetes does not let an upgrade change, read from an object (T041, T075).

The same text comes out of a rendered object and of the live one, so that both can be compared with each other and
with what `releases.lock` and the bill of materials say.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

HEADLESS = "None"
"""Text of `spec.clusterIP` of a headless Service."""
ALLOCATED = "allocated"
"""Text of `spec.clusterIP` of a Service with an address of its own."""
_NO_CLAIMS = "none"
_DEFAULT_CLASS = "(default class)"

_QUANTITY = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)(m|[kMGTPE]|[KMGTPE]i)?")
_DECIMAL = {"": Decimal(1), "m": Decimal("0.001"), **{unit: Decimal(1000) ** n for n, unit in enumerate("kMGTPE", 1)}}
_BINARY = {f"{unit}i": Decimal(1024) ** n for n, unit in enumerate("KMGTPE", 1)}


def object_id(found: Mapping[str, Any]) -> str:
    """Return `Kind/name` of an object."""
    return f"{found.get('kind', '')}/{found.get('metadata', {}).get('name', '')}"


def immutable_fields(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a Kubernetes object that an update may not change, as text by path.

    A Job's template is a digest over what is stated, so it can be compared between rendered Jobs alone: the API server
    completes the live one. Empty for kinds without such fields, and for aliases of DNS names.
    """
    kind, spec = found.get("kind"), found.get("spec") or {}
    if kind in ("Deployment", "DaemonSet", "ReplicaSet"):
        return {"spec.selector": _selector(spec)}
    if kind == "StatefulSet":
        return {
            "spec.selector": _selector(spec),
            "spec.serviceName": str(spec.get("serviceName", "")),
            "spec.podManagementPolicy": str(spec.get("podManagementPolicy", "OrderedReady")),
            "spec.volumeClaimTemplates": claims_text(spec.get("volumeClaimTemplates") or []),
        }
    if kind == "Service":
        if spec.get("type") == "ExternalName":
            return {}
        return {"spec.clusterIP": HEADLESS if spec.get("clusterIP") == HEADLESS else ALLOCATED}
    if kind == "Job":
        return {"spec.template": _digest(spec.get("template")), "spec.completions": str(spec.get("completions", 1))}
    if kind == "PersistentVolumeClaim":
        return {"spec": claim_text({**found, "metadata": {"name": "claim"}}).partition(" ")[2]}
    if kind in ("RoleBinding", "ClusterRoleBinding"):
        return {"roleRef": "{kind}/{name}".format_map({"kind": "", "name": "", **(found.get("roleRef") or {})})}
    if kind == "StorageClass":
        return {key: _stated(found.get(key, default)) for key, default in _STORAGE_CLASS.items()}
    return {}


_STORAGE_CLASS = {"provisioner": "", "parameters": {}, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}


def claims_text(templates: list[Mapping[str, Any]]) -> str:
    """Return volume claim templates as text: `datadir 5Gi ReadWriteOnce fast, …`, sorted by name; `none` if empty."""
    return ", ".join(sorted(claim_text(template) for template in templates)) or _NO_CLAIMS


def claim_text(claim: Mapping[str, Any]) -> str:
    """Return one claim as text: its name, size, access modes and storage class."""
    spec = claim.get("spec") or {}
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "")
    words = [
        str(claim.get("metadata", {}).get("name", "")),
        canonical_quantity(str(size)),
        *[str(mode) for mode in spec.get("accessModes") or []],
        str(spec["storageClassName"]) if spec.get("storageClassName") is not None else _DEFAULT_CLASS,
    ]
    return " ".join(words)


def parse_claims(text: str) -> dict[str, tuple[str, str]]:
    """Return the size and the rest (access modes, class) by claim from a text of `claims_text`."""
    parts = [claim.split(" ", 2) for claim in text.split(", ")] if text != _NO_CLAIMS else []
    return {name: (size, rest) for name, size, rest in parts}


def quantity_bytes(text: str) -> Decimal | None:
    """Return a quantity as a number; None when it is none."""
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        return None
    unit = match[2] or ""
    return Decimal(match[1]) * (_BINARY.get(unit) or _DECIMAL[unit])


def canonical_quantity(text: str) -> str:
    """Return a size the way the API server writes it: `1024Mi` is `1Gi`. What is no quantity stays as it is."""
    amount = quantity_bytes(text)
    if amount is None or amount != amount.to_integral_value():
        return text
    units = _BINARY if "i" in text else {unit: factor for unit, factor in _DECIMAL.items() if unit not in ("", "m")}
    for unit, factor in sorted(units.items(), key=lambda one: -one[1]):
        if amount and amount % factor == 0:
            return f"{int(amount // factor)}{unit}"
    return str(int(amount))


def _selector(spec: Mapping[str, Any]) -> str:
    selector = spec.get("selector") or {}
    labels = selector.get("matchLabels") or {}
    words = [f"{key}={labels[key]}" for key in sorted(labels)]
    return ",".join([*words, *([_stated(selector["matchExpressions"])] if selector.get("matchExpressions") else [])])


def _stated(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _digest(value: Any) -> str:
    return f"sha256:{hashlib.sha256(_stated(value).encode()).hexdigest()[:16]}"
