"""Who depends on whom: every name is a service, and nobody waits for himself."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.manifest.checked import View
from chartgen.manifest.findings import Finding
from chartgen.manifest.graph import find_cycles
from chartgen.manifest.keypath import did_you_mean


def check(view: View) -> Iterator[Finding]:
    """Find unknown services, and cycles of depends_on and references."""
    for service in view.services.values():
        for target, path in service.edges:
            if target not in view.declared["services"]:
                hint = did_you_mean(target, view.declared["services"], "services are declared as [services.<key>]")
                yield service.finding(path, f'unknown service "{target}"', hint)
            elif target in view.disabled and path[:1] != ("depends_on",):
                message = f'service "{target}" is not enabled here, so nothing answers'
                yield service.finding(path, message, "enable it, or say something else in the layer")
    graph = {key: {target for target, _ in service.edges} for key, service in view.services.items()}
    for cycle in find_cycles(graph):
        first, second = cycle[0], cycle[1 % len(cycle)]
        path = next(path for target, path in view.services[first].edges if target == second)
        around = " -> ".join([*cycle, first])
        yield view.services[first].finding(path, f"services wait for each other: {around}", "take one of these away")
