"""Charts of third parties: what lies there is what is pinned, and their values hold no secrets."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.vendor_chart.model import VendorChart
from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.rules.secrets_in_data import find_literal_secrets
from chartgen.vendoring.archive import check_kept, find_kept

_PINS = ("chart", "version", "digest")


def check(service: Checked) -> Iterator[Finding]:
    """Find secrets in clear text in the values."""
    if isinstance(service.model, VendorChart):
        for path, what in find_literal_secrets(service.model.values):
            hint = "most charts take the name of an existing Secret instead; see its values"
            yield service.finding(("values", *path), what, hint)


def check_kept_charts(view: View) -> Iterator[Finding]:
    """Find charts that are not what is pinned. One that was not fetched yet is no fault of the manifest."""
    for service in view.services.values():
        model = service.model
        if not isinstance(model, VendorChart):
            continue
        kept = find_kept(model.chart, model.version, view.files)
        if kept is not None:
            fault, hint = check_kept(kept, model.version, model.digest)
            if fault:
                yield service.finding(("digest",) if model.digest else ("chart",), fault, hint)


def check_same(views: list[View]) -> Iterator[Finding]:
    """Find charts that differ between environments: the umbrella carries each once, and promotion is its version."""
    first: dict[str, VendorChart] = {}
    for view in views:
        for key, service in view.services.items():
            model = service.model
            if not isinstance(model, VendorChart):
                continue
            known = first.setdefault(key, model)
            for pin in _PINS:
                if getattr(model, pin) != getattr(known, pin):
                    message = "is the same in all environments: the umbrella carries the chart once"
                    yield service.finding(
                        (pin,), message, "values may differ; an environment waits for a version of the platform"
                    )
