"""Which labels select the pods of a service: one answer for everybody who looks for them (T048)."""

from __future__ import annotations

from chartgen.archetypes.service import ServiceModel


def pod_labels(model: ServiceModel) -> dict[str, str]:
    """Return the labels that select the pods of a service: its own `selector`, else `app` and its name."""
    stated: dict[str, str] | None = getattr(model, "selector", None)
    return dict(sorted(stated.items())) if stated else {"app": model.name}
