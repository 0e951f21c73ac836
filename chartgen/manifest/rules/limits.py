"""Numbers that bound each other: replicas and their maximum, requests and limits."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.manifest.checked import Checked
from chartgen.manifest.findings import Finding
from chartgen.vocabulary.quantities import parse_quantity
from chartgen.vocabulary.workload import Workload


def check(service: Checked) -> Iterator[Finding]:
    """Find more replicas than allowed (T070) and requests above their limits."""
    model = service.model
    if not isinstance(model, Workload):
        return
    if model.max_replicas is not None and model.replicas > model.max_replicas:
        message = f"{model.replicas} replicas, but max_replicas is {model.max_replicas}"
        yield service.finding(("replicas",), message)
    resources = model.resources
    pairs = (
        ("memory_request", resources.memory_request, "memory", resources.memory),
        ("cpu", resources.cpu, "cpu_limit", resources.cpu_limit),
    )
    for name, request, limit_name, limit in pairs:
        if request and limit and parse_quantity(request) > parse_quantity(limit):
            message = f"{request} are requested, but {limit_name} allows only {limit}"
            yield service.finding(("resources", name), message)
