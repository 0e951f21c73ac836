"""Names of Kubernetes objects: unique in their namespace, because two releases cannot own one object."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath
from chartgen.manifest.references import client_of, headless_name
from chartgen.vocabulary.workload import Disruption, Workload


def check(view: View) -> Iterator[Finding]:
    """Find two services of one name in a namespace (T004), and objects that two services would own."""
    owners: dict[tuple[str, str, str], str] = {}
    for key, service in sorted(view.services.items()):
        yield from _headless_and_client(service)
        namespace = service.model.namespace
        for kind, name, path in _objects(service):
            owner = owners.setdefault((namespace, kind, name), key)
            if owner != key:
                subject = f'{kind} "{name}"' if kind else f'the name "{name}"'
                message = f"{subject} in namespace {namespace} belongs to services.{owner} already"
                yield service.finding(path, message, "give one of them another name or another namespace")
                if not kind:
                    break  # everything that is called after the service would clash too


def _objects(service: Checked) -> Iterator[tuple[str, str, KeyPath]]:
    model = service.model
    yield "", model.name, ("name",)
    client = client_of(model)
    if client:
        part = "client" if isinstance(model, StatefulsetInfra) else "service"
        yield "Service", client.name or model.name, (part, "name") if client.name else ("name",)
    if isinstance(model, StatefulsetInfra):
        yield "Service", headless_name(model), ("headless", "name") if model.headless.name else ("name",)
    for key in getattr(model, "ingress", {}):
        yield "Ingress", key, ("ingress", key)
    if isinstance(model, Workload) and isinstance(model.disruption, Disruption) and model.disruption.name:
        yield "PodDisruptionBudget", model.disruption.name, ("disruption", "name")


def _headless_and_client(service: Checked) -> Iterator[Finding]:
    """One cannot be turned into the other, and the StatefulSet needs the headless one (T006, T041)."""
    model = service.model
    if not isinstance(model, StatefulsetInfra) or not model.client:
        return
    if headless_name(model) == (model.client.name or model.name):
        path: KeyPath = ("headless", "name") if model.headless.name else ("client", "name")
        message = f'headless and client Service are both called "{headless_name(model)}"'
        yield service.finding(path, message, 'give the other one a name: client = { name = "…" }, or client = false')
