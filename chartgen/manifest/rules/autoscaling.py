"""Automatic scaling: what it needs, and what cannot stand beside it."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.manifest.checked import Checked, View, target_of
from chartgen.manifest.findings import Finding
from chartgen.vocabulary.env import PeersReference, ReplicasReference
from chartgen.vocabulary.workload import Workload


def check(service: Checked) -> Iterator[Finding]:
    """Find replicas stated beside an autoscaler, bounds that contradict each other, and missing requests (T051)."""
    model = service.model
    if not isinstance(model, Workload) or model.autoscaling is None:
        return
    if "replicas" in model.model_fields_set:
        hint = "take one of them away; in a layer the one that is said there wins by itself"
        yield service.finding(("replicas",), "stands beside autoscaling, which decides the replicas", hint)
    if model.max_replicas is not None and model.autoscaling.max > model.max_replicas:
        message = f"{model.autoscaling.max} pods, but max_replicas is {model.max_replicas}"
        yield service.finding(("autoscaling", "max"), message)
    resources = model.resources
    # Kubernetes takes a limit for the request where no request is stated.
    needed = {
        "cpu": (model.autoscaling.cpu, resources.cpu or resources.cpu_limit, 'resources.cpu = "250m"'),
        "memory": (model.autoscaling.memory, resources.memory or resources.memory_request, 'resources.memory = "1Gi"'),
    }
    for name, (target, request, example) in needed.items():
        if target and not request:
            message = f"{target} percent of what? No {name} is requested, so the autoscaler could not tell"
            yield service.finding(("autoscaling", name), message, f"say {example}")


def check_references(view: View) -> Iterator[Finding]:
    """Find lists of peers and numbers of replicas that could not follow an autoscaler."""
    for service in view.services.values():
        for path, reference in service.references:
            target = view.services.get(target_of(reference))
            if target is None or not isinstance(reference, PeersReference | ReplicasReference):
                continue
            if isinstance(target.model, Workload) and target.model.autoscaling is not None:
                word = "peers" if isinstance(reference, PeersReference) else "replicas"
                message = f"{target.key} is scaled automatically, and this text would not follow"
                hint = f"fix its number: services.{target.key}.replicas instead of autoscaling"
                if isinstance(target.model, StatefulsetInfra) and word == "peers":
                    hint += ", or let clients ask DNS for its headless Service"
                yield service.finding((*path, word), message, hint)
