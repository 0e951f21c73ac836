"""What namespaces add to the services in them: objects of their own that come first, and Secrets to pull with. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from chartgen.archetypes.namespace_objects.model import ARCHETYPE, has_objects, key_of, namespace_service
from chartgen.manifest.checked import View
from chartgen.manifest.resolved import ResolvedService
from chartgen.vocabulary.workload import Workload


def add_namespaces(services: Mapping[str, ResolvedService], view: View) -> dict[str, ResolvedService]:
    """Return services in dependency order, each after the objects of its namespace."""
    own = {
        name: _namespace_service(name, view) for name in sorted(view.namespaces) if has_objects(view.namespaces[name])
    }
    first = {service.key: service for service in own.values()}
    return {**first, **{key: _placed(service, view, own.keys()) for key, service in services.items()}}


def _namespace_service(name: str, view: View) -> ResolvedService:
    model = namespace_service(name, view.namespaces[name])
    return ResolvedService(key=key_of(name), archetype=ARCHETYPE, model=model, env={}, init_env={}, depends_on=())


def _placed(service: ResolvedService, view: View, with_objects: Collection[str]) -> ResolvedService:
    namespace = service.namespace
    if namespace in with_objects:
        service = replace(service, depends_on=tuple(sorted({*service.depends_on, key_of(namespace)})))
    pull_secrets = view.namespaces[namespace].pull_secrets
    if pull_secrets and isinstance(service.model, Workload):
        named = list(dict.fromkeys([*service.model.pull_secrets, *pull_secrets]))
        service = replace(service, model=service.model.model_copy(update={"pull_secrets": named}))
    return service
