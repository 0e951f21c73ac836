"""Names of Kubernetes objects: unique in their namespace, because two releases cannot own one object."""

from __future__ import annotations

from collections.abc import Iterator

from chartgen.archetypes.statefulset_infra.model import StatefulsetInfra
from chartgen.archetypes.workload.config import config_map_name
from chartgen.manifest.checked import Checked, View
from chartgen.manifest.findings import Finding
from chartgen.manifest.keypath import KeyPath
from chartgen.manifest.kubernetes_services import services_of
from chartgen.manifest.references import headless_name
from chartgen.vocabulary.workload import Disruption, Workload


def check(view: View) -> Iterator[Finding]:
    """Find two services of one name in a namespace (T004), and objects that two services would own."""
    owners: dict[tuple[str, str, str], str] = {}
    for key, service in sorted(view.services.items()):
        yield from _headless_and_client(service)
        yield from _exposed(service)
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
    for one in services_of(model):
        yield "Service", one.name, one.path
    for key, config in getattr(model, "config", {}).items():
        yield "ConfigMap", config_map_name(config, model.name, key), ("config", key)
    for key, ingress in getattr(model, "ingress", {}).items():
        yield "Ingress", key, ("ingress", key)
        if ingress.canary:
            yield "Ingress", f"{key}-canary", ("ingress", key, "canary")
    for key in getattr(model, "routes", {}):
        yield "HTTPRoute", key, ("routes", key)
    account = getattr(model, "account", None)
    if account and account.name:
        yield "ServiceAccount", account.name, ("account", "name")
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


def _exposed(service: Checked) -> Iterator[Finding]:
    """A Service with a free name must not be another one of the same service."""
    others = [one for one in services_of(service.model) if not one.exposed]
    for one in services_of(service.model):
        if one.exposed and one.name in {other.name for other in others}:
            message = f'the service has a Service called "{one.name}" already'
            hint = "give it another name, or take the other one away with client = false or service = false"
            yield service.finding(one.path, message, hint)
