"""Whether an object is what a request was to make of it: then a conflict was with that request, sent twice (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SENT = ("labels", "annotations", "finalizers", "ownerReferences")
_NOT_CONTENT = frozenset({"apiVersion", "kind", "metadata", "status"})


def is_as_meant(meant: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether `found` is what replacing it by `meant` leaves; in doubt it is not.

    Status and what the server counts are no part of such a request. Sent managed fields never count as arrived,
    because the server rewrites them.
    """
    sent, kept = meant["metadata"], found["metadata"]
    if "managedFields" in sent or ("uid" in sent and sent["uid"] != kept.get("uid")):
        return False
    content = {*meant, *found} - _NOT_CONTENT
    return _equal(sent, kept, _SENT) and _equal(meant, found, content)


def _equal(one: Mapping[str, Any], other: Mapping[str, Any], keys: Any) -> bool:
    # The server leaves out what is empty.
    return all((one.get(key) or None) == (other.get(key) or None) for key in keys)
