"""Why an image cannot be pulled: what the registry said tells a wrong name from a bad network (core, pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from relman.core.diagnosis.cause import Cause, CauseKind
from relman.core.diagnosis.patience import Patience
from relman.core.diagnosis.snapshot import Object, event_text, metadata, reference
from relman.core.diagnosis.symptom import Symptom, created_at, symptom_key

PULL_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""Waiting reasons of the kubelet that are about the image."""

# Asked in this order. A network error may quote "not found" (DNS) or "denied" (a proxy's page), and registries answer
# "does not exist or may require authorization" to hide names: that is about rights before it is about existence.
_NETWORK = re.compile(
    r"dial tcp|lookup \S+|no such host|i/o timeout|timeout|deadline exceeded|connection re(?:fused|set)|\bEOF\b"
    r"|TLS handshake|too ?many ?requests|\b50[0234] (?:Internal|Bad|Service|Gateway)|x509|HTTP response to HTTPS"
    r"|registry is unavailable|network is unreachable|no space left",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b40[13] (?:Unauthorized|Forbidden)|unauthorized|forbidden|denied|authorization failed|no basic auth|may require"
    r"|insufficient_scope",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"not found|manifest[ _]unknown|name[ _]unknown|unknown manifest|does not exist|no match for platform"
    r"|no matching manifest|no such image",
    re.IGNORECASE,
)


def classify_pull_error(text: str, image: str = "") -> CauseKind:
    """Return what a pull error is about: `image-not-found` only when the registry itself said so.

    Args:
        text: What the kubelet passed on.
        image: The image; its name takes no part in the judgement, whatever words are in it.

    >>> classify_pull_error("failed to resolve reference: harbor.example/a:9: not found")
    'image-not-found'
    >>> classify_pull_error("dial tcp: lookup harbor.example: no such host")
    'image-pull-error'
    """
    # Runtimes write the full name: `product` becomes docker.io/library/product:latest.
    path = image.partition("/")[2] if "." in image.partition("/")[0] else image
    text = text.replace(path, "") if path else text
    if _NETWORK.search(text):
        return "image-pull-error"
    if _DENIED.search(text):
        return "image-pull-denied"
    return "image-not-found" if _MISSING.search(text) else "image-pull-error"


def image_symptom(pod: Object, status: Mapping[str, Any], events: Sequence[Object], patience: Patience) -> Symptom:
    """Return the symptom of a container that waits for its image.

    Args:
        pod: The pod.
        status: The container's status; `state.waiting.reason` is one of `PULL_REASONS`.
        events: The pod's events. Older kubelets (before 1.30) tell the registry's answer only there.
        patience: How long it may last.
    """
    waiting = status["state"]["waiting"]
    reason, image = str(waiting["reason"]), str(status.get("image", ""))
    text = str(waiting.get("message", ""))
    kind = _kind(reason, text, image)
    if kind == "image-pull-error":
        told = next((event_text(e) for e in reversed(events) if _is_pull_failure(e, image)), "")
        text = "\n".join(part for part in (text, told if told not in text else "") if part)
        kind = _kind(reason, text, image)
    summary = {
        "image-not-found": f"image {image} does not exist",
        "image-pull-denied": f"no right to pull from {_host(image)}",
        "image-pull-error": f"image {image} cannot be pulled",
    }[kind]
    if reason == "InvalidImageName":
        summary = f"image name {image} is invalid"
    cause = Cause(kind, summary, text, (reference(pod),), _hint(kind, image, pod))
    limit = {"image-not-found": _patience(reason, patience), "image-pull-denied": patience.image_denied}.get(kind)
    what = f"{status.get('name', '')}/image/{kind}"
    # The first failure comes without a reason for a moment; the next look tells more.
    return Symptom(symptom_key(pod, what), cause, limit, created_at(pod), quiet=not text)


def _kind(reason: str, text: str, image: str) -> CauseKind:
    if reason in {"InvalidImageName", "ErrImageNeverPull"}:
        return "image-not-found"
    return classify_pull_error(text, image)


def _patience(reason: str, patience: Patience) -> float:
    return patience.image_first if reason == "ErrImagePull" else 0


def _is_pull_failure(event: Object, image: str) -> bool:
    text = event_text(event)
    return event.get("reason") == "Failed" and "pull" in text and image in text


def _host(image: str) -> str:
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def _hint(kind: CauseKind, image: str, pod: Object) -> str:
    namespace = metadata(pod).get("namespace", "")
    if kind == "image-not-found":
        return f"Push {image}, or name a version that exists in the release manifest."
    if kind == "image-pull-denied":
        return f"Check the pull Secret in {namespace} for {_host(image)} (imagePullSecrets), and that the image exists."
    return f"Check that the nodes reach {_host(image)}."
