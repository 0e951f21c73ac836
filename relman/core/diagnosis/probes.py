"""What the kubelet's probe events say (core, pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from relman.core.diagnosis.cause import Cause
from relman.core.diagnosis.snapshot import Object, event_text, metadata, name_of, reference

_STATUS_CODE = re.compile(r"statuscode: (\d{3})")


def probe_failures(container: str, events: Sequence[Object]) -> list[str]:
    """Return the messages of a container's failed probes, oldest first: `Readiness probe failed: …`."""
    return [event_text(event) for event in events if event.get("reason") == "Unhealthy" and _is_about(event, container)]


def killed_by_probe(container: str, events: Sequence[Object]) -> str | None:
    """Return the message of the liveness or startup probe that makes the kubelet kill a container, None if none did."""
    kills = (event for event in events if event.get("reason") == "Killing" and _is_about(event, container))
    if not any("probe" in event_text(event) for event in kills):
        return None
    failures = reversed(probe_failures(container, events))
    return next((text for text in failures if not text.startswith("Readiness")), None)


def probe_cause(pod: Object, container: str, message: str) -> Cause:
    """Return the cause a failed probe is.

    Args:
        pod: The pod.
        container: Name of the container.
        message: The event's, `Readiness probe failed: HTTP probe failed with statuscode: 503`.
    """
    which = message.partition(" ")[0].lower()
    return Cause(
        "probe-failed",
        f"{which} probe of container {container} fails: {_short(message)}",
        message,
        (reference(pod),),
        f"kubectl -n {metadata(pod).get('namespace', '')} logs {name_of(pod)} -c {container}",
    )


def _short(message: str) -> str:
    """Return the reason without what differs from pod to pod (addresses).

    >>> _short('Readiness probe failed: Get "http://10.1.2.3:80/": dial tcp 10.1.2.3:80: connect: connection refused')
    'connection refused'
    """
    if code := _STATUS_CODE.search(message):
        return f"HTTP status {code[1]}"
    _, _, said = message.partition(": ")
    lines = said.strip().splitlines()
    return lines[0].rpartition(": ")[2][:120] if lines else "no answer"


def _is_about(event: Object, container: str) -> bool:
    path = str((event.get("involvedObject") or {}).get("fieldPath", ""))
    return not path or path.endswith(f"{{{container}}}")
